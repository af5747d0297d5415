"""Flavors by their names: instance types have no other id."""

from __future__ import annotations

from compute.ec2.frame.errors import invalid
from compute.ec2.inventory import Inventory

DEFAULT_TYPE = "m1.small"


def flavor_id(inventory: Inventory, name: str) -> str:
    """The flavor of that name, or the default.  ``Ec2Error``."""
    for flavor in inventory.flavors:
        if flavor["name"] == (name or DEFAULT_TYPE):
            return str(flavor["id"])
    raise invalid("InstanceType", name or DEFAULT_TYPE)
