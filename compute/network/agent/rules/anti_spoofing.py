"""Anti-spoofing as text for nft: is the sender who it says it is?

Each guarded port has three chains, asked before the bridge looks where a frame goes:
``source_TAP`` (MAC address and kind of frame; ARP), ``source4_TAP`` and ``source6_TAP``
(IP addresses, neighbour advertisements).  A guest is neither DHCP server nor router.
What passes returns to the caller, everything else is dropped and counted.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from typing import Any

from compute.network.port_names import tap_name
from compute.network.view import Port

# A guest that may send these could lead its neighbours' packets to itself.
ROUTER_TYPES = "{ 134, 137 }"
# Packets that a guest sends before it has an address: detection of duplicates,
# listener reports, router solicitations.
UNSPECIFIED_TYPES = "{ 131, 133, 135, 143 }"


def permitted_sources(port: Port) -> list[tuple[str, str]]:
    """(MAC address, prefix) pairs that the port may send from, in fixed order."""
    pairs = [(port.mac, prefix_of(fixed.address)) for fixed in port.addresses]
    pairs += [
        (pair.mac or port.mac, prefix_of(pair.address)) for pair in port.address_pairs
    ]
    pairs += [(mac, prefix_of(link_local(mac))) for mac in _macs(port)]
    return sorted(set(pairs))


def link_local(mac: str) -> str:
    """The IPv6 link-local address that a MAC address makes (RFC 4291, EUI-64)."""
    parts = [int(part, 16) for part in mac.split(":")]
    parts[0] ^= 0x02
    identifier = bytes([*parts[:3], 0xFF, 0xFE, *parts[3:]])
    return str(ipaddress.IPv6Address(b"\xfe\x80" + bytes(6) + identifier))


def source_chains(port: Port) -> Iterator[tuple[str, Iterator[str]]]:
    """(name, rules) of the port's chains."""
    tap = tap_name(port.id)
    yield f"source_{tap}", _source(port)
    yield f"source4_{tap}", _source4(port)
    yield f"source6_{tap}", _source6(port)


def _source(port: Port) -> Iterator[str]:
    tap = tap_name(port.id)
    yield f"ether saddr != {{ {', '.join(_macs(port))} }} counter drop"
    yield f"ether type ip goto source4_{tap}"
    yield f"ether type ip6 goto source6_{tap}"
    for mac, prefixes in _by_mac(port, 4):
        senders = ", ".join(["0.0.0.0", *prefixes])
        yield (
            f"ether type arp ether saddr {mac} arp saddr ether {mac} "
            f"arp saddr ip {{ {senders} }} return"
        )
    yield "counter drop"


def _source4(port: Port) -> Iterator[str]:
    yield "ip saddr 0.0.0.0 udp sport 68 udp dport 67 return"
    yield "udp sport 67 udp dport 68 counter drop"
    for mac, prefixes in _by_mac(port, 4):
        yield f"ether saddr {mac} ip saddr {{ {', '.join(prefixes)} }} return"
    yield "counter drop"


def _source6(port: Port) -> Iterator[str]:
    yield f"icmpv6 type {ROUTER_TYPES} counter drop"
    yield "udp sport 547 udp dport 546 counter drop"
    yield f"ip6 saddr :: icmpv6 type {UNSPECIFIED_TYPES} return"
    advert = "icmpv6 type nd-neighbor-advert"
    for mac, prefixes in _by_mac(port, 6):
        for prefix in prefixes:
            sender = f"ether saddr {mac} ip6 saddr {{ {', '.join(prefixes)} }}"
            yield f"{advert} {_target(prefix)}{sender} return"
    yield f"{advert} counter drop"
    for mac, prefixes in _by_mac(port, 6):
        yield f"ether saddr {mac} ip6 saddr {{ {', '.join(prefixes)} }} return"
    yield "counter drop"


def _target(prefix: str) -> str:
    """Matches the target address of an advertisement, which begins after eight bytes
    of ICMPv6."""
    network = ipaddress.IPv6Network(prefix)
    if not network.prefixlen:
        return ""
    mask, value = int(network.netmask), int(network.network_address)
    if network.prefixlen == network.max_prefixlen:
        return f"@th,64,128 0x{value:x} "
    return f"@th,64,128 & 0x{mask:x} == 0x{value:x} "


def _macs(port: Port) -> list[str]:
    return sorted({port.mac, *(pair.mac for pair in port.address_pairs if pair.mac)})


def _by_mac(port: Port, version: int) -> list[tuple[str, list[str]]]:
    found: dict[str, list[Any]] = {}
    for mac, prefix in permitted_sources(port):
        network = ipaddress.ip_network(prefix)
        if network.version == version:
            found.setdefault(mac, []).append(network)
    return [(mac, collapsed(networks)) for mac, networks in sorted(found.items())]


def prefix_of(text: str) -> str:
    """The prefix in canonical form; an address is a prefix of full length."""
    return str(ipaddress.ip_network(text, strict=False))


def collapsed(networks: Iterable[Any]) -> list[str]:
    """All of one version; none inside another, which sets refuse."""
    return [str(network) for network in ipaddress.collapse_addresses(networks)]
