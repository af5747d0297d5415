"""What a server's interfaces tell: its addresses, and the groups that guard them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def addresses(
    vifs: Sequence[Mapping[str, Any]], *, extended: bool
) -> dict[str, list[dict[str, Any]]]:
    """Addresses by network's name."""
    found: dict[str, list[dict[str, Any]]] = {}
    for vif in vifs:
        entries = found.setdefault(vif["network_name"], [])
        for each in vif["addresses"]:
            entries.append(
                _address(each["version"], each["address"], vif, "fixed", extended)
            )
            entries += [
                _address(4, floating, vif, "floating", extended)
                for floating in each["floating"]
            ]
    return found


def _address(
    version: int, text: str, vif: Mapping[str, Any], kind: str, extended: bool
) -> dict[str, Any]:
    entry: dict[str, Any] = {"version": version, "addr": text}
    if extended:
        entry["OS-EXT-IPS:type"] = kind
        entry["OS-EXT-IPS-MAC:mac_addr"] = vif["mac"]
    return entry


def security_groups(vifs: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The groups of all its interfaces, each once."""
    names: list[str] = []
    for vif in vifs:
        names += [name for name in vif["security_groups"] if name not in names]
    return [{"name": name} for name in names]
