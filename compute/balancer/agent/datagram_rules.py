"""Rules of the kernel (nftables) that balance a load balancer's datagrams.  Pure.

A flow (an address and a port of a client) is given to a member with its first
datagram and stays there: that is the kernel's memory of connections, marked with the
member's number.  What sticks, and what is counted, are objects that outlive a change of
the rules; the rules themselves are written whole, in one transaction.

Names of chains say what is loaded: ``digest_...`` of which text, ``origin_...`` since
when it counts.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import gcd

from compute.balancer.datagrams import DatagramListener, DatagramMember

TABLE = "ringstack_udp"
DIGEST, ORIGIN = "digest_", "origin_"
DIGEST_CHARACTERS = 16
# Shares of members are as exact as this many places allow.
PLACES_MAX = 1024
# An address that sticks is forgotten when so many others do.
STICKY_MAX = 10000
# Always the same: else who was where would be another question after each change.
SEED = "0x72696e67"
_DOWN = "DOWN"


@dataclass(frozen=True, slots=True)
class Standing:
    """What the kernel has: names of chains, maps and counters (with their bytes or,
    of ``new_...``, packets)."""

    chains: frozenset[str] = frozenset()
    maps: frozenset[str] = frozenset()
    counters: Mapping[str, int] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Of the text that was loaded; "": of none."""
        return _rest(self.chains, DIGEST)

    @property
    def origin(self) -> str:
        """Who counts."""
        return _rest(self.chains, ORIGIN)


def _rest(names: frozenset[str], prefix: str) -> str:
    found = [name.removeprefix(prefix) for name in names if name.startswith(prefix)]
    return min(found, default="")


def family_of(address: str) -> str:
    """nft's word for the address's version of IP."""
    return "ip6" if ipaddress.ip_address(address).version == 6 else "ip"


def key_of(listener_id: str) -> str:
    """A listener's id as a part of names."""
    return listener_id.replace("-", "")


def marks_of(listener: DatagramListener) -> dict[str, int]:
    """A number for each member, which it keeps whatever becomes of the others."""
    found: dict[int, str] = {}
    for member in sorted(listener.members, key=lambda each: each.id):
        digest = hashlib.sha256(f"{listener.id}:{member.id}".encode()).digest()
        mark = int.from_bytes(digest[:4], "big") or 1
        while mark in found:
            mark = mark % 0xFFFFFFFF + 1
        found[mark] = member.id
    return {member_id: mark for mark, member_id in found.items()}


def is_well(member: DatagramMember, states: Mapping[str, str]) -> bool:
    """Whether its flows may go on: it is switched on, and no probe says otherwise."""
    return member.is_on and states.get(member.id) != _DOWN


def choice(
    listener: DatagramListener, states: Mapping[str, str]
) -> list[DatagramMember]:
    """Those that get new flows: of the well ones with a weight all that are no
    backups, or else all that are."""
    well = [each for each in listener.members if is_well(each, states) and each.weight]
    return [each for each in well if not each.backup] or well


