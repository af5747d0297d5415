"""A small HTTP load generator on plain sockets, one thread.

For what wrk cannot do (it waits for a body after the reply to HEAD), for filling a
store, and for single large streams that go up and down in constant memory.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

END_OF_HEAD = b"\r\n\r\n"
RECEIVE_BYTES = 256 * 1024
STREAM_BYTES = 1024 * 1024


@dataclass(slots=True)
class Outcome:
    """What a run gave; seconds are those of each request."""

    seconds: list[float] = field(default_factory=list)
    verbs: list[bytes] = field(default_factory=list)  # of each request, in this order
    late: list[float] = field(default_factory=list)  # sent, after it was due
    elapsed: float = 0.0
    errors: int = 0

    def of(self, verb: bytes) -> Outcome:
        """What the requests with this verb gave."""
        each = zip(self.seconds, self.verbs, strict=True)
        seconds = [one for one, its_verb in each if its_verb == verb]
        return Outcome(seconds, [verb] * len(seconds), elapsed=self.elapsed)

    def percentile(self, share: float) -> float:
        """Milliseconds within which this share of the requests was answered."""
        return _percentile(self.seconds, share)

    def lateness(self, share: float) -> float:
        """Milliseconds after it was due within which this share of them was sent."""
        return _percentile(self.late, share)


def _percentile(seconds: list[float], share: float) -> float:
    if not seconds:
        return 0.0
    ordered = sorted(seconds)
    return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def verb_of(data: bytes) -> bytes:
    """The verb that a request begins with."""
    return data[: data.index(b" ")]


def request(method: str, path: str, token: str, body: bytes = b"") -> bytes:
    """A request as bytes."""
    length = f"Content-Length: {len(body)}\r\n" if method == "PUT" else ""
    head = f"{method} {path} HTTP/1.1\r\nHost: bench\r\nX-Auth-Token: {token}\r\n"
    return f"{head}{length}\r\n".encode() + body


class _Connection:
    """One request at a time on one socket."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.began = 0.0
        self.verb = b""
        self._head = b""
        self._left = -1  # of the body; -1: the head has not come yet
        self._has_body = False
        self.failed = False

    def send(self, data: bytes) -> None:
        """Begin a request.  Small ones fit the socket's buffer; larger ones wait."""
        self.verb = verb_of(data)
        self._has_body = self.verb != b"HEAD"
        self._head, self._left = b"", -1
        self.began = time.perf_counter()
        self.socket.sendall(data)

    def receive(self) -> bool:
        """Take what has come; whether the reply is complete."""
        data = self.socket.recv(RECEIVE_BYTES)
        if not data:
            raise ConnectionError("the server has closed a connection")
        if self._left < 0:
            self._head += data
            stop = self._head.find(END_OF_HEAD)
            if stop < 0:
                return False
            head = self._head[:stop].lower()
            self.failed = head[9:10] != b"2"
            length = 0
            if self._has_body and (at := head.find(b"\r\ncontent-length:")) >= 0:
                length = int(head[at + 17 :].split(b"\r\n", 1)[0])
            self._left = length - (len(self._head) - stop - len(END_OF_HEAD))
        else:
            self._left -= len(data)
        return self._left <= 0


def drive(
    port: int, requests: Iterable[bytes], connections: int, seconds: float | None = None
) -> Outcome:
    """Send the requests, ``connections`` at a time, until they or ``seconds`` end."""
    outcome = Outcome()
    waiting: Iterator[bytes] = iter(requests)
    began = time.perf_counter()
    until = began + seconds if seconds is not None else float("inf")
    with selectors.DefaultSelector() as selector:
        for _ in range(connections):
            if (data := next(waiting, None)) is None:
                break
            connection = _Connection(port)
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.send(data)
        while selector.get_map():
            for key, _ in selector.select():
                connection = key.data
                if not connection.receive():
                    continue
                now = time.perf_counter()
                outcome.seconds.append(now - connection.began)
                outcome.verbs.append(connection.verb)
                outcome.errors += connection.failed
                following = next(waiting, None) if now < until else None
                if following is None:
                    selector.unregister(connection.socket)
                    connection.socket.close()
                else:
                    connection.send(following)
    outcome.elapsed = time.perf_counter() - began
    return outcome


def stream_up(port: int, path: str, token: str, size: int) -> float:
    """PUT ``size`` bytes out of one buffer; the seconds it took."""
    head = request("PUT", path, token)
    head = head.replace(b"Content-Length: 0", b"Content-Length: %d" % size)
    piece = memoryview(bytes(range(256)) * (STREAM_BYTES // 256))
    began = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.sendall(head)
        for at in range(0, size, STREAM_BYTES):
            sock.sendall(piece[: size - at])
        reply = sock.recv(RECEIVE_BYTES)
    if not reply.startswith(b"HTTP/1.1 201"):
        raise ConnectionError(f"the upload failed: {reply[:40]!r}")
    return time.perf_counter() - began


def stream_down(port: int, path: str, token: str, size: int) -> float:
    """GET ``size`` bytes and drop them; the seconds it took."""
    buffer = bytearray(STREAM_BYTES)
    began = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.sendall(request("GET", path, token))
        head = b""
        while END_OF_HEAD not in head:
            head += sock.recv(4096)
        left = size - len(head.partition(END_OF_HEAD)[2])
        while left > 0:
            # MSG_TRUNC: the kernel drops the bytes instead of copying them.
            count = sock.recv_into(buffer, 0, socket.MSG_TRUNC)
            if not count:
                raise ConnectionError("the download ended early")
            left -= count
    return time.perf_counter() - began
