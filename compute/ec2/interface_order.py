"""In which order a server has its interfaces, by their hardware addresses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def hardware_addresses(server: Mapping[str, Any]) -> dict[str, int]:
    """Those of a server's interfaces, with their places."""
    found: dict[str, int] = {}
    for addresses in server.get("addresses", {}).values():
        for each in addresses:
            found.setdefault(each["OS-EXT-IPS-MAC:mac_addr"], len(found))
    return found
