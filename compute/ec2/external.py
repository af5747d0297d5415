"""The network to which this cloud's routers lead out."""

from __future__ import annotations

from compute.ec2.frame.errors import Ec2Error
from compute.ec2.inventory import Inventory


def external_network(inventory: Inventory) -> str:
    """That to which the project's routers lead, else the first by name; its uuid."""
    query = {"router:external": "true"}
    found = list(inventory.rooms.pages("network", "networks", "networks", **query))
    ours = {
        (router.get("external_gateway_info") or {}).get("network_id")
        for router in inventory.routers
    }
    found.sort(key=lambda network: (network["id"] not in ours, network["name"]))
    if not found:
        text = "This cloud has no external network"
        raise Ec2Error("InsufficientAddressCapacity", text)
    return str(found[0]["id"])
