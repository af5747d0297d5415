"""Every route of Neutron's API is accounted for: it works, or it is left out on
purpose and answers so; and there are no others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from test.contract.compute.route_table import (
    ABSENT,
    Row,
    differences,
    read_table,
    routes_of,
)
from test.unit.compute.network.house import House

ROWS = read_table(Path(__file__).parent / "reference" / "routes.txt")
NOBODY = "99999999-9999-4999-8999-999999999999"
POOLS = {"network_id", "subnet_id", "subnet_name", "cidr", "project_id", "tenant_id"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    found = House(tmp_path_factory.mktemp("house"))
    yield found
    found.close()


def test_the_room_serves_what_the_table_says(house: House) -> None:
    assert differences(ROWS, house.room.application) == []


@pytest.mark.parametrize("row", [row for row in ROWS if row.answer == ABSENT], ids=str)
def test_what_is_left_out_says_so(house: House, row: Row) -> None:
    got = house.ask(row.method, row.path.replace("{}", NOBODY), {}, roles="admin")
    assert got.status in (404, 405), got.body
    assert got.json["NeutronError"]


@pytest.mark.parametrize("row", [row for row in ROWS if row.is_collection], ids=str)
def test_collections_can_be_read(house: House, row: Row) -> None:
    if row.answer == ABSENT or row.path.startswith("/internal"):
        return
    assert house.ask("GET", row.path, roles="admin").status in (200, 300)
    head = house.ask("HEAD", row.path, roles="admin")
    assert head.status in (200, 300)
    assert head.body == b""


def test_nothing_is_open_to_strangers(house: House) -> None:
    """But for the versions."""
    public = set()
    for (method, path), route in routes_of(house.room.application).items():
        answer = house.caller.request(method, path.replace("{}", NOBODY), {}, b"{}")
        if answer.status != 401:
            public.add(path)
        assert route.public is (answer.status != 401)
    assert public == {"/", "/v2.0"}


@pytest.mark.parametrize("kind", ["rbac-policies", "address-scopes"])
def test_what_has_no_tags_takes_none(house: House, kind: str) -> None:
    path = f"/v2.0/{kind}/{NOBODY}/tags"
    assert house.ask("GET", path, roles="admin").status == 404


def test_pools_of_floating_ips(house: House) -> None:
    found = house.ask("GET", "/v2.0/floatingip_pools").json["floatingip_pools"]
    assert [set(each) for each in found] == [POOLS]
    assert found[0]["network_id"] == house.external()["id"]
