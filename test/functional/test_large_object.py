"""One gibibyte up and down in constant memory, checked by MD5."""

from __future__ import annotations

import hashlib
import http.client
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from test.functional.harness.http import Client
from test.functional.harness.store import Store
from test.functional.harness.users import TESTER
from test.functional.test_objects import pattern

SIZE = 2**30
PIECE = 2**20
MEMORY_MIB_MAX = 150


def generated(digest: hashlib._Hash) -> Iterator[bytes]:
    """Pieces that all differ, made as fast as they can be sent."""
    block = pattern(PIECE - 8)
    for number in range(SIZE // PIECE):
        piece = b"%08d" % number + block
        digest.update(piece)
        yield piece


def peak_mebibytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    match = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert match is not None
    return int(match[1]) / 1024


@pytest.mark.slow
def test_a_gibibyte(own_store: Store, name: str) -> None:
    client = Client(own_store.endpoint(), TESTER)
    client.ok("PUT", name)
    sent = hashlib.md5(usedforsecurity=False)
    put = client.send(
        "PUT",
        name,
        "large",
        body=generated(sent),
        headers={"Content-Length": str(SIZE)},
    )
    assert put.status == 201, put
    assert put.headers["etag"] == sent.hexdigest()
    assert md5_of_body(client, f"/v1/AUTH_test/{name}/large") == sent.hexdigest()
    client.ok("DELETE", name, "large")
    for node in range(len(own_store.plans)):
        for pid in own_store.workers(node):
            assert peak_mebibytes(pid) < MEMORY_MIB_MAX


def md5_of_body(client: Client, target: str) -> str:
    parts = urlsplit(client.endpoint)
    connection = http.client.HTTPConnection(
        parts.hostname or "", parts.port, timeout=60
    )
    connection.request("GET", target, headers={"X-Auth-Token": client.token})
    reply = connection.getresponse()
    assert reply.status == 200
    assert reply.length == SIZE
    received = hashlib.md5(usedforsecurity=False)
    buffer = bytearray(PIECE)
    while count := reply.readinto(buffer):
        received.update(memoryview(buffer)[:count])
    connection.close()
    return received.hexdigest()
