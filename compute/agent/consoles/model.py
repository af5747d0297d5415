"""What a console token leads to, and the addresses that users are given.  Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

WEBSOCKET_PATH = "websockify"
_PAGE = "vnc_lite.html"


class ConsoleKind(StrEnum):
    """The types that the compute API knows."""

    NOVNC = "novnc"
    SERIAL = "serial"


@dataclass(frozen=True, slots=True)
class ConsoleEndpoint:
    """Where the console of one guest is, as seen from the proxy."""

    server_id: str
    kind: ConsoleKind
    address: Path | tuple[str, int]  # a unix socket, or host and port


class ConsoleTokens(Protocol):
    """Who may see which console."""

    def lookup(self, token: str) -> ConsoleEndpoint | None:
        """What the token leads to; None when it is unknown or has expired.  Green:
        it may ask the control plane."""


def console_url(base_url: str, kind: ConsoleKind, token: str) -> str:
    """The address that a user opens: the noVNC page, or the serial WebSocket.

    ``base_url``: where the proxy is mounted, such as http://cloud:8774/console.
    """
    base = base_url.rstrip("/")
    if kind is ConsoleKind.SERIAL:
        scheme, _, rest = base.partition("://")
        socket_scheme = "wss" if scheme == "https" else "ws"
        return f"{socket_scheme}://{rest}/{WEBSOCKET_PATH}?token={quote(token)}"
    # The page appends its own ``path`` parameter to the host it came from.
    mount = base.partition("://")[2].partition("/")[2]
    path = f"{mount}/{WEBSOCKET_PATH}" if mount else WEBSOCKET_PATH
    target = quote(f"{path}?token={quote(token)}", safe="")
    return f"{base}/{_PAGE}?path={target}"
