"""The network room on every database: nothing is given out twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from compute.core.errors import QuotaExceeded
from compute.core.sql.database import Database
from compute.core.sql.migrations import upgrade
from compute.network.client import NewPort
from compute.network.tables import metadata
from objectstore.kernel import concurrency
from test.unit.compute.network.house import HOST, OWNER, Got, House

GREENLETS = 16


@pytest.fixture
def houses(migrated: Database, tmp_path: Path) -> Iterator[tuple[House, House]]:
    """Two processes' rooms over one database, as far as the database can tell."""
    url = migrated.url.render_as_string(hide_password=False)
    pair = (House(tmp_path, url, seed=1), House(tmp_path, url, seed=2))
    yield pair
    for house in pair:
        house.close()


def addresses(house: House, network_id: str) -> list[str]:
    ports = house.list("port", network_id=network_id)
    return [each["ip_address"] for port in ports for each in port["fixed_ips"]]


def test_two_rooms_give_every_address_once(houses: tuple[House, House]) -> None:
    network, _ = houses[0].network("10.1.0.0/27")  # 29 free addresses
    body = {"port": {"network_id": network["id"]}}

    def take(number: int) -> Got:
        return houses[number % 2].ask("POST", "/v2.0/ports", body)

    tasks = [concurrency.spawn(take, number) for number in range(GREENLETS)]
    made = [task.wait() for task in tasks]
    assert [got.status for got in made] == [201] * GREENLETS
    held = addresses(houses[0], network["id"])
    assert len(set(held)) == len(held) == GREENLETS


def test_one_address_has_one_taker(houses: tuple[House, House]) -> None:
    network, _ = houses[0].network()
    wish = {"network_id": network["id"], "fixed_ips": [{"ip_address": "10.1.0.9"}]}

    def take(number: int) -> Got:
        return houses[number % 2].ask("POST", "/v2.0/ports", {"port": wish})

    tasks = [concurrency.spawn(take, number) for number in range(8)]
    statuses = sorted(task.wait().status for task in tasks)
    assert statuses == [201] + [409] * 7


def test_a_project_gets_one_automatic_network(houses: tuple[House, House]) -> None:
    tasks = [
        concurrency.spawn(houses[number % 2].client.default_network, OWNER)
        for number in range(6)
    ]
    assert len({task.wait().id for task in tasks}) == 1


def test_one_default_group(houses: tuple[House, House]) -> None:
    tasks = [
        concurrency.spawn(houses[number % 2].list, "security_group")
        for number in range(6)
    ]
    found: list[Any] = [task.wait() for task in tasks]
    assert len({each[0]["id"] for each in found}) == 1


def test_a_server_from_port_to_floating_ip(houses: tuple[House, House]) -> None:
    house = houses[0]
    house.report()
    found = house.client.default_network(OWNER)
    port = house.make("port", network_id=found.id)
    house.client.bind_port(port["id"], device_id="server", host=HOST)
    floating = house.make(
        "floatingip",
        floating_network_id=house.external()["id"],
        port_id=port["id"],
    )
    view = house.view()
    house.report(revision=view.revision, active=tuple(each.id for each in view.ports))
    assert house.show("floatingip", floating["id"])["status"] == "ACTIVE"
    assert house.show("port", port["id"])["status"] == "ACTIVE"
    assert house.delete("floatingip", floating["id"]).status == 204
    assert house.delete("port", port["id"]).status == 204
    path = f"/v2.0/auto-allocated-topology/{OWNER}"
    assert house.ask("DELETE", path).status == 204


