"""A caller of a WSGI application of this process: no socket, no copying of bodies.

The application cannot tell such a call from one that came over the wire: the same
headers are checked, the same token is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote_to_bytes

from objectstore.client.caller import Answer, Content, Headers
from objectstore.kernel import concurrency
from objectstore.kernel.request import CONTEXT_KEY, Application, Context, Environ
from objectstore.kernel.transaction import current_transaction


class InProcessCaller:
    """Calls ``application`` as if it were mounted at ``script_name``."""

    def __init__(
        self,
        application: Application,
        *,
        script_name: str = "",
        host: str = "localhost",
    ) -> None:
        """``host`` is what links in replies are built with."""
        self._application = application
        self._script_name = script_name
        self._host = host

    def request(
        self,
        method: str,
        path: str,
        headers: Headers | None = None,
        body: Content = b"",
        *,
        timeout: float | None = None,
    ) -> Answer:
        """See ``Caller.request``."""
        environ = self._environ(method, path, headers or {}, body)
        started: list[Any] = []

        def start_response(status: str, fields: Any, exc_info: Any = None) -> Any:
            started[:] = [status, fields]

        # A body in pieces comes as fast as its sender sends: the wait for the answer
        # begins when all of it is there, and the application is on its own then.
        patience = timeout if isinstance(body, bytes) else None
        with concurrency.deadline(patience):
            pieces = self._application(environ, start_response)
            iterator = iter(pieces)
            # An application may start its response only with the first piece.
            first = next(iterator, None) if not started else None
        found = {
            name.lower(): value.encode("latin-1").decode("utf-8", "replace")
            for name, value in started[1]
        }
        rest = _chained(first, iterator)
        return Answer(int(started[0][:3]), found, rest, getattr(pieces, "close", None))

    def _environ(
        self, method: str, path: str, headers: Headers, body: Content
    ) -> Environ:
        path, _, query = path.partition("?")
        environ: Environ = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": self._script_name,
            "RAW_PATH_INFO": path,
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "SERVER_PROTOCOL": "HTTP/1.1",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "HTTP_HOST": self._host,
            "REMOTE_ADDR": "127.0.0.1",
            "REMOTE_PORT": "0",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "wsgi.input_terminated": True,
            CONTEXT_KEY: Context(current_transaction()),
        }
        for name, value in headers.items():
            key = name.upper().replace("-", "_")
            if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
                key = "HTTP_" + key
            environ[key] = value.encode().decode("latin-1")
        if isinstance(body, bytes):
            environ["wsgi.input"] = PiecesInput([body] if body else [])
            if body or method in ("PUT", "POST"):
                environ["CONTENT_LENGTH"] = str(len(body))
        else:
            environ["wsgi.input"] = PiecesInput(body)
            environ["HTTP_TRANSFER_ENCODING"] = "chunked"
            environ.pop("CONTENT_LENGTH", None)
        return environ


class PiecesInput:
    """``wsgi.input`` over pieces of bytes."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._left = memoryview(b"")

    def read(self, size: int = -1) -> bytes:
        """``size`` bytes, fewer only at the end; all of them when negative."""
        found = bytearray()
        while size < 0 or len(found) < size:
            if not self._left and not self._fill():
                break
            end = len(self._left) if size < 0 else size - len(found)
            found += self._left[:end]
            self._left = self._left[end:]
        return bytes(found)

    def readinto(self, view: memoryview) -> int:
        """Fill ``view``; fewer bytes than it holds only at the end."""
        filled = 0
        while filled < len(view):
            if not self._left and not self._fill():
                break
            piece = self._left[: len(view) - filled]
            view[filled : filled + len(piece)] = piece
            filled += len(piece)
            self._left = self._left[len(piece) :]
        return filled

    def read1(self, size: int) -> bytes:
        """At most ``size`` bytes, from one piece."""
        if not self._left and not self._fill():
            return b""
        piece = bytes(self._left[:size])
        self._left = self._left[size:]
        return piece

    def _fill(self) -> bool:
        for piece in self._pieces:
            if piece:
                self._left = memoryview(piece)
                return True
        return False


def _chained(first: bytes | None, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first is not None:
        yield first
    yield from rest
