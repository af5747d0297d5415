"""Which URLs the service may fetch on a user's behalf: pure rules.

A user who names a URL lends himself our place in the network.  So only public
addresses are asked, by schemes, ports and names that an operator allows; metadata
services, loopback and private networks are not, however they are written: what counts
is the address that is connected to, not the name that led there.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from compute.core.errors import BadRequest

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

DEFAULT_PORTS = {"http": 80, "https": 443}
URL_CHARACTERS_MAX = 2048
# Addresses of IPv4 in IPv6 clothes that the standard library takes for public ones.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class WebTarget:
    """Where to go for a URL."""

    scheme: str
    host: str
    port: int
    path: str  # with the query


@dataclass(frozen=True, slots=True)
class UrlRules:
    """An operator's choice; empty ``ports`` or ``hosts`` allow any."""

    schemes: frozenset[str]
    ports: frozenset[int]
    hosts: frozenset[str]
    hosts_refused: frozenset[str]
    networks_allowed: tuple[Network, ...]

    def target(self, url: str) -> WebTarget:
        """Where the URL leads, if it may be fetched; ``BadRequest``."""
        try:
            parts = urlsplit(url)
            host = _as_asked((parts.hostname or "").rstrip("."))
            port = parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
        except ValueError:  # no number, no name that a resolver could be asked for
            raise _refused("it is malformed") from None
        if len(url) > URL_CHARACTERS_MAX or not url.isprintable() or " " in url:
            raise _refused("it is malformed")
        if parts.scheme not in self.schemes or parts.scheme not in DEFAULT_PORTS:
            raise _refused(f"scheme {parts.scheme or 'none'} is not allowed")
        if not host:
            raise _refused("it names no host")
        if parts.username is not None or parts.password is not None:
            raise _refused("it holds a user's name")
        if self.ports and port not in self.ports:
            raise _refused(f"port {port} is not allowed")
        if host in self.hosts_refused or (self.hosts and host not in self.hosts):
            raise _refused(f"host {host} is not allowed")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        literal = _literal(host)
        if literal is not None and not self.allows(literal):
            raise _refused(f"address {host} is not allowed")
        return WebTarget(parts.scheme, host, port, path)

    def choose(self, target: WebTarget, addresses: Iterable[str]) -> str:
        """The address to connect to: the first, if every one is allowed.

        One bad address among good ones is a trap, not a choice.
        """
        found = [ipaddress.ip_address(text.partition("%")[0]) for text in addresses]
        if not found:
            raise _refused(f"host {target.host} has no address")
        for address in found:
            if not self.allows(address):
                raise _refused(f"host {target.host} leads to {address}, not allowed")
        return str(found[0])

    def allows(self, address: Address) -> bool:
        """Whether that address may be connected to."""
        inner = _inner(address)
        if any(inner in network for network in self.networks_allowed):
            return True
        return inner.is_global and not inner.is_multicast and not inner.is_reserved


def parse_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Networks in CIDR notation; ``ValueError``."""
    return tuple(ipaddress.ip_network(text, strict=False) for text in texts)


def _as_asked(host: str) -> str:
    """The name as resolvers and servers are told it: other alphabets have more than
    one way to write it, all of which are that name.  ``ValueError``."""
    return host.lower() if ":" in host else host.encode("idna").decode().lower()


def plain_address(text: str) -> str:
    """An address in the one way in which two that lead to one place are the same."""
    return str(_inner(ipaddress.ip_address(text.partition("%")[0])))


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, if it does."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address.sixtofour is not None:
            return address.sixtofour
        if address.teredo is not None:
            return address.teredo[1]
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _refused(why: str) -> BadRequest:
    return BadRequest(f"The URI does not pass filtering: {why}")
