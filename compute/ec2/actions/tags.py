"""Tags of anything, by its id."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from compute.ec2 import ids, tagging
from compute.ec2.actions.key_pairs import key_pair_id
from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import Ec2Error, coded, missing
from compute.ec2.frame.filters import Accessor, asked_filters, chosen
from compute.ec2.frame.pages import page
from compute.ec2.inventory import Inventory, Thing
from compute.ec2.kept_tags import tagged_things
from compute.ec2.kept_things import retagged
from compute.ec2.templates.keeper import Wanted

FILTERS: Mapping[str, Accessor] = {
    "key": lambda shown: shown["key"],
    "resource-id": lambda shown: shown["resourceId"],
    "resource-type": lambda shown: shown["resourceType"],
    "value": lambda shown: shown["value"],
}
# Those whose tags this API keeps itself.
_KEPT: Mapping[str, str] = {
    ids.ACL: tagging.ACL_TYPE,
    ids.DHCP_OPTIONS: tagging.DHCP_OPTIONS_TYPE,
    ids.PLACEMENT_GROUP: tagging.PLACEMENT_GROUP_TYPE,
    ids.PREFIX_LIST: tagging.PREFIX_LIST_TYPE,
    ids.ROOT_TASK: tagging.ROOT_TASK_TYPE,
}
_IN_ROWS = (ids.LAUNCH_TEMPLATE, ids.KEY_PAIR, *_KEPT)
_THINGS: Mapping[str, Callable[[Inventory], list[Thing]]] = {
    ids.INSTANCE: lambda inventory: inventory.servers,
    ids.VOLUME: lambda inventory: inventory.volumes,
    ids.SNAPSHOT: lambda inventory: inventory.snapshots,
    ids.IMAGE: lambda inventory: [
        image
        for image in inventory.images
        if image["owner"] == inventory.signer.project_id
    ],
    ids.GROUP: lambda inventory: inventory.groups,
    ids.ADDRESS: lambda inventory: inventory.addresses,
    ids.INTERFACE: lambda inventory: inventory.ports,
    ids.SUBNET: lambda inventory: inventory.subnets,
    ids.VPC: lambda inventory: [
        vpc.router for vpc in inventory.layout.vpcs.values() if vpc.router
    ],
    ids.ROUTE_TABLE: lambda inventory: [
        table.router for table in inventory.layout.tables.values() if table.router
    ],
    ids.GATEWAY: lambda inventory: [
        gateway.router for gateway in inventory.layout.gateways.values()
    ],
    ids.NAT_GATEWAY: lambda inventory: [
        nat.router for nat in inventory.layout.nats.values()
    ],
    ids.GROUP_RULE: lambda inventory: [
        rule for group in inventory.groups for rule in group["security_group_rules"]
    ],
}


def describe(call: Call) -> Document:
    """``DescribeTags``: of all that the project has."""
    inventory, filters = call.inventory, asked_filters(call.parameters)
    kinds = list(_THINGS)
    for each in filters:
        if each.name == "resource-type":
            kinds = [
                kind for kind in kinds if each.fits(tagging.HOLDERS[kind].resource_type)
            ]
    shown = [
        {"resourceId": _identifier(inventory, kind, thing), **tag}
        | {"resourceType": tagging.HOLDERS[kind].resource_type}
        for kind in kinds
        for thing in _THINGS[kind](inventory)
        for tag in tagging.tag_set(kind, thing)
    ]
    shown += [*_of_templates(call), *_of_key_pairs(call), *_of_kept(call)]
    found = chosen(shown, filters, FILTERS)
    found, token = page(call.parameters, found, _key)
    return {"tagSet": found, "nextToken": token}


def _of_templates(call: Call) -> list[dict[str, str]]:
    return [
        {
            "resourceId": ids.ec2_id(ids.LAUNCH_TEMPLATE, template.id),
            "resourceType": tagging.LAUNCH_TEMPLATE_TYPE,
            **tag,
        }
        for template in call.templates.all(call.signer)
        for tag in tagging.set_of(template.tags)
    ]


def _of_key_pairs(call: Call) -> list[dict[str, str]]:
    found = call.key_pair_tags.of(call.signer, call.inventory.key_pairs)
    return [
        {
            "resourceId": key_pair_id(call, name),
            "resourceType": tagging.KEY_PAIR_TYPE,
            **tag,
        }
        for name, tags in found.items()
        for tag in tagging.set_of(tags)
    ]


def _of_kept(call: Call) -> list[dict[str, str]]:
    return [
        {"resourceId": kept.id, "resourceType": resource_type, **tag}
        for kind, resource_type in _KEPT.items()
        for there in [tagged_things(call, kind)]
        for kept in call.kept.all(call.signer, kind).values()
        if kept.id in there
        for tag in tagging.set_of(kept.tags)
    ]


def _identifier(inventory: Inventory, kind: str, thing: Thing) -> str:
    """A gateway keeps its id while it goes from router to router."""
    for gateway in inventory.layout.gateways.values() if kind == ids.GATEWAY else ():
        if gateway.router["id"] == thing["id"]:
            return gateway.id
    if kind == ids.GROUP_RULE:
        return inventory.rule_id(thing)
    return inventory.id_of(kind, thing["id"])


def _key(tag: Mapping[str, Any]) -> str:
    return f"{tag['resourceId']} {tag['key']}"


def create(call: Call) -> Document:
    """``CreateTags``: all things are looked for before the first gets its tags."""
    tags = tagging.asked_tags(call.parameters)
    if not tags:
        raise missing("Tag")
    for kind, uuid in _named(call):
        if kind in _IN_ROWS:
            _change_rows(call, kind, uuid, lambda has: _limited({**has, **tags}))
            continue
        with coded(missing=_code(kind), limit="TagLimitExceeded"):
            tagging.put(call.inventory, kind, uuid, tags)
    return {"return": True}


def _change_rows(
    call: Call, kind: str, key: str, change: Callable[[tagging.Tags], tagging.Tags]
) -> None:
    """Of a launch template by its uuid, of a key pair by its name, of others by their
    ids."""
    if kind == ids.LAUNCH_TEMPLATE:
        call.templates.tag(call.signer, key, change)
    elif kind in _KEPT:
        things = tagged_things(call, kind)
        call.kept.change(
            call.signer,
            key,
            retagged(change),
            begins=things[key].content,
            vpc=things[key].vpc,
            things=things,
        )
    else:
        pairs = call.inventory.key_pairs
        call.key_pair_tags.change(call.signer, pairs, key, change)


def _limited(tags: dict[str, str]) -> dict[str, str]:
    if len(tags) > tagging.TAGS_MAX:
        text = f"A resource may have {tagging.TAGS_MAX} tags"
        raise Ec2Error("TagLimitExceeded", text)
    return tags


def delete(call: Call) -> Document:
    """``DeleteTags``: those named, whatever their value unless one is given; without
    names, all."""
    for kind, uuid in _named(call):
        wanted: dict[str, str | None] = {
            each.required("Key"): each.text("Value") if each.has("Value") else None
            for each in call.parameters.structures("Tag")
        }
        if kind in _IN_ROWS:
            _change_rows(call, kind, uuid, partial(_without, wanted))
            continue
        if not wanted:
            things = _THINGS[kind](call.inventory)
            thing = next((each for each in things if each["id"] == uuid), {})
            holder = tagging.HOLDERS[kind]
            wanted = dict.fromkeys(tagging.tags_of(holder, thing))
            wanted.pop(tagging.NAME, None)
        with coded(missing=_code(kind)):
            tagging.drop(call.inventory, kind, uuid, wanted)
    return {"return": True}


def _without(gone: Mapping[str, str | None], has: dict[str, str]) -> dict[str, str]:
    return {
        key: value
        for key, value in has.items()
        if gone and (key not in gone or gone[key] not in (None, value))
    }


def _named(call: Call) -> list[tuple[str, str]]:
    wanted = call.parameters.texts("ResourceId")
    if not wanted:
        raise missing("ResourceId")
    found = []
    for identifier in dict.fromkeys(wanted):
        kind = ids.kind_of(identifier)
        if kind == ids.LAUNCH_TEMPLATE:
            template = call.templates.named(call.signer, Wanted(id=identifier))
            found.append((kind, template.id))
            continue
        if kind == ids.KEY_PAIR:
            names = [pair["name"] for pair in call.inventory.key_pairs]
            by_id = {key_pair_id(call, name): name for name in names}
            found.append((kind, ids.named(by_id, kind, [identifier])[0]))
            continue
        if kind in _KEPT:
            ids.named(tagged_things(call, kind), kind, [identifier])
            found.append((kind, identifier))
            continue
        if kind not in tagging.HOLDERS:
            raise Ec2Error("InvalidID", f"The ID '{identifier}' is not valid")
        found.append((kind, call.inventory.uuid(kind, identifier)))
    return found


def _code(kind: str) -> str:
    return ids.not_found(kind, "").code


ACTIONS = {
    "DescribeTags": Action(describe, "Filter MaxResults NextToken"),
    "CreateTags": Action(create, "ResourceId Tag"),
    "DeleteTags": Action(delete, "ResourceId Tag"),
}
