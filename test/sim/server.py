"""The node server of one life of a machine: requests in, the real application, replies.

Each request runs in a greenlet of its own, as behind the HTTP edge.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, NamedTuple

from objectstore.kernel import concurrency
from objectstore.kernel.errors import RingstackError
from objectstore.kernel.http.exchange import UPGRADE_KEY
from objectstore.kernel.http.framing import Field
from objectstore.kernel.request import CONTEXT_KEY, Application, Context


class Reply(NamedTuple):
    """What the application answered."""

    status: int
    fields: list[Field]
    body: bytes
    is_whole: bool  # False: its pieces ended with an error


def answer(
    application: Application, method: str, target: str, headers: list[Field], body: Any
) -> Reply:
    """One request through the application; ``body`` is its ``wsgi.input``."""
    return _run(application, _environ(method, target, headers, body))


def switch(
    application: Application,
    target: str,
    headers: list[Field],
    take_over: Callable[[Any], Any],
    reply: Callable[[Reply], None],
) -> None:
    """Offer a connection for another protocol, in a greenlet of its own: the
    application takes it over and stays at it, or answers."""
    environ = _environ("GET", target, headers, io.BytesIO())
    environ[UPGRADE_KEY] = take_over

    def run() -> None:
        answered = _run(application, environ)
        if answered.status:
            reply(answered)

    concurrency.spawn(run)


def _environ(
    method: str, target: str, headers: list[Field], body: Any
) -> dict[str, Any]:
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": target,
        "QUERY_STRING": "",
        "wsgi.input": body,
        CONTEXT_KEY: Context(),
    }
    for name, value in headers:
        key = name.decode("latin-1").upper().replace("-", "_")
        environ[key if key == "CONTENT_LENGTH" else f"HTTP_{key}"] = value.decode()
    return environ


def _run(application: Application, environ: dict[str, Any]) -> Reply:
    """``status`` 0: it was another protocol's."""
    head: list[Any] = [0, []]

    def start_response(status: str, fields: Any, exc_info: Any = None) -> None:
        head[:] = [int(status.split()[0]), fields]

    pieces = application(environ, start_response)
    content: list[bytes] = []
    is_whole = True
    try:
        content.extend(map(bytes, pieces))
    except RingstackError:
        is_whole = False
    finally:
        if hasattr(pieces, "close"):
            pieces.close()
    fields = [(name.encode(), value.encode()) for name, value in head[1]]
    return Reply(head[0], fields, b"".join(content), is_whole)


def serve_message(
    application: Application,
    method: str,
    target: str,
    headers: list[Field],
    body: bytes,
    reply: Callable[[Reply], None],
) -> None:
    """Answer a whole request in a greenlet of its own."""
    headers = [*headers, (b"Content-Length", str(len(body)).encode())]

    def run() -> None:
        reply(answer(application, method, target, headers, io.BytesIO(body)))

    concurrency.spawn(run)


class Incoming:
    """The ``wsgi.input`` of an upload: bytes as they come over the wire."""

    def __init__(self, go_ahead: Callable[[], None]) -> None:
        self._go_ahead: Callable[[], None] | None = go_ahead
        self._buffer = bytearray()
        self._is_over = False
        self._came = concurrency.Event()

    def feed(self, piece: bytes) -> None:
        """More has come."""
        self._buffer += piece
        self._came.set()

    def end(self) -> None:
        """Nothing more will come."""
        self._is_over = True
        self._came.set()

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes, at least one; none at the end."""
        go_ahead, self._go_ahead = self._go_ahead, None
        if go_ahead is not None:
            go_ahead()
        while not self._buffer and not self._is_over:
            self._came.clear()
            self._came.wait()
        data = bytes(self._buffer[:size])
        del self._buffer[: len(data)]
        return data

    def readinto(self, view: memoryview) -> int:
        """Fill a part of the view."""
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)
