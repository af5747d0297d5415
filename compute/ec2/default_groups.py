"""The default security group of each VPC.

The network room has one for a project, under a name that no other may have.  A VPC that
is made here gets a group of its own, which is called so here alone; one that
OpenStack's user made has the project's.
"""

from __future__ import annotations

from compute.ec2.inventory import Inventory, Thing
from compute.ec2.marking import add_words, undone
from compute.ec2.rooms import Rooms
from compute.ec2.vpcs import DEFAULT_GROUP, OF_VPC
from compute.ec2.words import mark, word

DESCRIPTION = "default VPC security group"


def is_default_group(group: Thing) -> bool:
    """Whether it is a VPC's own."""
    return bool(mark(group, DEFAULT_GROUP))


def default_group(inventory: Inventory, vpc: str) -> Thing | None:
    """A VPC's own, if it has one."""
    for group in inventory.groups:
        if is_default_group(group) and mark(group, OF_VPC) == vpc:
            return group
    return None


def default_group_of_subnet(inventory: Inventory, subnet_uuid: str) -> list[str]:
    """What a port in a subnet is in of which no groups are said; none: the room's
    default."""
    group = default_group(inventory, inventory.layout.vpc_of(subnet_uuid))
    return [group["id"]] if group else []


def make_default_group(rooms: Rooms, vpc: str) -> None:
    """One for a new VPC: its members reach each other, and may reach everybody."""
    wanted = {"name": f"default of {vpc}", "description": DESCRIPTION}
    body = {"security_group": wanted}
    group = rooms.post("network", "security-groups", body=body)["security_group"]
    with undone(rooms, "network", "security-groups", group["id"]):
        rule = {
            "security_group_id": group["id"],
            "direction": "ingress",
            "ethertype": "IPv4",
            "remote_group_id": group["id"],
        }
        body = {"security_group_rule": rule}
        rooms.post("network", "security-group-rules", body=body)
        words = [word(OF_VPC, vpc), word(DEFAULT_GROUP, "true")]
        add_words(rooms, "security-groups", group["id"], words)
