"""What a call on a node costs: in memory, on the local device, over HTTP.

    python -m test.bench.transport [--seconds 2] [--bytes 4096] [--clients 1 8]

Runs put and look-up of small objects against a node in memory, a local node, and
both behind an object server in a process of its own.  Prints operations per
second and CPU microseconds per operation, of this process (the caller's side) and of
the server's.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from objectstore.kernel import concurrency
from objectstore.kernel.client import ClientPool
from objectstore.kernel.concurrency import Promise, wait_until
from objectstore.wire.peer import Peer
from objectstore.wire.records import ObjectName, ObjectState
from objectstore.wire.remote_object import RemoteObjectNode
from test.contract.nodes import implementations
from test.contract.nodes.server_process import server_process
from test.fakes.servers import SECRET

REMOTE = "remote-"


class Figures(NamedTuple):
    """Of one run."""

    operations: int
    seconds: float
    cpu_seconds: float
    server_cpu_seconds: float


def key_of(number: int) -> bytes:
    """Keys spread as the ring's are."""
    return hashlib.md5(b"%d" % number).digest()


class Load:
    """One kind of call, again and again."""

    def __init__(self, node: Any, size: int) -> None:
        self._node = node
        self._body = os.urandom(size)
        self._count = 0
        metadata = {"X-Object-Meta-Mtime": "1700000000.123456"}
        self._state = ObjectState(
            ObjectName("AUTH_test", "container", "directory/object"),
            timestamp=170000000000000,
            size=size,
            etag=hashlib.md5(self._body).hexdigest(),
            content_type_timestamp=170000000000000,
            metadata=metadata,
            metadata_timestamp=170000000000000,
        )

    def put(self) -> Promise[Any]:
        """A put of an object that is not there yet."""
        self._count += 1
        return self._node.put(  # type: ignore[no-any-return]
            key_of(self._count), self._state, self._body, row_owed=False
        )

    def lookup(self) -> Promise[Any]:
        """A look-up with body of an object that was put."""
        self._count = self._count % 1000 + 1
        return self._node.lookup(  # type: ignore[no-any-return]
            key_of(self._count), want_body=True
        )


def run(
    call: Callable[[], Promise[Any]],
    clients: int,
    seconds: float,
    server_cpu: Callable[[], float],
) -> Figures:
    """``clients`` calls under way at any time, for ``seconds``."""
    call().wait()
    server_before, cpu_before = server_cpu(), time.process_time()
    began = time.monotonic()
    end = began + seconds
    done = 0

    def one_client() -> None:
        nonlocal done
        while time.monotonic() < end:
            call().wait()
            done += 1

    running = [concurrency.promised(one_client) for _ in range(clients)]
    wait_until(running, lambda: all(each.done for each in running))
    for each in running:
        each.result()
    return Figures(
        done,
        time.monotonic() - began,
        time.process_time() - cpu_before,
        server_cpu() - server_before,
    )


@contextmanager
def served(name: str, directory: Path) -> Iterator[Any]:
    """A remote node whose server is another process; and that one's CPU clock."""
    with server_process(name, directory) as (process, address):
        pool = ClientPool()
        try:
            peer = Peer(pool.client(address), SECRET)
            node = RemoteObjectNode(peer, 0, implementations.DEVICE)
            yield node, lambda: cpu_seconds(process.pid)
        finally:
            pool.close()


def cpu_seconds(process: int) -> float:
    """User and system time of a process so far."""
    after_name = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def opened(name: str, directory: Path) -> Iterator[Any]:
    """A node of that name, and the clock of its server's CPU time."""
    if name.startswith(REMOTE):
        with served(name.removeprefix(REMOTE), directory) as pair:
            yield pair
        return
    with ExitStack() as stack:
        yield implementations.OBJECT[name](directory, stack), lambda: 0.0


def main() -> None:
    """Run it all and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--bytes", type=int, default=4096)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8])
    options = parser.parse_args()
    names = [name for name in implementations.OBJECT if name != "faulty"]
    print(
        f"{'node':16} {'call':8} {'clients':>7} {'ops/s':>8} "
        f"{'caller CPU us':>13} {'server CPU us':>13}"
    )
    for name in names:
        with (
            tempfile.TemporaryDirectory() as directory,
            opened(name, Path(directory)) as (node, server_cpu),
        ):
            load = Load(node, options.bytes)
            for call in (load.put, load.lookup):
                for clients in options.clients:
                    figures = run(call, clients, options.seconds, server_cpu)
                    _print(name, call.__name__, clients, figures)


def _print(name: str, call: str, clients: int, figures: Figures) -> None:
    count = figures.operations
    print(
        f"{name:16} {call:8} {clients:7} {count / figures.seconds:8.0f} "
        f"{figures.cpu_seconds / count * 1e6:13.0f} "
        f"{figures.server_cpu_seconds / count * 1e6:13.0f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
