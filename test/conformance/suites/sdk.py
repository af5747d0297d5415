"""openstacksdk's functional tests."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from test.conformance.people import (
    CLOUDS_FILE,
    IMAGE,
    settle,
    write_clouds,
)
from test.conformance.pytest_suite import PYTEST, PytestSuite
from test.conformance.suite import Stage

# Not among them: services that are not here; load balancers, whose tests ask for a
# driver by its name (amphora) before anything else; examples, which are not installed.
ROOMS = (
    "block_storage",
    "cloud",
    "compute",
    "identity",
    "image",
    "key_manager",
    "network",
    "object_store",
    "orchestration",
)
SECONDS_MAX = "60"
# What tests read below the directory where they are started: a template of theirs, and
# a text of any kind to upload.
TEMPLATE = Path("openstack/tests/functional/orchestration/v1/hello_world.yaml")
TEXT = Path("CONTRIBUTING.rst")


class Sdk(PytestSuite):
    """Tests as three kinds of people, by the names that DevStack gave them."""

    def configure(self, stage: Stage) -> None:
        """People, and what they have; files where the tests look for them."""
        settle(stage.cloud, stage.directory)
        write_clouds(stage.cloud, stage.directory)
        (stage.directory / TEXT).write_text("Some text.\n", "utf-8")
        copy = stage.directory / TEMPLATE
        copy.parent.mkdir(parents=True)
        shutil.copy(self.root(stage) / TEMPLATE, copy)

    def variables(self, stage: Stage) -> Mapping[str, str]:
        """Where the clouds are described, and how long to wait."""
        return {
            "OS_CLIENT_CONFIG_FILE": str(stage.directory / CLOUDS_FILE),
            "OPENSTACKSDK_IMAGE": IMAGE,
            "OPENSTACKSDK_FUNC_TEST_TIMEOUT": SECONDS_MAX,
            # Of one test, in seconds.
            "OS_TEST_TIMEOUT": "300",
        }

    def root(self, stage: Stage) -> Path:
        """Where the SDK is installed, with its tests."""
        return stage.environment.package("openstack").parent

    def tests(self, stage: Stage) -> list[str]:
        """The rooms that there are."""
        functional = self.root(stage) / "openstack" / "tests" / "functional"
        return [str(functional / room) for room in ROOMS]


SUITE = Sdk(
    "sdk",
    "openstacksdk's functional tests",
    (
        "openstacksdk==4.22.0",
        PYTEST,
        "fixtures",
        "oslotest",
        "prometheus_client",
        "requests-mock",
        "statsd",
        "testscenarios",
        "testtools",
    ),
)
