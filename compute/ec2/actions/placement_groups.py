"""Placement groups: the compute room's server groups, by their names.

``spread`` is on hosts of their own (anti-affinity), ``cluster`` on few hosts as far as
there is room (soft affinity).  Parts of racks are not known here, so no ``partition``.
A server group that OpenStack's user made is shown as what it is most like.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.ec2 import ids, tagging
from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import Ec2Error, coded, unsupported
from compute.ec2.frame.filters import Accessor, asked_filters, chosen
from compute.ec2.groups_of_servers import (
    POLICIES,
    UNKNOWN,
    group_named,
    groups_by_name,
    strategy_of,
)
from compute.ec2.inventory import Inventory, Thing
from compute.ec2.kept_tags import tagged_things, tags_of_kept
from compute.ec2.kept_things import retagged
from compute.ec2.marking import undone

_LEVEL = "host"

FILTERS: Mapping[str, Accessor] = {
    "group-arn": lambda shown: shown["groupArn"],
    "group-name": lambda shown: shown["groupName"],
    "spread-level": lambda shown: shown["spreadLevel"],
    "state": lambda shown: shown["state"],
    "strategy": lambda shown: shown["strategy"],
}


def describe(call: Call) -> Document:
    """``DescribePlacementGroups``."""
    inventory = call.inventory
    tags = tags_of_kept(call, ids.PLACEMENT_GROUP)
    shown = [_document(call, each, tags) for each in groups_by_name(inventory).values()]
    for parameter, element in (("GroupName", "groupName"), ("GroupId", "groupId")):
        wanted = call.parameters.texts(parameter)
        there = {each[element] for each in shown}
        for name in wanted:
            if name not in there:
                raise Ec2Error(UNKNOWN, f"The Placement Group '{name}' is unknown.")
        shown = [each for each in shown if not wanted or each[element] in wanted]
    return {"placementGroupSet": chosen(shown, asked_filters(call.parameters), FILTERS)}


def _document(
    call: Call, group: Thing, tags: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    strategy = strategy_of(group)
    own, name = call.signer.project_id, group["name"]
    identifier = ids.ec2_id(ids.PLACEMENT_GROUP, group["id"])
    return {
        "groupName": name,
        "groupId": identifier,
        "groupArn": f"arn:aws:ec2:{call.region}:{own}:placement-group/{name}",
        "state": "available",
        "strategy": strategy,
        "spreadLevel": _LEVEL if strategy == "spread" else None,
        "tagSet": tagging.set_of(tags.get(identifier, {})),
    }


def create(call: Call) -> Document:
    """``CreatePlacementGroup``."""
    parameters = call.parameters
    name, strategy = parameters.required("GroupName"), parameters.text("Strategy")
    if (strategy := strategy or "cluster") not in POLICIES:
        raise unsupported("Strategy", f"It can be {' or '.join(POLICIES)}.")
    if parameters.text("SpreadLevel") not in ("", _LEVEL):
        raise unsupported("SpreadLevel", f"It can be {_LEVEL}.")
    if name in groups_by_name(call.inventory):
        text = f"The Placement Group '{name}' already exists."
        raise Ec2Error("InvalidPlacementGroup.Duplicate", text)
    tags = tagging.tags_of_type(parameters, tagging.PLACEMENT_GROUP_TYPE)
    body = {"server_group": {"name": name, "policy": POLICIES[strategy]}}
    with coded(limit="PlacementGroupLimitExceeded"):
        made = call.rooms.post("compute", "os-server-groups", body=body)["server_group"]
    identifier = ids.ec2_id(ids.PLACEMENT_GROUP, made["id"])
    if tags:
        with undone(call.rooms, "compute", "os-server-groups", made["id"]):
            call.kept.change(
                call.signer,
                identifier,
                retagged(lambda _: tags),
                begins={},
                things=tagged_things(call, ids.PLACEMENT_GROUP),
            )
    shown = _document(call, made, {identifier: tags})
    return {"return": True, "placementGroup": shown}


def delete(call: Call) -> Document:
    """``DeletePlacementGroup``: when no instance is in it."""
    name = call.parameters.required("GroupName")
    group = group_named(call.inventory, name)
    if _members(call.inventory, group):
        text = f"The placement group '{name}' is in use and may not be deleted."
        raise Ec2Error("InvalidPlacementGroup.InUse", text)
    with coded(missing=UNKNOWN):
        call.rooms.delete("compute", "os-server-groups", group["id"])
    identifier = ids.ec2_id(ids.PLACEMENT_GROUP, group["id"])
    call.kept.drop(call.signer, [identifier])
    return {"return": True}


def _members(inventory: Inventory, group: Thing) -> list[str]:
    return [each for each in group["members"] if each in inventory.servers_by_id]


ACTIONS = {
    "DescribePlacementGroups": Action(describe, "GroupName GroupId Filter"),
    "CreatePlacementGroup": Action(
        create, "GroupName Strategy SpreadLevel TagSpecification", is_alone=True
    ),
    "DeletePlacementGroup": Action(delete, "GroupName", is_alone=True),
}