@lru_cache(maxsize=256)
def turns(weights: tuple[int, ...]) -> tuple[int, ...]:
    """Whose turn it is: indices, as often as their weights say, well mixed."""
    total = sum(weights)
    if total > PLACES_MAX:
        weights = tuple(max(1, each * PLACES_MAX // total) for each in weights)
    part = gcd(*weights)
    shares = [each // part for each in weights]
    credit, order = [0] * len(shares), []
    for _ in range(sum(shares)):
        credit = [have + share for have, share in zip(credit, shares, strict=True)]
        chosen = max(range(len(shares)), key=lambda index: credit[index])
        credit[chosen] -= sum(shares)
        order.append(chosen)
    return tuple(order)


def fewest_first(weights: Sequence[int], held: Sequence[int]) -> tuple[int, ...]:
    """Whose turn it is, if each next flow goes to who has the fewest for its weight."""
    now, order = list(held), []
    for _ in range(max(2 * len(weights), 16)):
        chosen = min(range(len(now)), key=lambda i: (now[i] / weights[i], i))
        now[chosen] += 1
        order.append(chosen)
    return tuple(order)


def rules_text(
    address: str,
    listeners: Sequence[DatagramListener],
    states: Mapping[str, str],
    held: Mapping[int, int],
) -> str:
    """What the table is to hold.  ``held``: flows by mark."""
    served = [(each, choice(each, states)) for each in listeners]
    lines = [line for each in listeners for line in _objects(each, address)]
    for listener, chosen in served:
        if chosen:
            lines += _choosing(listener, chosen, address, held)
    lines += _hooks(address, served)
    return "\n".join(lines)


def transaction(
    family: str, text: str, digest: str, standing: Standing, origin: str
) -> str:
    """What nft is to read: the text in the place of what stands.  ``origin``: for a
    table that is new."""
    names = _names(text)
    keep = {f"{DIGEST}{digest}", f"{ORIGIN}{standing.origin or origin}", *names}
    lines = [f"add table {family} {TABLE}", f"flush table {family} {TABLE}"]
    for kind, there in (
        ("chain", standing.chains),
        ("map", standing.maps),
        ("counter", standing.counters),
    ):
        lines += [
            f"delete {kind} {family} {TABLE} {name}"
            for name in sorted(there)
            if name not in keep
        ]
    lines += [
        f"table {family} {TABLE} {{",
        text,
        f"chain {DIGEST}{digest} {{",
        "}",
        f"chain {ORIGIN}{standing.origin or origin} {{",
        "}",
        "}",
    ]
    return "\n".join(lines) + "\n"


def digest_of(text: str) -> str:
    """Names a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_CHARACTERS]


def _names(text: str) -> set[str]:
    words = [line.split() for line in text.splitlines()]
    kinds = ("chain", "map", "counter")
    return {each[1] for each in words if each[:1] and each[0] in kinds}


def _objects(listener: DatagramListener, address: str) -> Iterator[str]:
    key = key_of(listener.id)
    for name in ("in", "out", "new"):
        yield f"counter {name}_{key} {{"
        yield "}"
    if listener.sticky_seconds:
        kind = "ipv6_addr" if family_of(address) == "ip6" else "ipv4_addr"
        yield f"map {_sticky(listener)} {{"
        yield f"type {kind} : mark"
        yield f"size {STICKY_MAX}"
        yield "flags dynamic,timeout"
        yield f"timeout {listener.sticky_seconds}s"
        yield "}"


def _sticky(listener: DatagramListener) -> str:
    """Another timeout, or other bits, make it another."""
    key = key_of(listener.id)
    return f"sticky_{key}_{listener.sticky_seconds}_{listener.sticky_bits}"


def _source(listener: DatagramListener, address: str) -> str:
    """Of an address that sticks, what counts."""
    family = family_of(address)
    whole = f"{'::' if family == 'ip6' else '0.0.0.0'}/{listener.sticky_bits}"
    mask = ipaddress.ip_network(whole).netmask
    return f"{family} saddr & {mask}"


def _choosing(
    listener: DatagramListener,
    chosen: Sequence[DatagramMember],
    address: str,
    held: Mapping[int, int],
) -> Iterator[str]:
    family, key, marks = family_of(address), key_of(listener.id), marks_of(listener)
    for member in chosen:
        place = f"[{member.address}]" if family == "ip6" else member.address
        yield f"chain member_{key}_{marks[member.id]} {{"
        yield f"ct mark set {marks[member.id]}"
        if listener.sticky_seconds:
            yield _stick(listener, address)
        yield f"meta l4proto udp dnat {family} to {place}:{member.port}"
        yield "}"
    goto = {each.id: f"goto member_{key}_{marks[each.id]}" for each in chosen}
    yield f"chain listener_{key} {{"
    yield f"counter name new_{key}"
    if listener.sticky_seconds:
        yield "meta mark set 0"
        yield f"meta mark set {_source(listener, address)} map @{_sticky(listener)}"
        stuck = ", ".join(f"{marks[each.id]} : {goto[each.id]}" for each in chosen)
        yield f"meta mark vmap {{ {stuck} }}"
    weights = tuple(each.weight for each in chosen)
    if listener.algorithm == "LEAST_CONNECTIONS":
        order = fewest_first(weights, [held.get(marks[one.id], 0) for one in chosen])
    else:
        order = turns(weights)
    places = ", ".join(f"{n} : {goto[chosen[i].id]}" for n, i in enumerate(order))
    which = {
        "SOURCE_IP": f"jhash {family} saddr mod {len(order)} seed {SEED}",
        "SOURCE_IP_PORT": (
            f"jhash {family} saddr . udp sport mod {len(order)} seed {SEED}"
        ),
    }.get(listener.algorithm, f"numgen inc mod {len(order)}")
    yield f"{which} vmap {{ {places} }}"
    yield "}"


def _stick(listener: DatagramListener, address: str) -> str:
    source = _source(listener, address)
    return f"update @{_sticky(listener)} {{ {source} : ct mark }}"


def _hooks(
    address: str, served: Sequence[tuple[DatagramListener, list[DatagramMember]]]
) -> Iterator[str]:
    """Where the kernel asks: when a datagram comes, for its first one, when it is
    handed on (nothing else is), and as whom."""
    family = family_of(address)
    yield "chain before {"
    yield "type filter hook prerouting priority -150; policy accept;"
    for listener, _ in served:
        ours = f"{family} daddr {address} udp dport {listener.port}"
        yield f"{ours} counter name in_{key_of(listener.id)}"
        yield f"{ours} ct state new ct count over {listener.flows_max} drop"
        if listener.sticky_seconds:
            yield f"{ours} ct mark != 0 {_stick(listener, address)}"
    yield "}"
    yield "chain choose {"
    yield "type nat hook prerouting priority -100; policy accept;"
    for listener, chosen in served:
        if chosen:
            ours = f"{family} daddr {address} udp dport {listener.port}"
            yield f"{ours} goto listener_{key_of(listener.id)}"
    yield "}"
    yield "chain between {"
    yield "type filter hook forward priority 0; policy drop;"
    for listener, _ in served:
        back = f"ct direction reply ct original proto-dst {listener.port}"
        name = f"out_{key_of(listener.id)}"
        yield f"meta l4proto udp ct status dnat {back} counter name {name}"
    yield "ct status dnat accept"
    yield "}"
    yield "chain leave {"
    yield "type nat hook postrouting priority 100; policy accept;"
    yield f"ct status dnat snat {family} to {address}"
    yield "}"
