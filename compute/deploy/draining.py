"""Hosts and devices on their way out: what they still have, and what it waits for."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

from compute.deploy.fleet import Fleet
from compute.deploy.inventory import Inventory
from compute.deploy.model import Host, HostState, Part
from compute.deploy.rings import empty
from compute.deploy.site import Site
from compute.deploy.transport import Refused
from compute.deploy.wholeness import missing

Rings = Mapping[str, Any]


def guests_left(fleet: Fleet, inventory: Inventory, *, acts: bool) -> list[str]:
    """Servers of drained hosts, a line each.  ``acts``: their moves are asked for."""
    hosts = inventory.playing(Part.COMPUTE)
    drained = [host.name for host in hosts if host.state is HostState.DRAINED]
    present = [host.name for host in hosts if host.state is HostState.PRESENT]
    # Those that are back in use are told so once, by who applies.
    if not drained and not acts:
        return []
    problem = ""
    for control in inventory.playing(Part.CONTROL):
        if control not in fleet.connections:
            continue
        request = {
            "verb": "guests",
            "address": control.address,
            "port": inventory.cloud.port,
            "tls": inventory.cloud.tls,
            "drained": drained,
            "present": present,
            "acts": acts,
        }
        try:
            told = fleet.ask(control, request)
        except Refused as error:
            problem = f"{control.name}: {error}"
            continue
        return [f"{host}: {line}" for host, lines in told.items() for line in lines]
    return [f"servers of {', '.join(drained)}: {problem}"] if drained else []


def store_missing(
    fleet: Fleet,
    inventory: Inventory,
    site: Site,
    lost: Collection[str] = (),
    *,
    rolling: bool = False,
) -> list[str]:
    """Why the store is not whole, as the first node that answers sees it; the servers
    ``lost`` apart, and while ``rolling`` the policies that not all know."""
    problem = "no store node answers"
    for host in inventory.playing(Part.STORE):
        request = {
            "verb": "recon",
            "user": inventory.cloud.user,
            "release": site.release,
        }
        if host not in fleet.connections:
            continue
        try:
            # Before they are asked how far they are: no time is counted that was after.
            there = _rings_there(fleet, inventory)
            brought = [each["brought_seconds"] for each in there.values()]
            since = min(
                (each for each in brought if each is not None), default=math.inf
            )
            older = _older_rings(there, inventory, site)
            recon = fleet.ask(host, request)
            return [*older, *missing(recon, since, lost, rolling=rolling)]
        except Refused as error:
            problem = f"{host.name}: {error}"
    return [problem]


def _rings_there(fleet: Fleet, inventory: Inventory) -> dict[Host, Rings]:
    """Of each host that is there."""
    hosts = inventory.playing(Part.STORE, Part.PROXY)
    there = [host for host in hosts if host in fleet.connections]
    found, _ = fleet.each(there, lambda host: fleet.ask(host, {"verb": "rings"}))
    return found


def _older_rings(
    there: Mapping[Host, Rings], inventory: Inventory, site: Site
) -> list[str]:
    """Who was away, or we killed, when rings were brought: there, nothing has moved."""
    builders = site.builders(inventory)
    return [
        f"{host.name} has not got the {name} ring of the site"
        for host, found in there.items()
        for name, builder in builders.items()
        if found["versions"].get(name) != builder.version
    ]


def devices_left(
    fleet: Fleet, inventory: Inventory, site: Site
) -> tuple[list[str], list[str]]:
    """Of drained devices that no ring gives anything: those of which something may
    still be on its way, and why; and those whose lines may go."""
    names = empty(site.builders(inventory).values(), inventory)
    if not names:
        return [], []
    reasons = store_missing(fleet, inventory, site)
    if not reasons:
        return [], [
            f"{name} is empty: {_what_may_go(name, inventory)}" for name in names
        ]
    why = f"waits until all that it held has arrived ({reasons[0]})"
    return [f"{name} {why}" for name in names], []


def _what_may_go(device: str, inventory: Inventory) -> str:
    host = device.partition("/")[0]
    if host in {each.name for each in inventory.playing(Part.CONTROL)}:
        return "it may go from the inventory, but its host keeps volumes"
    return "it may go from the inventory"
