"""The load balancer room on every database: its tables, a life, a race for a place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from compute.balancer.counters import Traffic
from compute.balancer.tables import metadata
from compute.core.sql.database import Database
from compute.core.sql.migrations import upgrade
from objectstore.kernel import concurrency
from test.unit.compute.balancer.house import House
from test.unit.compute.network.house import HOST

GREENLETS = 8


@pytest.fixture
def house(migrated: Database, tmp_path: Path) -> Iterator[House]:
    url = migrated.url.render_as_string(hide_password=False)
    found = House(tmp_path, url)
    found.network.report()
    found.hear()
    yield found
    found.close()


def test_migrated_tables_are_those_of_the_code(database: Database) -> None:
    upgrade(database, ["balancer"])
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = [
            each
            for each in compare_metadata(context, metadata)
            if not (each[0] == "remove_table" and each[1].name == "alembic_version")
        ]
    assert differences == []


def test_a_life(house: House) -> None:
    balancer = house.balancer(tags=["a"])
    listener = house.listener(balancer)
    pool = house.pool(listener_id=listener["id"])
    member = house.member(pool, "10.1.0.5")
    policy = house.make(
        "l7policies",
        "l7policy",
        listener_id=listener["id"],
        action="REJECT",
        rules=[{"type": "PATH", "compare_type": "EQUAL_TO", "value": "/x"}],
    )
    traffic = {listener["id"]: Traffic(1, 2**40, 3, 4, 5)}
    house.settle(servers={member["id"]: ["UP"]}, traffic=traffic)
    stats = house.ok("GET", f"/listeners/{listener['id']}/stats")["stats"]
    assert stats["bytes_in"] == 2**40
    found = house.ok("GET", "/pools", listener_id=listener["id"], sort="name:desc")
    assert [each["id"] for each in found["pools"]] == [pool["id"]]
    tagged = house.ok("GET", "/loadbalancers", tags="a", limit=1)["loadbalancers"]
    assert [each["id"] for each in tagged] == [balancer["id"]]
    assert house.show(f"l7policies/{policy['id']}", "l7policy")["position"] == 1
    path = f"loadbalancers/{balancer['id']}"
    assert house.delete(path, cascade="true").status == 204
    assert house.ask("GET", f"/{path}").status == 404
    assert house.client.host_view(HOST) == []


def test_one_change_at_a_time(house: House) -> None:
    """Of many at once one begins; the others hear that it is immutable."""
    balancer = house.balancer()
    pool = house.pool(loadbalancer_id=balancer["id"])
    path = f"/pools/{pool['id']}/members"

    def add(number: int) -> int:
        member = {"address": f"10.1.0.{50 + number}", "protocol_port": 80}
        return house.ask("POST", path, {"member": member}).status

    tasks = [concurrency.spawn(add, number) for number in range(GREENLETS)]
    statuses = sorted(task.wait() for task in tasks)
    assert statuses == [201] + [409] * (GREENLETS - 1)
