"""The console proxy: a WSGI application that browsers and WebSocket clients talk to.

``/websockify?token=T`` becomes a WebSocket to the console that the token leads to;
everything else is noVNC's page.  VNC has no password of its own here: the guest's
socket is for the agent alone, and the token is what a user is let in by.
"""

from __future__ import annotations

import contextlib
import logging
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from wsproto.utilities import generate_accept_token

from compute.agent.consoles.model import (
    WEBSOCKET_PATH,
    ConsoleEndpoint,
    ConsoleTokens,
)
from compute.agent.consoles.pages import Pages
from compute.agent.consoles.relay import Relay
from objectstore.kernel import concurrency
from objectstore.kernel.errors import DeadlineExceeded, Rejected, Unavailable
from objectstore.kernel.http.exchange import UPGRADE_KEY
from objectstore.kernel.http.stream import Stream
from objectstore.kernel.reply import Reply, rejection, text_reply
from objectstore.kernel.request import Environ, StartResponse

# Each is two greenlets and two sockets.
CONSOLES_MAX = 500
CONNECT_SECONDS = 5.0
_VERSION = "13"  # the only version of the WebSocket protocol there is
_SUBPROTOCOL = "binary"
_CLOSE = ("Connection", "close")

_log = logging.getLogger("compute.agent.consoles")


class ConsoleProxy:
    """Mount it under a prefix of the public listener, or serve it alone."""

    def __init__(
        self,
        tokens: ConsoleTokens,
        pages: Pages,
        *,
        allowed_origins: frozenset[str] = frozenset(),
    ) -> None:
        """``allowed_origins``: hosts, beside the proxy's own, whose pages may open
        consoles."""
        self._tokens = tokens
        self._pages = pages
        self._allowed_origins = allowed_origins
        self._open = 0

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """PEP 3333."""
        try:
            if environ["PATH_INFO"].strip("/") == WEBSOCKET_PATH:
                self._serve_console(environ)
                return []
            if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
                raise Rejected(405)
            reply = self._pages.reply(environ["PATH_INFO"])
            return reply(environ, start_response)
        except Rejected as error:
            reply = rejection(error)
            if environ.get("HTTP_UPGRADE"):
                # Who waits for frames would take text for one.
                reply = Reply(error.status, b"", [*error.headers, _CLOSE])
            return reply(environ, start_response)
        except Unavailable:
            return text_reply(503)(environ, start_response)

    def _serve_console(self, environ: Environ) -> None:
        take_over, headers = self._check(environ)
        token = parse_qs(environ.get("QUERY_STRING", "")).get("token", [""])[-1]
        endpoint = self._tokens.lookup(token) if token else None
        if endpoint is None:
            raise Rejected(401, "The console token is not valid, or has expired")
        if self._open >= CONSOLES_MAX:
            raise Rejected(429, "Too many consoles are open")
        guest = _connect(endpoint)
        self._open += 1
        try:
            _log.info("%s console of %s opened", endpoint.kind, endpoint.server_id)
            Relay(take_over(headers), guest).run()
        finally:
            self._open -= 1
            guest.close()
            _log.info("%s console of %s closed", endpoint.kind, endpoint.server_id)

    def _check(
        self, environ: Environ
    ) -> tuple[Callable[[Any], Stream], list[tuple[str, str]]]:
        """What takes the connection over, and the headers of the answer."""
        take_over = environ.get(UPGRADE_KEY)
        wanted = environ.get("HTTP_UPGRADE", "").lower()
        key = environ.get("HTTP_SEC_WEBSOCKET_KEY", "")
        if take_over is None or wanted != "websocket" or not key:
            raise Rejected(400, "A WebSocket handshake is expected here")
        if environ.get("HTTP_SEC_WEBSOCKET_VERSION") != _VERSION:
            version = (("Sec-WebSocket-Version", _VERSION),)
            raise Rejected(426, "Another version of WebSocket is needed", version)
        self._check_origin(environ)
        headers: list[tuple[str, str]] = [
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Accept", _accept(key)),
        ]
        offered = environ.get("HTTP_SEC_WEBSOCKET_PROTOCOL", "").split(",")
        if _SUBPROTOCOL in [word.strip() for word in offered]:
            headers.append(("Sec-WebSocket-Protocol", _SUBPROTOCOL))
        return take_over, headers

    def _check_origin(self, environ: Environ) -> None:
        """A browser says whose page opens the socket: other sites' may not."""
        origin = environ.get("HTTP_ORIGIN", "")
        if not origin:
            return  # no browser
        host = urlsplit(origin).netloc
        if host != environ.get("HTTP_HOST", "") and host not in self._allowed_origins:
            raise Rejected(403, "This origin may not open consoles")


def _accept(key: str) -> str:
    """What proves that a WebSocket server answers."""
    return generate_accept_token(key.encode("latin-1")).decode("ascii")


def _connect(endpoint: ConsoleEndpoint) -> concurrency.GreenSocket:
    address = endpoint.address
    if isinstance(address, Path):
        sock = concurrency.green(socket.socket(socket.AF_UNIX))
        target: Any = str(address)
    else:
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        sock = concurrency.green(socket.socket(family))
        target = address
    try:
        with concurrency.deadline(CONNECT_SECONDS):
            sock.connect(target)
    except (OSError, DeadlineExceeded) as error:
        with contextlib.suppress(OSError):
            sock.close()
        raise Rejected(404, "The server's console is not there now") from error
    return sock
