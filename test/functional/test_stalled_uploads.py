"""Hundreds of uploads that stop half way take bounded memory, and stop nobody."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from test.functional.harness.http import Client
from test.functional.harness.store import Store, wait_for
from test.functional.harness.users import TESTER

UPLOADS = 500
ANNOUNCED = 1024 * 1024
SENT = ANNOUNCED - 1024
# 64 buffers and 64 MiB for whole bodies, 128 KiB for each of the others, and some for
# the connections; without a bound they take 500 MiB and more.
MORE_MEBIBYTES_MAX = 260
STEADY_SECONDS = 2.0


def resident_mebibytes(store: Store) -> float:
    total = 0
    for pid in store.workers():
        status = Path(f"/proc/{pid}/status").read_text("ascii")
        match = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert match is not None
        total += int(match[1])
    return total / 1024


def steady_mebibytes(store: Store) -> float:
    """Once it grows no more: what clients have sent is not read at once."""
    last = resident_mebibytes(store)
    while True:
        time.sleep(STEADY_SECONDS)
        now = resident_mebibytes(store)
        if now < last + 1:
            return now
        last = now


@contextlib.contextmanager
def stalled(client: Client, path: str, *, is_chunked: bool) -> Iterator[None]:
    """``UPLOADS`` connections, each with an upload that lacks its end."""
    framing = f"Content-Length: {ANNOUNCED}"
    body = b"x" * SENT
    if is_chunked:
        framing = "Transfer-Encoding: chunked"
        body = b"%x\r\n" % ANNOUNCED + body
    sockets = []
    address = urlsplit(client.endpoint)
    with contextlib.ExitStack() as stack:
        for number in range(UPLOADS):
            sock = socket.create_connection((address.hostname, address.port), 60)
            sockets.append(stack.enter_context(sock))
            head = (
                f"PUT {path}/{number} HTTP/1.1\r\nHost: {address.netloc}\r\n"
                f"X-Auth-Token: {client.token}\r\n{framing}\r\n\r\n"
            )
            sock.sendall(head.encode())
        # What the store does not take lies in sockets, and may stop us: a thread each.
        senders = [threading.Thread(target=_send, args=(s, body)) for s in sockets]
        for sender in senders:
            sender.start()
        stack.callback(lambda: [sender.join() for sender in senders])
        stack.callback(lambda: [s.shutdown(socket.SHUT_RDWR) for s in sockets])
        for sender in senders:
            sender.join(30.0)
        yield


def _send(sock: socket.socket, body: bytes) -> None:
    with contextlib.suppress(OSError):
        sock.sendall(body)


@pytest.mark.slow
@pytest.mark.parametrize("is_chunked", [False, True], ids=["sized", "chunked"])
def test_their_memory_is_bounded(
    fresh_store: Store, name: str, is_chunked: bool
) -> None:
    client = Client(fresh_store.endpoint(), TESTER)
    client.ok("PUT", name)
    before = resident_mebibytes(fresh_store)
    with stalled(client, f"/v1/{client.account}/{name}", is_chunked=is_chunked):
        more = steady_mebibytes(fresh_store) - before
        print(f"{UPLOADS} stalled uploads: {more:.0f} MiB more")
        # Others are served meanwhile, also with bodies of the same size.
        large = bytes(range(256)) * 3000
        client.ok("PUT", name, "others", body=large)
        assert client.ok("GET", name, "others").body == large
        client.ok("PUT", name, "chunked", body=iter([large]))
        assert client.ok("GET", name, "chunked").body == large
    assert more < MORE_MEBIBYTES_MAX
    wait_for(lambda: client.ok("GET", name).lines == ["chunked", "others"], "the end")
