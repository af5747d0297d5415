"""Whether a host may be forgotten: known, not wished any more, not alive.

Copies that rings gave to others when a host was forgotten take their time.  Until they
have been made the next host that is lost may have had the last ones, whatever the rings
say; so the rings of before are kept, and asked too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from compute.deploy.draining import store_missing
from compute.deploy.fleet import Fleet
from compute.deploy.inventory import Inventory
from compute.deploy.site import Site
from ring.builder import Builder

# So many see whether it answers.
ASKED_MAX = 3


def orphans(builder: Builder, lost: Collection[str]) -> int:
    """How many partitions have no copy but on these hosts."""
    gone = {device.id for device in builder.known_devices() if device.meta in lost}
    return sum(gone.issuperset(row) for row in zip(*builder.rows, strict=False))


def why_not_forgotten(
    fleet: Fleet,
    inventory: Inventory,
    site: Site,
    lost: Collection[str],
    *,
    accepts_loss: bool = False,
) -> str:
    """What is wrong with forgetting these hosts; "": nothing."""
    builders = site.builders(inventory)
    wished = {host.name for host in inventory.hosts}
    for name in lost:
        if name in wished:
            return f"--forget {name}: take it out of the inventory first"
        places = _places(builders, [name])
        if not places:
            return f"--forget {name}: no ring has a device of it"
        for address, port in places:
            if _answers(fleet, inventory, address, port):
                text = f"{name} answers at {address}:{port}, it is not lost"
                return f"{text}: drain it, or end its store first"
    counts = {name: orphans(each, lost) for name, each in builders.items()}
    arrived = _arrived_rings(fleet, inventory, site, lost) if lost else {}
    for name, before in arrived.items():
        there = {device.meta for device in builders[name].known_devices()}
        gone = {device.meta for device in before.known_devices()} - there
        counts[name] = max(counts[name], orphans(before, gone.union(lost)))
    told = [f"{count} of {name}" for name, count in counts.items() if count]
    if told and not accepts_loss:
        return (
            f"partitions without any other copy would be lost: {', '.join(told)}; "
            f"bring a disk of {', '.join(lost)} back, or --accept-loss"
        )
    return ""


def _arrived_rings(
    fleet: Fleet, inventory: Inventory, site: Site, lost: Collection[str]
) -> dict[str, Builder]:
    """The rings of which all copies are there, if they are older than those that hosts
    have; none, once what moved has arrived.  ``lost``: hosts that cannot be asked."""
    found = site.arrived_builders(inventory)
    if found:
        places = _places(site.builders(inventory), lost)
        names = [f"{address}:{port}" for address, port in places]
        if store_missing(fleet, inventory, site, names):
            return found
        site.all_has_arrived()
    return {}


def _places(
    builders: Mapping[str, Builder], hosts: Collection[str]
) -> set[tuple[str, int]]:
    return {
        (device.ip, device.port)
        for builder in builders.values()
        for device in builder.known_devices()
        if device.meta in hosts
    }


def _answers(fleet: Fleet, inventory: Inventory, address: str, port: int) -> bool:
    """As other hosts see it; this machine need not reach it."""
    question = {"verb": "healthy", "address": address, "port": port, "seconds": 0}
    question |= {"tls": inventory.cloud.tls}
    asked = list(fleet.connections)[:ASKED_MAX]
    answers, _ = fleet.each(asked, lambda host: fleet.ask(host, question))
    return "" in answers.values()
