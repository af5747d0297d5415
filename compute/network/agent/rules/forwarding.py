"""The map by which a router forwards ports of floating addresses.

Keys and values are as nft writes them: "172.24.4.9 . tcp . 2222" leads to
"10.1.0.7 . 22".  So what is loaded can be read back and compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from compute.network.view import PortForwarding

MAP = "forwarded"
_LOADED = re.compile(rf"map {MAP} \{{(.*?)\n\t\}}", re.DOTALL)
_ENTRY = re.compile(r"([0-9.]+ \. [a-z]+ \. [0-9]+) : ([0-9.]+ \. [0-9]+)")


def forward_map(forwardings: Iterable[PortForwarding]) -> dict[str, str]:
    """An entry for each port."""
    found = {}
    for each in forwardings:
        step = 0 if each.inner_first == each.inner_last else 1
        for place, port in enumerate(range(each.outer_first, each.outer_last + 1)):
            inner = each.inner_first + place * step
            key = f"{each.address} . {each.protocol} . {port}"
            found[key] = f"{each.fixed_address} . {inner}"
    return found


def loaded_map(listing: str) -> dict[str, str]:
    """What a listing of the router's rules shows of it."""
    found = _LOADED.search(listing)
    return dict(_ENTRY.findall(found[1])) if found else {}


def map_text(entries: Mapping[str, str]) -> str:
    """The map as a part of a ruleset."""
    lines = [
        f"  map {MAP} {{",
        "    type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service",
    ]
    if entries:
        items = ", ".join(f"{key} : {value}" for key, value in sorted(entries.items()))
        lines.append(f"    elements = {{ {items} }}")
    return "\n".join([*lines, "  }"]) + "\n"


def parts_of(key: str) -> tuple[str, str, str]:
    """Address, protocol and port of a key."""
    address, protocol, port = key.split(" . ")
    return address, protocol, port
