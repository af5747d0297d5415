"""Every route of Nova's API is accounted for: it works, or answers as Nova does where
it cannot; in versions that do not have it, it is not there; and there are no others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from compute.core.api.frame import Api, Route
from test.contract.compute.instance.reference.routes import NEWEST, Row, methods, rows
from test.contract.compute.instance.things import (
    ORDERS,
    QUERIES,
    ROLES,
    SPARE,
    Things,
)
from test.unit.compute.instance.house import Got, House
from test.unit.compute.instance.states import UNLIMITED

ANSWERS = {"gone": 410, "absent": 501, "denied": 401, "refused": 400}
# Here the caller waits for a host's answer.
WAITS = {"/servers/{server}/diagnostics"}
# No route: they stand for the versions themselves, and are met without a version.
VERSIONS = {("GET", "/"), ("GET", "/versions/{}")}
# What Nova has not, and another room needs in a user's name (decision 99).
HOUSE_OWN = {("GET", "/servers/{}/user-data"), ("PUT", "/servers/{}/user-data")}


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Things]:
    limits: dict[str, Any] = dict(UNLIMITED)
    house = House(tmp_path_factory.mktemp("routes"), hosts=2, **limits)
    house.furnish()
    yield Things(house)
    house.close()


def routes_of(things: Things) -> tuple[Route, ...]:
    api = things.house.room.application
    assert isinstance(api, Api)
    return api.routes


def versions_of(row: Row) -> list[int]:
    """The ends of its life, and what is just outside of them."""
    found = {1, row.since - 1, row.since, row.until, row.until + 1, NEWEST}
    return sorted(minor for minor in found if 1 <= minor <= NEWEST)


def there(row: Row, minor: int) -> bool:
    return any(
        each.since <= minor <= each.until for each in rows() if each.shape == row.shape
    )


def ask(things: Things, row: Row, minor: int) -> Got:
    names = {
        name: things.thing(name, minor)
        for name in row.names
        if not (name == "server" and (row.method, row.path) in SPARE)
    }
    if (row.method, row.path) in SPARE:
        names["server"] = things.spare_server()
    order: Any = ORDERS.get((row.method, row.path))
    if row.method in ("POST", "PUT") and order is None:
        order = {}
    body = order(things, minor) if callable(order) else order
    path = row.path.format(**names) + QUERIES.get(row.path, "")
    with things.answering(row.path in WAITS):
        got = things.house.ask(
            row.method, path, body, roles=ROLES, version=f"2.{minor}"
        )
    things.house.work()
    return got


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row.method} {row.path}")
def test_a_route_at_the_ends_of_its_life(things: Things, row: Row) -> None:
    for minor in versions_of(row):
        if there(row, minor) and not row.since <= minor <= row.until:
            continue  # another row tells of it
        got = ask(things, row, minor)
        if not there(row, minor):
            assert got.status == 404, (minor, got.status, got.body)
        elif row.answer == "ok":
            assert 200 <= got.status < 300, (minor, got.status, got.body)
        else:
            assert got.status == ANSWERS[row.answer], (minor, got.status, got.body)


def test_there_are_no_other_routes(things: Things) -> None:
    ours = set()
    for route in routes_of(things):
        match = re.fullmatch(r"/v2\.1(?!/{project_id})(/.*)?", route.template)
        if match:
            ours.add((route.method, re.sub(r"{\w+}", "{}", match[1] or "/")))
    assert ours - HOUSE_OWN == {row.shape for row in rows()}
    assert ours >= HOUSE_OWN


@pytest.mark.parametrize("path", sorted(methods()))
def test_no_route_takes_other_methods(things: Things, path: str) -> None:
    """405, with the methods that it does take."""
    house = things.house
    got = house.ask("PATCH", path.replace("{}", "1"), {}, roles=ROLES)
    assert got.status == 405, got.body
    assert methods()[path] <= set(got.headers["allow"].split(", "))


@pytest.mark.parametrize("path", ["/nonsense", "/servers/1/nonsense", "/os-cells/1/x"])
def test_other_paths_are_not_there(things: Things, path: str) -> None:
    for method in ("GET", "POST", "PUT", "DELETE"):
        assert things.house.ask(method, path, {}, roles=ROLES).status == 404


@pytest.mark.parametrize("prefix", ["/v2", "/v2.1"])
def test_each_prefix_has_them_all(things: Things, prefix: str) -> None:
    templates = {(route.method, route.template) for route in routes_of(things)}
    for row in rows():
        if row.shape in VERSIONS:
            continue
        shapes = {
            (method, re.sub(r"{\w+}", "{}", template)) for method, template in templates
        }
        for before in (prefix, f"{prefix}/{{}}"):
            assert (row.method, before + row.shape[1]) in shapes


def test_the_extensions_that_are_told_of_work(things: Things) -> None:
    """None of them is one that Nova has removed, or that nobody could serve."""
    aliases = {
        each["alias"] for each in things.house.ok("GET", "/extensions")["extensions"]
    }
    unserved = {
        row.path.split("/")[1]
        for row in rows()
        if not any(
            other.answer == "ok"
            for other in rows()
            if other.path.split("/")[1] == row.path.split("/")[1]
        )
    }
    assert len(unserved) > 10
    assert aliases.isdisjoint(unserved)
    assert "os-networks-associate" not in aliases
