"""Addresses and prefixes: what is a good subnet, which of its addresses are given out.

Pure.  Addresses travel as text in canonical form; inside, ``ipaddress`` counts.
"""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from compute.network.errors import conflict, invalid

IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

# Prefixes that this short or that long have no room for hosts, or no end.
PREFIX_LENGTH_MIN = 1
SLAAC_PREFIX_LENGTH = 64
AUTOMATIC_MODES = ("slaac", "dhcpv6-stateless")
# Point-to-point prefixes (RFC 3021, RFC 6164) have no network or broadcast address.
POINT_TO_POINT_HOSTS = 2


@dataclass(frozen=True, slots=True)
class Range:
    """Addresses from ``first`` to ``last``, both included, as numbers."""

    first: int
    last: int

    def __len__(self) -> int:
        return min(self.last - self.first + 1, 2**62)

    def holds(self, number: int) -> bool:
        """Whether it is one of them."""
        return self.first <= number <= self.last


def read_prefix(text: str) -> IPNetwork:
    """A prefix; bits of the host part are dropped.  ``ValueError``, for those with a
    zone too: it may be any text, and prefixes become rules and files of hosts."""
    if "%" in text:
        raise ValueError("a prefix has no zone")
    return ipaddress.ip_network(text, strict=False)


def parse_prefix(text: str, what: str = "cidr") -> IPNetwork:
    """A prefix; bits of the host part are dropped.  ``InvalidInput``."""
    try:
        found = read_prefix(text)
    except ValueError:
        raise invalid(f"{what}: '{text[:80]}' is not a valid IP subnet.") from None
    if found.prefixlen < PREFIX_LENGTH_MIN:
        raise invalid(f"{what}: '{text}': the prefix length is too short.")
    return found


def parse_destination(text: str, what: str = "destination") -> IPNetwork:
    """A prefix of any length: everywhere is a good answer.  ``InvalidInput``."""
    try:
        return read_prefix(text)
    except ValueError:
        raise invalid(f"{what}: '{text[:80]}' is not a valid IP subnet.") from None


def parse_address(text: str, what: str = "ip_address") -> IPAddress:
    """An address.  ``InvalidInput``."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        raise invalid(f"{what}: '{text[:80]}' is not a valid IP address.") from None
    if isinstance(found, ipaddress.IPv6Address) and found.scope_id:
        raise invalid(f"{what}: '{text[:80]}' must not have a zone.")
    return found


def is_inside(inner: IPNetwork, outer: IPNetwork) -> bool:
    """Whether all addresses of ``inner`` are ``outer``'s too."""
    if inner.version != outer.version:
        return False
    return (
        outer.network_address <= inner.network_address  # type: ignore[operator]
        and inner.broadcast_address <= outer.broadcast_address  # type: ignore[operator]
    )


def without_prefix(outer: IPNetwork, gone: IPNetwork) -> list[IPNetwork]:
    """What is left of a prefix when another one of its version is taken away."""
    if not outer.overlaps(gone):
        return [outer]
    if is_inside(outer, gone):
        return []
    return list(outer.address_exclude(gone))  # type: ignore[arg-type]


def number_text(address: str) -> str:
    """An address as a hexadecimal number that sorts as addresses do."""
    return f"{int(ipaddress.ip_address(address)):032x}"


def address_text(number: int, version: int) -> str:
    """The address with that number."""
    if version == 4:
        return str(ipaddress.IPv4Address(number))
    return str(ipaddress.IPv6Address(number))


def usable(prefix: IPNetwork) -> Range:
    """Addresses that hosts may have."""
    first, last = int(prefix.network_address), int(prefix.broadcast_address)
    if prefix.num_addresses <= POINT_TO_POINT_HOSTS:
        return Range(first, last)
    # IPv6 has no broadcast; the all-zeros address is the routers' (RFC 4291).
    return Range(first + 1, last - 1 if prefix.version == 4 else last)


def default_gateway(prefix: IPNetwork) -> str:
    """The first usable address."""
    return address_text(usable(prefix).first, prefix.version)


