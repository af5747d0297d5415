"""A caller of a service that listens on a socket."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from objectstore.client.caller import Answer, Content, Headers
from objectstore.kernel.client import ClientPool
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.http.response import Response
from objectstore.kernel.http.tls import TlsSocket

PIECE_BYTES = 256 * 1024
DEFAULT_PORT, DEFAULT_TLS_PORT = 80, 443


def connection_to(pool: ClientPool, url: str) -> socket.socket | TlsSocket:
    """A connection of the caller's own to the listener of an http or https URL, for
    what is no request.  ``OSError``, ``Unavailable``."""
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        address = (parts.hostname, parts.port or DEFAULT_TLS_PORT)
        return pool.connect(address, tls_host=parts.hostname)
    if parts.scheme == "http" and parts.hostname:
        return pool.connect((parts.hostname, parts.port or DEFAULT_PORT))
    raise Unavailable(f"no connection can be made to {url}")


class HttpCaller:
    """Calls the service at one base URL (``http://host:port/prefix``, the same with
    https, or ``unix:/path``) through the process's pool of connections."""

    def __init__(self, base_url: str, pool: ClientPool) -> None:
        """``ValueError`` for a URL of another kind; ``Unavailable`` when the pool's
        ``ca_file`` cannot be used."""
        parts = urlsplit(base_url)
        if parts.scheme == "unix":
            self._client = pool.client(Path(parts.path))
            self._prefix = ""
        elif parts.scheme == "http" and parts.hostname:
            self._client = pool.client((parts.hostname, parts.port or DEFAULT_PORT))
            self._prefix = parts.path.rstrip("/")
        elif parts.scheme == "https" and parts.hostname:
            address = (parts.hostname, parts.port or DEFAULT_TLS_PORT)
            self._client = pool.client(address, tls_host=parts.hostname)
            self._prefix = parts.path.rstrip("/")
        else:
            raise ValueError(f"not an http, https or unix URL: {base_url}")

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
        fields = [
            (name.encode("ascii"), value.encode())
            for name, value in (headers or {}).items()
        ]
        target = self._prefix + path
        if isinstance(body, bytes):
            response = self._client.request(
                method, target, fields, body, timeout=timeout
            )
        else:
            call = self._client.open(method, target, fields, None, timeout=timeout)
            try:
                for piece in body:
                    call.write(memoryview(piece))
            except BaseException:
                # The body has failed, not the service: it must not take what came
                # for a whole one, so the connection ends in the middle.
                call.abort()
                raise
            response = call.finish()
        found = {
            name.decode("latin-1").lower(): _text(value)
            for name, value in response.fields
        }
        return Answer(response.status, found, _pieces(response), response.close)


def _pieces(response: Response) -> Iterator[bytes]:
    while piece := response.read(PIECE_BYTES):
        yield piece


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")
