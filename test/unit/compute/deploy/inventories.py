"""Inventories that tests begin with."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from compute.deploy.certificates import Papers, make_authority, make_certificate
from compute.deploy.inventory import Inventory, read_inventory
from compute.deploy.model import Secrets

SOURCE = Path("site.inventory")
SECRETS = Secrets("suffix", "cluster", "token", "service", {"test:tester": "key"})
NOW = datetime(2026, 1, 1, tzinfo=UTC)
AUTHORITY = make_authority("Test", NOW)
PAPERS = Papers(
    AUTHORITY,
    {
        name: make_certificate(AUTHORITY, [name], NOW)
        for name in ("alpha", "beta", "gamma", "delta")
    },
)
Sections = dict[str, dict[str, str]]


def sections() -> Sections:
    """Three zones of a store, the control plane on the third host."""
    hosts = {
        f"host:{name}": {
            "address": f"10.0.0.{number}",
            "zone": str(number),
            "roles": "store, proxy",
            "devices": "d1 100, d2 100",
        }
        for number, name in enumerate(("alpha", "beta", "gamma"), 1)
    }
    hosts["host:gamma"]["roles"] += ", control, compute"
    hosts["host:gamma"]["hypervisor"] = "sim"
    return {
        "cloud": {},
        "store": {"part_power": "6", "users": "test:tester .admin"},
        **hosts,
    }


def inventory(changes: Sections | None = None, *, without: str = "") -> Inventory:
    """That one, with some options changed."""
    found = sections()
    for name, options in (changes or {}).items():
        found.setdefault(name, {}).update(options)
    found.pop(without, None)
    return read_inventory(SOURCE, found)