def default_pools(prefix: IPNetwork, gateway: str) -> list[dict[str, str]]:
    """All usable addresses but the gateway."""
    whole = usable(prefix)
    ranges = [whole]
    if gateway and ipaddress.ip_address(gateway) in prefix:
        number = int(ipaddress.ip_address(gateway))
        ranges = [Range(whole.first, number - 1), Range(number + 1, whole.last)]
    return [
        {
            "start": address_text(each.first, prefix.version),
            "end": address_text(each.last, prefix.version),
        }
        for each in ranges
        if each.first <= each.last
    ]


def check_pools(
    prefix: IPNetwork, pools: Iterable[Mapping[str, str]], gateway: str
) -> list[dict[str, str]]:
    """The pools in canonical form and order.  Raises when one is outside the prefix,
    overlaps another, or holds the gateway."""
    whole = usable(prefix)
    found: list[Range] = []
    for pool in pools:
        start = parse_address(pool["start"], "allocation_pools")
        end = parse_address(pool["end"], "allocation_pools")
        each = Range(int(start), int(end))
        text = f"{start}-{end}"
        if start.version != prefix.version or end.version != prefix.version:
            raise invalid(
                f"The allocation pool {text} is not valid.", "InvalidAllocationPool"
            )
        if each.first > each.last:
            raise invalid(
                f"The allocation pool {text} is not valid.", "InvalidAllocationPool"
            )
        if not (whole.holds(each.first) and whole.holds(each.last)):
            raise invalid(
                f"The allocation pool {text} spans beyond the subnet cidr {prefix}.",
                "OutOfBoundsAllocationPool",
            )
        if gateway and each.holds(int(ipaddress.ip_address(gateway))):
            raise conflict(
                "GatewayConflictWithAllocationPools",
                f"Gateway ip {gateway} conflicts with allocation pool {text}.",
            )
        found.append(each)
    found.sort(key=lambda each: each.first)
    for before, after in itertools.pairwise(found):
        if after.first <= before.last:
            raise conflict(
                "OverlappingAllocationPools",
                f"Found overlapping allocation pools in {prefix}.",
            )
    return [
        {
            "start": address_text(each.first, prefix.version),
            "end": address_text(each.last, prefix.version),
        }
        for each in found
    ]


def ranges_of(pools: Iterable[Mapping[str, str]]) -> list[Range]:
    """Pools as numbers."""
    return [
        Range(
            int(ipaddress.ip_address(pool["start"])),
            int(ipaddress.ip_address(pool["end"])),
        )
        for pool in pools
    ]


def first_free(within: Range, taken: Sequence[int]) -> int | None:
    """The lowest number that is not taken (sorted, all within), or None."""
    candidate = within.first
    for number in taken:
        if number > candidate:
            break
        candidate = number + 1
    return candidate if candidate <= within.last else None


def eui64_address(cidr: str, mac: str) -> str:
    """The address that a host with that MAC address makes itself (RFC 4291)."""
    octets = [int(part, 16) for part in mac.split(":")]
    octets[0] ^= 0x02
    interface = bytes([*octets[:3], 0xFF, 0xFE, *octets[3:]])
    prefix = ipaddress.IPv6Network(cidr)
    return str(
        ipaddress.IPv6Address(
            int(prefix.network_address) | int.from_bytes(interface, "big")
        )
    )


def free_prefix(
    within: Sequence[str], taken: Iterable[str], prefix_length: int
) -> str | None:
    """The lowest prefix of that length inside ``within`` that meets none taken."""
    used = sorted(
        (ipaddress.ip_network(text) for text in taken),
        key=lambda each: (each.version, int(each.network_address)),
    )
    for text in within:
        outer = ipaddress.ip_network(text)
        if outer.prefixlen > prefix_length:
            continue
        size = 1 << (outer.max_prefixlen - prefix_length)
        candidate = int(outer.network_address)
        last = int(outer.broadcast_address)
        for each in used:
            if each.version != outer.version:
                continue
            first_used, last_used = (
                int(each.network_address),
                int(each.broadcast_address),
            )
            if last_used < candidate:
                continue
            if first_used > candidate + size - 1:
                break
            candidate = -(-(last_used + 1) // size) * size
        if candidate + size - 1 <= last:
            return f"{address_text(candidate, outer.version)}/{prefix_length}"
    return None
