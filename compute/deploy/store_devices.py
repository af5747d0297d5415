"""Devices of the store that an operator should look at, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from compute.deploy.fleet import Fleet
from compute.deploy.inventory import Inventory
from compute.deploy.model import Part
from compute.deploy.site import Site
from compute.deploy.transport import Refused


def ask_recon(fleet: Fleet, inventory: Inventory, site: Site) -> dict[str, Any] | None:
    """The store's health as the first node that can tell it sees it; None: none can,
    which the lines of its hosts say."""
    request = {"verb": "recon", "user": inventory.cloud.user, "release": site.release}
    for host in inventory.playing(Part.STORE):
        if host not in fleet.connections:
            continue
        try:
            found: dict[str, Any] = fleet.ask(host, request)
        except Refused:
            continue
        return found
    return None


def ill_devices(recon: Mapping[str, Any], inventory: Inventory) -> Iterator[str]:
    """Those that are not served, or full.  Pure."""
    names = {host.address: host.name for host in inventory.hosts}
    for server, page in recon["servers"].items():
        address = server.rpartition(":")[0]
        host = names.get(address.strip("[]"), address)
        for device, why in page.get("unserved", {}).items():
            yield f"{host}/{device} is not served: {why}"
        for device in page.get("devices", ()):
            kept = device["reserve_bytes"] + device["body_reserve_bytes"]
            if device["free_bytes"] < kept:
                left = device["free_bytes"] >> 20
                yield f"{host}/{device['device']} is full: {left} MiB are left"
