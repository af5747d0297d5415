"""Which server groups are placement groups, and of what strategy."""

from __future__ import annotations

from collections.abc import Mapping

from compute.ec2.frame.errors import Ec2Error
from compute.ec2.inventory import Inventory, Thing

UNKNOWN = "InvalidPlacementGroup.Unknown"
# The policy that is meant by each strategy.
POLICIES: Mapping[str, str] = {"cluster": "soft-affinity", "spread": "anti-affinity"}


def strategy_of(group: Thing) -> str:
    """Anything that keeps servers apart spreads them."""
    return "spread" if "anti" in group["policy"] else "cluster"


def groups_by_name(inventory: Inventory) -> dict[str, Thing]:
    """The project's; of several that OpenStack's user named alike, the first."""
    found: dict[str, Thing] = {}
    for group in inventory.server_groups:
        found.setdefault(group["name"], group)
    return found


def group_named(inventory: Inventory, name: str) -> Thing:
    """The one of that name.  ``Ec2Error``."""
    groups = groups_by_name(inventory)
    if name not in groups:
        raise Ec2Error(UNKNOWN, f"The Placement Group '{name}' is unknown.")
    return groups[name]
