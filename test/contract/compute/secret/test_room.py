"""The key manager on every database: its tables, a life, lists, two at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from compute.core.keys.resealing import rotate
from compute.core.keys.sealing import SECRET_KEYS
from compute.core.sql.database import Database
from compute.core.sql.migrations import upgrade
from compute.secret.client import Use
from compute.secret.payloads import PAYLOAD_BYTES_MAX
from compute.secret.tables import metadata
from compute.secret.upkeep import Upkeep
from objectstore.kernel import concurrency
from test.unit.compute.secret.house import House, path_of

LISTENER = Use("load-balancer", "listener", "l1")


@pytest.fixture
def house(migrated: Database, tmp_path: Path) -> Iterator[House]:
    url = migrated.url.render_as_string(hide_password=False)
    found = House(tmp_path, url, quota_containers=2)
    yield found
    found.close()


def test_migrated_tables_are_those_of_the_code(database: Database) -> None:
    upgrade(database, ["secret"])
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = [
            each
            for each in compare_metadata(context, metadata)
            if not (each[0] == "remove_table" and each[1].name == "alembic_version")
        ]
    assert differences == []


def test_a_life(house: House, tmp_path: Path) -> None:
    largest = bytes(range(256)) * (PAYLOAD_BYTES_MAX // 256)
    ref = house.create(largest, name="é" * 255, expiration="2200-01-01")
    path, stores = path_of(ref), house.parts.stores
    assert house.call("GET", f"{path}/payload").body == largest
    metadata_path = f"{path}/metadata"
    body = {"metadata": {f"k{number}": "ü" * 255 for number in range(100)}}
    assert house.call("PUT", metadata_path, body).status == 201
    assert house.call("GET", metadata_path).json == body
    keys = tmp_path / SECRET_KEYS
    rotate(house.database, stores.sealed(), stores.vault, keys, wait=lambda _: None)
    assert house.call("GET", f"{path}/payload").body == largest
    house.client.entrust(house.context(), ref, LISTENER)
    assert house.client.entrusted_payload(ref, LISTENER) == largest
    users = {"read": {"users": [f"u{number}" for number in range(200)]}}
    assert house.call("PUT", f"{path}/acl", users).status == 200
    container = path_of(house.contain(thing=ref))
    order = {"type": "key", "meta": {"algorithm": "aes", "bit_length": 128}}
    assert house.call("POST", "/orders", order).status == 202
    for query, total in (
        ("sort=name,bit_length:desc,expiration&limit=1", 2),
        ("name=%C3%A9", 0),
        ("bits=128", 1),
        ("expiration=gt:2100-01-01", 1),
        ("acl_only=true", 1),
    ):
        got = house.call("GET", f"/secrets?{query}")
        assert (got.status, got.json["total"]) == (200, total), query
    for each in ("/secrets/%00", "/secrets?name=%00", "/containers/%00", "/orders/%00"):
        assert house.call("GET", each).status in (400, 404)
    house.clock.advance(200 * 366 * 86400)
    Upkeep(house.parts).step()
    assert house.call("GET", container).json["secret_refs"] == []
    assert house.call("DELETE", container).status == 204


def test_quotas_hold_when_many_ask(house: House) -> None:
    statuses: list[int] = []

    def ask() -> None:
        statuses.append(house.call("POST", "/containers", {"type": "generic"}).status)

    tasks = [concurrency.spawn(ask) for _ in range(5)]
    for task in tasks:
        concurrency.wait_task(task)
    assert sorted(statuses) == [201, 201, 403, 403, 403]


def test_a_payload_comes_once(house: House) -> None:
    path = path_of(house.create(None))
    statuses: list[int] = []

    def keep(text: bytes) -> None:
        sent = house.call("PUT", path, text, Content_Type="text/plain")
        statuses.append(sent.status)

    tasks = [concurrency.spawn(keep, f"p{number}".encode()) for number in range(4)]
    for task in tasks:
        concurrency.wait_task(task)
    assert sorted(statuses) == [204, 409, 409, 409]
