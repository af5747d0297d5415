"""Orders to a QEMU program over its monitor's unix socket (QMP).

One connection for each order: a monitor serves one client at a time, and nobody keeps
it from others for longer than an order takes.
"""

from __future__ import annotations

import socket
from typing import Any

import orjson

from objectstore.kernel import concurrency
from objectstore.kernel.errors import Unavailable

SECONDS_MAX = 20.0
LINE_BYTES_MAX = 1 << 20


class OrderRefused(Unavailable):
    """The program said no; ``text`` is its reason."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{name}: {text}")
        self.text = text


def order(monitor: str, name: str, arguments: dict[str, Any] | None = None) -> Any:
    """Give one order; what it returns.

    Raises ``OrderRefused``, or ``Unavailable`` when nobody listens there.
    """
    try:
        with concurrency.deadline(SECONDS_MAX):
            sock = concurrency.green(socket.socket(socket.AF_UNIX))
            try:
                sock.connect(monitor)
                lines = _Lines(sock)
                lines.next()  # the greeting
                _ask(sock, lines, "qmp_capabilities", {})
                return _ask(sock, lines, name, arguments or {})
            finally:
                sock.close()
    except OSError as error:
        raise Unavailable(f"no monitor at {monitor}: {error}") from error


def _ask(sock: Any, lines: _Lines, name: str, arguments: dict[str, Any]) -> Any:
    sock.sendall(orjson.dumps({"execute": name, "arguments": arguments}) + b"\n")
    while True:
        said = lines.next()
        if "error" in said:
            raise OrderRefused(name, str(said["error"].get("desc", "refused")))
        if "return" in said:
            return said["return"]


class _Lines:
    """JSON documents, one on each line."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._buffer = b""

    def next(self) -> dict[str, Any]:
        while b"\n" not in self._buffer:
            piece = self._sock.recv(65536)
            if not piece or len(self._buffer) > LINE_BYTES_MAX:
                raise Unavailable("a monitor ended in the middle of a line")
            self._buffer += piece
        line, _, self._buffer = self._buffer.partition(b"\n")
        found: dict[str, Any] = orjson.loads(line)
        return found
