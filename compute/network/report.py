"""What a host's agent tells the network room of what it has made true."""

from __future__ import annotations

from dataclasses import dataclass


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
