"""Devices that ``status`` names."""

from __future__ import annotations

from typing import Any

from compute.deploy.store_devices import ill_devices
from test.unit.compute.deploy.inventories import inventory

MIB = 1 << 20


def device(name: str, free_bytes: int) -> dict[str, Any]:
    return {
        "device": name,
        "free_bytes": free_bytes,
        "reserve_bytes": 8 * MIB,
        "body_reserve_bytes": 8 * MIB,
    }


def test_full_devices_and_those_that_are_not_served_are_named() -> None:
    servers = {
        "10.0.0.1:6200": {"unserved": {}, "devices": [device("d1", 16 * MIB)]},
        "10.0.0.2:6200": {
            "unserved": {"d1": "/srv/node/d1: is gone, or another device"},
            "devices": [device("d2", 3 * MIB)],
        },
        "10.0.0.3:6200": {"problem": "refused"},
    }
    assert list(ill_devices({"servers": servers}, inventory())) == [
        "beta/d1 is not served: /srv/node/d1: is gone, or another device",
        "beta/d2 is full: 3 MiB are left",
    ]
