"""What a router lets through where its networks are in address scopes: pure.

Within a scope, and between networks that are in none, it leads on as ever.  From one
scope into another it leads nothing, but what floating addresses and forwarded ports
translate, and what leaves in the name of the router itself: then neither side meets
the other's addresses.  Who leaves into his own scope keeps his address.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Side:
    """An interface of a router: its device's name inside, its prefixes of one version
    of IP, and their scope ("": none)."""

    device: str
    prefixes: tuple[str, ...]
    scope: str = ""


def keeps_address(side: Side, outer: Side | None) -> bool:
    """Whether what leaves from there does so with its own address."""
    return outer is not None and side.scope != "" and side.scope == outer.scope


def scope_rules(
    inner: Sequence[Side],
    outer: Side | None,
    *,
    version: int = 4,
    translated: Collection[str] = (),
    snat: bool = False,
    lends: bool = False,
) -> list[str]:
    """Rules of the chain through which everything passes; none where all is in one
    scope.  ``translated``: guests' addresses that leave as floating ones; ``snat``:
    others of the router's networks leave as its own; ``lends``: all others do, from
    behind other routers, too."""
    sides = [*inner, *([outer] if outer else [])]
    if len({side.scope for side in sides}) < 2:
        return []
    rules = ["ct status dnat accept"]
    for side in inner:
        others = [one.device for one in inner if one.scope != side.scope]
        if others:
            rules.append(f'iifname "{side.device}" oifname {_names(others)} drop')
    foreign = [each.device for each in inner if outer and each.scope != outer.scope]
    if outer is None or not foreign:
        return rules
    into, out = _names(foreign), f'"{outer.device}"'
    rules.append(f"iifname {out} oifname {into} ct state new drop")
    if lends:
        return rules
    word = "ip" if version == 4 else "ip6"
    if snat:
        known = ", ".join(sorted({each for side in inner for each in side.prefixes}))
        rules.append(f"iifname {into} oifname {out} {word} saddr != {{ {known} }} drop")
        return rules
    if translated:
        # Their answers come back to an address that is of the other side.
        addresses = ", ".join(sorted(translated))
        rules.append(f"oifname {out} {word} saddr {{ {addresses} }} accept")
    rules.append(f"iifname {into} oifname {out} drop")
    return rules


def _names(devices: Sequence[str]) -> str:
    return "{ " + ", ".join(f'"{name}"' for name in sorted(devices)) + " }"
