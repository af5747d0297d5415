"""Gives control hosts the keys that the others have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from compute.deploy.fleet import Fleet
from compute.deploy.inventory import Inventory
from compute.deploy.model import Host, Part
from compute.deploy.shared_keys import LAST_PLACE, PLACES, GrownApart, copies
from compute.deploy.transport import Refused


def share_keys(
    fleet: Fleet, inventory: Inventory, say: Callable[[str], None], *, starting: bool
) -> str:
    """Copy what differs; "" or why not.  ``starting``: who has no keys makes some now,
    so one that is away must not have any."""
    control = inventory.playing(Part.CONTROL)
    if len(control) < 2:
        return ""
    user = inventory.cloud.user

    def ask(host: Host) -> Any:
        places = list(PLACES)
        return fleet.ask(host, {"verb": "held", "user": user, "places": places})

    there = [host for host in control if host in fleet.connections]
    held, refused = fleet.each(there, ask)
    absent = [host.name for host in control if host not in held]
    has_keys = any(each.get(LAST_PLACE) for each in held.values())
    if starting and absent and not has_keys:
        return (
            f"{', '.join(absent)}: may have the keys that control hosts share; "
            f"bring it back, or take it out of the inventory"
        )
    try:
        wanted = copies({host: held[host] for host in there if host in held})
    except GrownApart as error:
        return str(error)
    for copy in wanted:
        order = {"verb": "act", "kind": "keys", "user": user, "place": copy.place}
        try:
            fleet.ask(copy.target, {**order, "files": held[copy.source][copy.place]})
        except Refused as error:
            return f"{copy.target.name}: {copy.place}: {error}"
        say(f"{copy.target.name}: keys {copy.place}, of {copy.source.name}")
    return "\n".join(f"{host.name}: {why}" for host, why in refused.items())
