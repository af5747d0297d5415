"""What the doctor finds of hosts' claimed places, and puts right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from compute.app.doctor.places import stray_places
from compute.instance.service.left_behind import end_moves
from compute.instance.tables import ALLOCATIONS, HOSTS
from test.unit.compute.instance.house import House
from test.unit.compute.instance.states import STATES

NOBODY = "00000000-0000-4000-8000-00000000dead"


def said(house: House) -> list[str]:
    return [f"{each.name}: {each.detail}" for each in stray_places(house.instances)]


def healed(house: House, before: list[Any]) -> None:
    """Repaired twice, and the hosts' rows are what they were."""
    for each in list(stray_places(house.instances)):
        assert each.place == "allocation"
        each.repair()
        each.repair()
    assert said(house) == []
    assert sums(house) == before


def sums(house: House) -> list[Any]:
    return [
        (host.host, host.vcpus_used, host.memory_used_mib, host.disk_used_gib)
        for host in house.database.read(house.wiring.stores.hosts.all)
    ]


def claim(house: House, owner_id: str, host: str) -> None:
    values = {"vcpus": 2, "memory_mib": 1024, "disk_gib": 3}
    row = ALLOCATIONS.insert().values(server_id=owner_id, host=host, **values)
    house.database.run(lambda connection: connection.execute(row))


@pytest.mark.parametrize("bring", STATES.values(), ids=STATES)
def test_every_state_has_only_its_own(
    house: House, bring: Callable[[House], str]
) -> None:
    house.flavor("large", ram=1024)
    bring(house)
    assert said(house) == []


def test_the_place_of_a_server_that_is_gone(house: House) -> None:
    gone = house.boot()
    house.boot("other")
    house.ok("DELETE", f"/servers/{gone}")
    house.work()
    before = sums(house)
    for owner_id in (NOBODY, gone):
        claim(house, owner_id, "host0")
        place, total = said(house)
        assert place == (
            f"{owner_id}: 2 processors, 1024 MiB and 3 GiB for a server that is gone"
            " on host0"
        )
        assert total == "host0: its sums are not its places'"
        healed(house, before)


def test_sums_that_are_wrong(house: House) -> None:
    server_id = house.boot()
    before = sums(house)
    row = sa.update(HOSTS).values(vcpus_used=9, servers=HOSTS.c.servers + 1)
    house.database.run(lambda connection: connection.execute(row))
    assert len(said(house)) == len(house.kits)
    healed(house, before)
    assert house.show(server_id)["status"] == "ACTIVE"


def test_the_place_that_a_move_left(house: House) -> None:
    """It is the move's until the host has removed what lies there."""
    server_id = house.boot()
    assert house.act(server_id, "migrate", roles="admin").status == 202
    assert said(house) == []
    house.work()
    assert house.show(server_id)["status"] == "VERIFY_RESIZE"
    assert said(house) == []
    stores, database = house.wiring.stores, house.database

    def end(connection: Any) -> None:
        server = stores.servers.get(connection, server_id)
        assert server is not None
        end_moves(house.wiring, connection, server)

    database.run(end)
    assert said(house) == []  # the job that removes it waits

    def abandon(connection: Any) -> None:
        for job in stores.jobs.open_of(connection, server_id):
            stores.jobs.abandon(connection, job.id, house.clock.time(), "lost")

    database.run(abandon)
    (place,) = said(house)
    assert "for a migration that has ended" in place
    for each in stray_places(house.instances):
        each.repair()
    assert said(house) == []


def test_only_the_house_may_ask(house: House) -> None:
    for method, path in (
        ("GET", "/internal/places/stray"),
        ("POST", "/internal/places/give-back"),
    ):
        got = house.ask(method, path, {"host": "host0", "id": NOBODY})
        assert got.status == 403
