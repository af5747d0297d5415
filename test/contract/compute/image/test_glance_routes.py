"""Every route of Glance's API is accounted for: it works, or it is left out on purpose
and answers so; and there are no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from test.contract.compute.route_table import (
    ABSENT,
    Row,
    differences,
    read_table,
    routes_of,
)
from test.unit.compute.image.house import House

ROWS = read_table(Path(__file__).parent / "reference" / "routes.txt")
NOBODY = "99999999-9999-4999-8999-999999999999"
SCHEMAS = ("image", "images", "member", "members", "task", "tasks")
METADEF_SCHEMAS = {
    "namespace": "namespace",
    "namespaces": "namespaces",
    "object": "object",
    "objects": "objects",
    "property": "property",
    "properties": "properties",
    "tag": "tag",
    "tags": "tags",
    "resource_type": "resource_type_association",
    "resource_types": "resource_type_associations",
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(tmp_path_factory.mktemp("house"))


def test_the_room_serves_what_the_table_says(house: House) -> None:
    assert differences(ROWS, house.room.application) == []


@pytest.mark.parametrize("row", [row for row in ROWS if row.answer == ABSENT], ids=str)
def test_what_is_left_out_says_so(house: House, row: Row) -> None:
    path = row.path.replace("{}", NOBODY)
    got = house.ask(row.method, path, b"{}", roles="admin")
    assert got.status in (404, 405), got.body
    assert set(got.json) == {"code", "message", "title"}


@pytest.mark.parametrize("row", [row for row in ROWS if row.is_collection], ids=str)
def test_collections_can_be_read(house: House, row: Row) -> None:
    if row.answer == ABSENT or row.path.startswith("/internal"):
        return
    for method in ("GET", "HEAD"):
        got = house.ask(method, row.path, roles="admin")
        assert got.status in (200, 300), got.body


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas(house: House, name: str) -> None:
    assert house.ask("GET", f"/v2/schemas/{name}").json["name"] == name


@pytest.mark.parametrize("name", METADEF_SCHEMAS)
def test_schemas_of_metadata_definitions(house: House, name: str) -> None:
    schema = house.ask("GET", f"/v2/schemas/metadefs/{name}").json
    assert schema["name"] == METADEF_SCHEMAS[name]


def test_nothing_is_open_to_strangers(house: House) -> None:
    """But for the versions."""
    for (method, path), route in routes_of(house.room.application).items():
        got = house.caller.request(method, path.replace("{}", NOBODY), {}, b"{}")
        assert route.public is (path in ("/", "/versions", "/v2"))
        assert route.public or got.status == 401, (method, path)
