"""The volume room on every database: tables, filters, pages, races."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from compute.core.sql.database import Database
from compute.core.sql.migrations import upgrade
from compute.volume import tables
from objectstore.kernel import concurrency
from test.unit.compute.volume.house import House

SERVER = "33333333-3333-4333-8333-333333333333"


@pytest.fixture
def house(migrated: Database, tmp_path: Path) -> Iterator[House]:
    yield House(tmp_path, migrated)


def test_migrations_make_the_tables(database: Database) -> None:
    upgrade(database, ["volume"])
    ours = set(tables.METADATA.tables)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_name": lambda name, kind, _: kind != "table" or name in ours,
                "compare_type": True,
            },
        )
        assert compare_metadata(context, tables.METADATA) == []


def test_lists_are_the_same_everywhere(house: House) -> None:
    for name in ("b", "a", "B", "ä", "10%"):
        house.clock.advance(1.0)
        house.create(name=name, metadata={"kind": name.lower()})

    def names(query: str) -> list[str]:
        found = house.ok("GET", f"/volumes/detail?{query}")["volumes"]
        return [each["name"] for each in found]

    assert names("sort=name:asc") == ["10%", "B", "a", "b", "ä"]
    assert names("name=b") == ["b"] and names("name~=0%25") == ["10%"]
    assert names("metadata=%7B'kind':'b'%7D") == ["B", "b"]
    assert names("bootable=false&limit=2") == ["10%", "ä"]
    seen, path = [], "/volumes?limit=2&sort=created_at:asc"
    while path:
        page = house.ok("GET", path)
        seen += [each["name"] for each in page["volumes"]]
        links = page.get("volumes_links")
        path = "/v3" + links[0]["href"].split("/v3", 1)[1] if links else ""
    assert seen == ["b", "a", "B", "ä", "10%"]
    assert house.ok("GET", "/volumes/summary")["volume-summary"]["total_size"] == 5


def test_of_many_servers_one_gets_the_volume(house: House) -> None:
    volume_id = house.create()
    tasks = [
        concurrency.spawn(
            house.ask,
            "POST",
            "/attachments",
            {
                "attachment": {
                    "volume_uuid": volume_id,
                    "instance_uuid": SERVER[:-1] + str(number),
                }
            },
        )
        for number in range(6)
    ]
    statuses = sorted(concurrency.wait_task(task).status for task in tasks)
    assert statuses == [200] + [400] * 5


def test_a_quota_holds_whoever_asks_at_once(house: House) -> None:
    body = {"volume": {"size": 1}}
    tasks = [concurrency.spawn(house.ask, "POST", "/volumes", body) for _ in range(14)]
    statuses = sorted(concurrency.wait_task(task).status for task in tasks)
    assert statuses == [202] * 10 + [413] * 4


def test_the_whole_way(house: House) -> None:
    volume_id = house.create()
    house.write(volume_id, 0, b"bytes")
    snapshot = house.snapshot(volume_id)
    backup = house.backup(volume_id)
    body = {"restore": {}}
    restored = house.ok("POST", f"/backups/{backup}/restore", body)["restore"]
    house.work()
    assert house.read(restored["volume_id"], 0, 5) == b"bytes"
    shown = house.ok("GET", f"/os-quota-sets/{'a' * 32}?usage=true")["quota_set"]
    assert shown["gigabytes"]["in_use"] == 3
    house.ok("DELETE", f"/snapshots/{snapshot}")
    house.ok("DELETE", f"/backups/{backup}")
    house.work()
    house.ok("DELETE", f"/volumes/{volume_id}")
    house.work()
    assert house.leftovers() == []
