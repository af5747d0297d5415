"""What a host's agent tells the network room of what it has made true."""

from __future__ import annotations

import re
from dataclasses import dataclass

# 32 bytes in base64, as WireGuard writes keys.
_PUBLIC_KEY = re.compile(r"[A-Za-z0-9+/]{43}=")


def is_public_key(text: str) -> bool:
    """Whether it may be a host's key: it gets into what root's programs read."""
    return _PUBLIC_KEY.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class PortStatus:
    """Whether a port is wired up on its host."""

    port_id: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class AgentReport:
    """What an agent tells: that it lives, what it has made true.

    ``ports`` are its local ports; one that is missing has not been looked at yet.
    ``problem`` is "" or one line on what does not work, for operators.
    """

    host: str
    revision: int  # of the view that it works on; -1: it has none yet
    ports: tuple[PortStatus, ...] = ()
    problem: str = ""
    tunnel_address: str = ""  # where tunnels to this host end; "": it has none
    tunnel_key: str = ""  # the public key of what is encrypted for this host
