"""A server that does nothing but use so much CPU for each request.

    python -m test.bench.busy_server SECONDS

One thread, one loop, a reply of 4 KiB.  Whoever sends it what another server was sent
sees what of that one's latencies is due to its requests costing what they cost, on this
machine beside all else that runs there: whatever it is that is served.
"""

from __future__ import annotations

import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click

from test.bench.driver import RECEIVE_BYTES

REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 4096\r\n\r\n" + b"x" * 4096
BACKLOG = 256


@contextmanager
def busy_server(seconds: float) -> Iterator[int]:
    """Its port; each request costs ``seconds`` of CPU."""
    command = [sys.executable, "-m", __spec__.name, str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def serve(listener: socket.socket, seconds: float) -> None:
    """For ever.  A request that comes is one ``recv``."""
    spent, due = time.thread_time, 0.0
    peers: dict[int, socket.socket] = {}
    with select.epoll() as epoll:
        epoll.register(listener, select.EPOLLIN)
        while True:
            for descriptor, _ in epoll.poll():
                peer = peers.get(descriptor)
                if peer is None:
                    peer, _ = listener.accept()
                    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    peers[peer.fileno()] = peer
                    epoll.register(peer, select.EPOLLIN)
                elif not peer.recv(RECEIVE_BYTES):
                    peers.pop(descriptor).close()
                else:
                    # What sending the last reply cost is part of this one's.
                    due = max(due + seconds, spent())
                    while spent() < due:
                        pass
                    peer.sendall(REPLY)


@click.command()
@click.argument("seconds", type=float)
def main(seconds: float) -> None:
    """Listen on a free port, say which, and serve until killed."""
    with socket.create_server(("127.0.0.1", 0), backlog=BACKLOG) as listener:
        print(listener.getsockname()[1], flush=True)
        serve(listener, seconds)


if __name__ == "__main__":
    main()
