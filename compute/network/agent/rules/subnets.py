"""What a router drops on its way into a subnet, or out of it: pure.

A subnet with packet rules has a chain for each direction, in which the first rule that
fits decides.  What passes goes on to all that comes after; nothing here looks at the
state of connections, so a change holds for those that are there, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from compute.network.agent.rules.anti_spoofing import prefix_of
from compute.network.agent.rules.security import transport_words
from compute.network.view import Direction, PacketRule

_WAYS = (
    (Direction.EGRESS, "leaving", "iifname", "saddr", "daddr"),
    (Direction.INGRESS, "entering", "oifname", "daddr", "saddr"),
)
"""Which way, its chains' name, the interface of the subnet, and where in a packet its
own addresses are and where the others'."""


@dataclass(frozen=True, slots=True)
class Gate:
    """The interface (its device inside) by which a subnet is reached, and the rules.
    ``prefix``: the subnet's, where others are reached by the same one, else ""."""

    device: str
    prefix: str
    rules: tuple[PacketRule, ...]


def chains(gates: Sequence[Gate], version: int) -> str:
    """The chains of all gates, as a part of a table."""
    family = "ip" if version == 4 else "ip6"
    lines: list[str] = []
    for number, gate in enumerate(gates):
        for direction, name, _, _, other in _WAYS:
            lines.append(f"  chain {name}_{number} {{")
            lines += [
                f"    {_rule(rule, family, other)}"
                for rule in gate.rules
                if rule.what.direction is direction
            ]
            lines += ["    drop", "  }"]
    return "".join(f"{line}\n" for line in lines)


def jumps(gates: Sequence[Gate], version: int) -> list[str]:
    """Rules of the chain through which everything passes that is led on."""
    family = "ip" if version == 4 else "ip6"
    return [
        f'{interface} "{gate.device}"'
        + (f" {family} {own} {gate.prefix}" if gate.prefix else "")
        + f" jump {name}_{number}"
        for number, gate in enumerate(gates)
        for _, name, interface, own, _ in _WAYS
    ]


def _rule(rule: PacketRule, family: str, other: str) -> str:
    words = list(transport_words(rule.what))
    if rule.what.remote_prefix:
        words.insert(0, f"{family} {other} {prefix_of(rule.what.remote_prefix)}")
    return " ".join([*words, "return" if rule.passes else "drop"])
