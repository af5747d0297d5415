"""Where other hosts reach our exports: decided for each host that asks.

The gates listen where the operator says (``[volume] tcp_address``), or where the
process itself does (``[cloud] public_address``).  A host that cannot come there is told
so at once: what it would see otherwise is a connection that is refused, again and
again.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass

from compute.core.errors import BadRequest
from compute.volume.connection import Connector

LOOPBACK = "127.0.0.1"
_ANY_PORT = 9  # no packet is sent


def own_address_towards(address: str) -> str:
    """Which of our own addresses another one sees us by; "" when there is no way."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect((address, _ANY_PORT))
        except OSError:
            return ""
        return str(sock.getsockname()[0])


@dataclass(frozen=True, slots=True)
class Listening:
    """``host``: our own name; ``address`` and ``ports``: where gates listen."""

    host: str
    address: str
    ports: range
    towards: Callable[[str], str] = own_address_towards

    def is_near(self, connector: Connector) -> bool:
        """Whether its guests run on this very host."""
        return connector.host == self.host

    def check_way(self, connector: Connector) -> None:
        """``BadRequest`` when that host has no way to here.  An address that it does
        not tell, or that stands for any, is not judged."""
        if self.is_near(connector) or not is_loopback(self.address):
            return
        if _is_one(connector.address) and not is_loopback(connector.address):
            raise BadRequest(
                f"Host {connector.host} cannot reach volumes: their host gives them at"
                f" {self.address} only. Set [volume] tcp_address (or [cloud]"
                " public_address) there to an address that other hosts can reach, and"
                " start it again."
            )

    def shown_to(self, connector: Connector) -> str:
        """The address that this host is to connect to."""
        if not _is_any(self.address):
            return self.address
        found = self.towards(connector.address) if _is_one(connector.address) else ""
        return found or self.host


def is_loopback(address: str) -> bool:
    """Whether it leads nowhere but to this machine."""
    try:
        return ipaddress.ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return address == "localhost"


def _is_any(address: str) -> bool:
    try:
        return ipaddress.ip_address(address.strip("[]")).is_unspecified
    except ValueError:
        return False


def _is_one(address: str) -> bool:
    """Whether it names one machine."""
    return bool(address) and not _is_any(address)
