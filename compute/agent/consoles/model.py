"""What a console token leads to, and who says so."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

WEBSOCKET_PATH = "websockify"


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
        it may ask the control plane.  ``Unavailable`` when that is away."""
