"""The image room on every database: tables, filters, pages, races."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from compute.core.sql.database import Database
from compute.core.sql.migrations import upgrade
from compute.image import tables
from objectstore.kernel import concurrency
from test.unit.compute.image.house import OTHER, House


@pytest.fixture
def house(migrated: Database, tmp_path: Path) -> Iterator[House]:
    yield House(tmp_path, migrated)


def names(house: House, query: str, **more: str) -> list[str]:
    got = house.ok("GET", f"/v2/images?{query}", **more).json["images"]
    return [image["name"] for image in got]


def test_migrations_make_the_tables(database: Database) -> None:
    upgrade(database, ["image"])
    ours = set(tables.metadata.tables)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_name": lambda name, kind, _: kind != "table" or name in ours,
                "compare_type": True,
            },
        )
        assert compare_metadata(context, tables.metadata) == []


def test_filters_pages_and_members(house: House) -> None:
    for number, name in enumerate(("b", "a", "B", "ä")):
        house.clock.advance(1.0)
        house.create(name=name, tags=[f"t{number % 2}"], kind="Disk")
    active = house.active(b"12345", name="full")
    assert names(house, "sort=name:asc") == ["B", "a", "b", "full", "ä"]
    # What has no size comes first; pages neither skip nor repeat.
    path, seen = "/v2/images?limit=2&sort=size:asc,name:asc", []
    while path:
        page = house.ok("GET", path).json
        seen += [image["name"] for image in page["images"]]
        path = page.get("next", "")
    assert seen == ["B", "a", "b", "ä", "full"]
    assert names(house, "name=b&kind=Disk") == ["b"]
    assert names(house, "kind=disk") == []
    assert names(house, "tag=t1&sort=name:asc") == ["a", "ä"]
    assert names(house, "size_min=5&protected=false") == ["full"]
    assert names(house, "created_at=gt:2023-11-14T22:13:23Z&size_max=4") == []
    house.ok("POST", f"/v2/images/{active}/members", {"member": OTHER})
    assert names(house, "member_status=pending", project=OTHER) == ["full"]
    house.ok("DELETE", f"/v2/images/{active}")
    house.step("image-sweeper")
    assert names(house, "name=full") == []
    assert house.objects() == []


def test_changes_at_the_same_time_all_count(house: House) -> None:
    image_id = house.create()
    tasks = [
        concurrency.spawn(house.ask, "PUT", f"/v2/images/{image_id}/tags/t{number}")
        for number in range(8)
    ]
    statuses = [concurrency.wait_task(task).status for task in tasks]
    assert statuses == [204] * 8
    assert len(house.show(image_id)["tags"]) == 8


def test_of_many_uploads_one_wins(house: House) -> None:
    image_id = house.create()
    tasks = [
        concurrency.spawn(house.upload, image_id, bytes([number]) * 1000)
        for number in range(6)
    ]
    statuses = sorted(concurrency.wait_task(task).status for task in tasks)
    assert statuses == [204] + [409] * 5
    house.step("image-sweeper")
    assert len(house.objects()) == 1
