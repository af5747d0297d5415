"""The instance room on every database: migrations, no overbooking, pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from compute.core.sql.database import Database
from compute.core.sql.migrations import upgrade
from compute.instance.tables import METADATA
from objectstore.kernel import concurrency
from test.unit.compute.instance.house import Got, House
from test.unit.compute.instance.states import UNLIMITED

GREENLETS = 12


@pytest.fixture
def houses(migrated: Database, tmp_path: Path) -> Iterator[tuple[House, House]]:
    """Two processes' rooms over one database, as far as the database can tell."""
    url = migrated.url.render_as_string(hide_password=False)
    first = House(tmp_path, url, hosts=2, seed=1, **UNLIMITED)
    first.furnish()
    second = House(tmp_path, url, hosts=2, seed=2, **UNLIMITED)
    second.flavor_id, second.image_id = first.flavor_id, first.image_id
    second.network_id = first.network_id
    yield first, second
    for house in (first, second):
        house.close()


def test_migrated_tables_are_those_of_the_code(database: Database) -> None:
    upgrade(database, ["instance"])
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = [
            each
            for each in compare_metadata(context, METADATA)
            if not (each[0] == "remove_table" and each[1].name == "alembic_version")
        ]
    assert differences == []


def test_two_schedulers_never_overbook_a_host(houses: tuple[House, House]) -> None:
    """24 servers of half a host's processors, two hosts: four find a place."""
    houses[0].flavor("half", vcpus=64)

    def create(number: int) -> Got:
        house = houses[number % 2]
        body = {"server": house.order(f"s{number}", flavorRef="half", networks="none")}
        return house.ask("POST", "/servers", body)

    tasks = [concurrency.spawn(create, number) for number in range(GREENLETS)]
    assert {task.wait().status for task in tasks} <= {202, 503}
    house = houses[0]
    hosts = house.database.read(house.wiring.stores.hosts.all)
    assert [host.vcpus_used for host in hosts] == [128, 128]
    servers = house.ok("GET", "/servers/detail", roles="admin")["servers"]
    placed = [each for each in servers if each["status"] == "BUILD"]
    assert len(placed) == 4
    house.work()
    states = {each["status"] for each in house.ok("GET", "/servers/detail")["servers"]}
    assert states == {"ACTIVE", "ERROR"}


def test_an_order_that_two_processes_hear_is_one(houses: tuple[House, House]) -> None:
    order = {"Idempotency-Key": "once"}

    def create(number: int, headers: dict[str, str] = order) -> int:
        house = houses[number % 2]
        body = {"server": house.order("twins", networks="none", min_count=2)}
        return house.ask("POST", "/servers", body, more=headers).status

    tasks = [concurrency.spawn(create, number) for number in range(GREENLETS)]
    answers = [task.wait() for task in tasks]
    assert answers.count(202) == 1 and answers.count(409) == GREENLETS - 1
    assert len(houses[0].ok("GET", "/servers")["servers"]) == 2
    # Others that say nothing, or something else, are orders of their own.
    assert create(0, {}) == create(1, {}) == 202
    assert create(0, {"Idempotency-Key": "twice"}) == 202
    assert create(0, {"Idempotency-Key": "k" * 256}) == 400
    assert len(houses[0].ok("GET", "/servers")["servers"]) == 8
    assert houses[0].leftovers() == []


def test_anti_affinity_holds_between_schedulers(houses: tuple[House, House]) -> None:
    body = {"server_group": {"name": "apart", "policy": "anti-affinity"}}
    group = houses[0].ok("POST", "/os-server-groups", body)["server_group"]["id"]

    def create(number: int) -> Got:
        house = houses[number % 2]
        order = house.order(f"s{number}", networks="none")
        hints = {"os:scheduler_hints": {"group": group}}
        return house.ask("POST", "/servers", {"server": order, **hints})

    tasks = [concurrency.spawn(create, number) for number in range(4)]
    assert {task.wait().status for task in tasks} <= {202, 503}
    house = houses[0]
    servers = house.ok("GET", "/servers/detail", roles="admin")["servers"]
    hosts = [each["OS-EXT-SRV-ATTR:host"] for each in servers]
    placed = [host for host in hosts if host]
    assert len(set(placed)) == len(placed) <= 2


def test_pages_and_filters(houses: tuple[House, House]) -> None:
    house = houses[0]
    for name in ("b", "a", "c"):
        house.boot(name, networks="none", work=False)
        house.clock.advance(1)
    house.agent.report()
    house.work()

    def names(query: str) -> list[str]:
        found = house.ok("GET", f"/servers?{query}")["servers"]
        return [each["name"] for each in found]

    assert names("") == ["c", "a", "b"]
    assert names("sort_key=display_name&sort_dir=asc") == ["a", "b", "c"]
    page = house.ok("GET", "/servers?limit=2")
    (link,) = page["servers_links"]
    assert names(link["href"].partition("?")[2]) == ["b"]
    assert names("name=%5E%5Bab%5D") == ["a", "b"]
    assert names("name=%5Ea") == ["a"]
    assert names("status=ACTIVE&limit=1") == ["c"]
    assert names("status=BUILD") == []
    assert house.ask("GET", "/servers?status=NONSENSE").status == 400
    assert house.ask("GET", "/servers?marker=nothing").status == 400
    assert house.ask("GET", "/servers?colour=red").status == 400
    assert house.ask("GET", "/servers?colour=red", version="2.1").status == 200


def test_what_sql_tells_in_part(houses: tuple[House, House]) -> None:
    """Names, addresses and tags on every database, whatever its LIKE and its JSON."""
    house = houses[0]
    plain = house.boot("web_1", tags=["red", "blue"], work=False)
    house.boot("web-1", tags=["r_d"], work=False)
    house.boot("été/%", networks="none", work=False)
    house.agent.report()
    house.work()
    shown = house.ok("GET", f"/servers/{plain}")["server"]
    ((entry,),) = shown["addresses"].values()
    address = entry["addr"]

    def names(query: str) -> set[str]:
        found = house.ok("GET", f"/servers?{query}")["servers"]
        return {each["name"] for each in found}

    assert names("name=web.1") == {"web_1", "web-1"}
    assert names("name=b_1") == {"web_1"}
    assert names("name=t%C3%A9%2F%25%24") == {"été/%"}
    assert names("name=Web") == set()
    assert names(f"ip={address}") == {"web_1"}
    assert names("ip=10.255.255.254") == set()
    assert names("tags=red,blue") == {"web_1"}
    assert names("tags-any=r_d,green") == {"web-1"}
    assert names("not-tags-any=red") == {"web-1", "été/%"}