def test_places_for_ports_are_promised_once(houses: tuple[House, House]) -> None:
    """Twenty at once ask for two ports each where fifteen may be: seven get them, and
    theirs wait for them whoever makes ports meanwhile."""
    house = houses[0]
    network, _ = house.network()
    house.ok("PUT", f"/v2.0/quotas/{OWNER}", {"quota": {"port": 15}}, roles="admin")

    def promise(number: int) -> str:
        device = f"server-{number}"
        try:
            houses[number % 2].client.reserve_ports(OWNER, [device], 2, 1)
        except QuotaExceeded:
            return ""
        return device

    tasks = [concurrency.spawn(promise, number) for number in range(20)]
    promised = [device for device in (task.wait() for task in tasks) if device]
    assert len(promised) == 7
    details = house.ok("GET", f"/v2.0/quotas/{OWNER}/details", roles="admin")
    assert details["quota"]["port"] == {"limit": 15, "used": 0, "reserved": 14}
    one_more = {"port": {"network_id": network["id"]}}
    last = concurrency.spawn(house.ask, "POST", "/v2.0/ports", one_more)
    tasks = [
        concurrency.spawn(
            houses[number % 2].client.create_ports,
            OWNER,
            [NewPort(network["id"], device_id=device)] * 2,
        )
        for number, device in enumerate(promised)
    ]
    assert [len(task.wait()) for task in tasks] == [2] * 7
    assert last.wait().status == 201
    assert house.ask("POST", "/v2.0/ports", one_more).error == "OverQuota"
    assert len(house.list("port")) == 15


def test_names_that_differ_in_case_differ(houses: tuple[House, House]) -> None:
    house = houses[0]
    for name in ("b", "B", "a", "ä", "A", ""):
        house.make("network", name=name)
    pages = [
        house.list("network", project_id=OWNER, sort_key="name", limit=3),
        house.list("network", project_id=OWNER, sort_key="name"),
    ]
    assert pages[0] == pages[1][:3]
    assert len(pages[1]) == 6
    assert house.list("network", name="A", fields="name") == [{"name": "A"}]


def test_migrated_tables_are_those_of_the_code(database: Database) -> None:
    upgrade(database, ["network"])
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = [
            each
            for each in compare_metadata(context, metadata)
            if not (each[0] == "remove_table" and each[1].name == "alembic_version")
        ]
    assert differences == []


def test_a_project_has_one_default_policy(houses: tuple[House, House]) -> None:
    def make(number: int) -> Got:
        policy = {"name": f"p{number}", "is_default": True}
        path = "/v2.0/qos/policies"
        return houses[number % 2].ask("POST", path, {"policy": policy}, roles="admin")

    tasks = [concurrency.spawn(make, number) for number in range(6)]
    made = [task.wait() for task in tasks]
    assert sorted(got.status for got in made) == [201] + [409] * 5
    (policy,) = (got.json["policy"] for got in made if got.status == 201)

    def limit(number: int) -> Got:
        path = f"/v2.0/qos/policies/{policy['id']}/bandwidth_limit_rules"
        body = {"bandwidth_limit_rule": {"max_kbps": 1000 + number}}
        return houses[number % 2].ask("POST", path, body, roles="admin")

    tasks = [concurrency.spawn(limit, number) for number in range(6)]
    assert sorted(task.wait().status for task in tasks) == [201] + [409] * 5

    house = houses[1]
    house.report(HOST)
    network, _ = house.network()
    house.make(
        "port",
        network_id=network["id"],
        binding__host_id=HOST,
        device_owner="compute:nova",
        as_roles="admin",
    )
    (port,) = (each for each in house.view().ports if each.is_guest)
    assert port.quality.egress.kbps >= 1000


def test_pages_in_the_order_of_a_truth_value(houses: tuple[House, House]) -> None:
    house = houses[0]
    for number in range(5):
        house.make("network", name="paged", admin_state_up=number % 2 == 0)
    for direction, wanted in (
        ("asc", [False] * 2 + [True] * 3),
        ("desc", [True] * 3 + [False] * 2),
    ):
        order = {"sort_key": "admin_state_up", "sort_dir": direction}
        order |= {"limit": "2", "name": "paged"}
        found: list[Any] = []
        while page := house.list(
            "network", **order, **({"marker": found[-1]["id"]} if found else {})
        ):
            found += page
        assert [each["admin_state_up"] for each in found] == wanted
        assert len({each["id"] for each in found}) == len(found)
