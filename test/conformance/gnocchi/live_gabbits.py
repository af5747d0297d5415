"""Gnocchi's gabbi files against a service that runs, for pytest in the suite's own
environment: it is copied there, and imports nothing of ours.

Each file begins with an empty room: all that there is is deleted by its API, as an
operator would.
"""

# Its libraries are the suite's, which nobody checks here.
# mypy: ignore-errors

import json
import os
import urllib.parse
import urllib.request
from types import ModuleType

import yaml
from gabbi import driver, fixture
from gabbi.driver import test_pytest  # noqa: F401  (pytest looks for it)

URL = os.environ["METRIC_URL"]
TOKEN = os.environ["METRIC_TOKEN"]
GABBITS = os.environ["GABBITS"].split(":")


def ask(method: str, path: str) -> list[dict[str, str]]:
    """A request; the answer's list."""
    request = urllib.request.Request(
        URL + path, method=method, headers={"X-Auth-Token": TOKEN}
    )
    with urllib.request.urlopen(request) as answer:
        raw = answer.read()
    return json.loads(raw) if raw else []


def delete_all(path: str, key: str) -> None:
    """Page by page."""
    while found := [it for it in ask("GET", path) if it[key] != "generic"]:
        for each in found:
            ask("DELETE", f"{path}/{urllib.parse.quote(each[key], safe='')}")


class ConfigFixture(fixture.GabbiFixture):
    """The name by which the files ask for it."""

    def start_fixture(self) -> None:
        """Nothing is left of what the file before has made."""
        delete_all("/v1/resource/generic", "id")
        delete_all("/v1/metric", "id")
        delete_all("/v1/archive_policy_rule", "name")
        delete_all("/v1/archive_policy", "name")
        delete_all("/v1/resource_type", "name")


class NotANumber(yaml.YAMLObject):
    """What the files write ``!AssertNAN``."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, float) and other != other

    __hash__ = None


yaml.add_constructor("!AssertNAN", lambda loader, node: NotANumber())
fixtures = ModuleType("fixtures")
fixtures.ConfigFixture = ConfigFixture


def pytest_generate_tests(metafunc: object) -> None:
    """A test for each request."""
    for directory in GABBITS:
        driver.py_test_generator(
            directory,
            url=URL,
            test_loader_name=os.path.basename(os.path.dirname(directory)),
            fixture_module=fixtures,
            metafunc=metafunc,
            safe_yaml=False,
        )
