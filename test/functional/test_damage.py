"""Bits that flip on the devices of a running store: found, never served, repaired."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from test.functional.harness.http import Client
from test.functional.harness.operator import Operator
from test.functional.harness.store import Store, wait_for
from test.functional.harness.users import TESTER

SMALL, LARGE = b"small" * 1000, b"large" * 600_000


@pytest.fixture
def client(fresh_cluster: Store) -> Client:
    """Three devices, each with every object."""
    client = Client(fresh_cluster.endpoint(), TESTER)
    client.ok("PUT", "box")
    client.ok("PUT", "box", "small", body=SMALL)
    client.ok("PUT", "box", "other", body=b"other" * 1000)
    client.ok("PUT", "box", "large", body=LARGE)
    return client


def flip(path: Path, text: bytes) -> None:
    """One bit, in the middle of the text."""
    content = path.read_bytes()
    at = content.index(text) + len(text) // 2
    with path.open("r+b") as file:
        file.seek(at)
        file.write(bytes([content[at] ^ 1]))


def check_served(store: Store) -> None:
    """By every node, each of which reads its own device first."""
    for node in range(3):
        client = Client(store.endpoint(node), TESTER)
        assert client.ok("GET", "box", "small").body == SMALL
        assert client.ok("GET", "box", "large").body == LARGE
        names = client.ok("GET", "box", query="format=json").names
        assert names == ["large", "other", "small"]


def heal(store: Store) -> None:
    """Rounds of the auditor, of compaction and of replication, until all is well."""
    operators = [Operator(store, node) for node in range(3)]

    def is_well() -> bool:
        for operator in operators:
            operator.daemon("auditor")
            operator.daemon("compaction")
            operator.daemon("replicator")
        return operators[0].run("verify", "--bodies").exit_code == 0

    wait_for(is_well, "every replica to be good again", 60)
    check_served(store)


def objects(store: Store, node: int) -> Path:
    return store.device_directories()[node] / "objects"


def test_a_body_in_the_log(fresh_cluster: Store, client: Client) -> None:
    for path in (objects(fresh_cluster, 1) / "log").iterdir():
        flip(path, SMALL)
    check_served(fresh_cluster)
    heal(fresh_cluster)


def test_a_body_file(fresh_cluster: Store, client: Client) -> None:
    (path,) = (objects(fresh_cluster, 2) / "bodies").glob("??/??/*")
    flip(path, LARGE[1_000_000:1_000_100])
    check_served(fresh_cluster)
    heal(fresh_cluster)


def test_a_body_file_that_nobody_reads(fresh_cluster: Store, client: Client) -> None:
    (path,) = (objects(fresh_cluster, 0) / "bodies").glob("??/??/*")
    flip(path, LARGE[1_000_000:1_000_100])
    told = Operator(fresh_cluster).json("verify", "--bodies", status=1)
    assert "/d1" in told["problems"][0]
    heal(fresh_cluster)


def test_rows_of_the_index(fresh_cluster: Store, client: Client) -> None:
    index = objects(fresh_cluster, 1) / "index.db"
    fresh_cluster.stop_node(1)
    with sqlite3.connect(index) as database:
        found = database.execute("SELECT key, row FROM objects").fetchall()
        for key, row in found:
            bad = row[:80] + bytes([row[80] ^ 1]) + row[81:]
            database.execute("UPDATE objects SET row = ? WHERE key = ?", (bad, key))
    database.close()
    assert found
    fresh_cluster.start_node(1)
    check_served(fresh_cluster)
    heal(fresh_cluster)


def test_a_container_database(fresh_cluster: Store, client: Client) -> None:
    device = fresh_cluster.device_directories()[2]
    fresh_cluster.stop_node(2)
    (path,) = (device / "containers").glob("??/*.db")
    with sqlite3.connect(path) as database:
        changed = database.execute(
            "UPDATE object SET name = 'smaxx' WHERE name = 'small'"
        )
        assert changed.rowcount == 1
    database.close()
    fresh_cluster.start_node(2)
    Operator(fresh_cluster, 2).daemon("auditor")
    aside = list((device / "containers" / "quarantine").iterdir())
    assert aside
    heal(fresh_cluster)
