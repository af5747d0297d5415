"""Tags: where each room keeps what EC2 calls so.

Servers, volumes and snapshots have metadata; what is in the network room and images
have plain words, of which those with a ``=`` are tags here.  ``Name`` is the thing's
own name wherever it has one that may be changed.

One router may be a VPC, its main route table and its internet gateway: the tags of the
latter two are words with a ``prefix``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from compute.ec2 import ids
from compute.ec2.frame.errors import Ec2Error, invalid, unsupported
from compute.ec2.frame.parameters import Parameters
from compute.ec2.inventory import Inventory
from compute.ec2.words import RESERVED, mark, read_words, word

# What AWS allows; the rooms allow 255 of both, or of both together.
KEY_LENGTH_MAX = 128
VALUE_LENGTH_MAX = 256
TAGS_MAX = 50
NAME = "Name"
# By which an order that is repeated is known again.
CLIENT_TOKEN = f"{RESERVED}client-token"
CLIENT_TOKEN_LENGTH_MAX = 64

# Theirs are in rows of ours.
LAUNCH_TEMPLATE_TYPE = "launch-template"
KEY_PAIR_TYPE = "key-pair"
ACL_TYPE = "network-acl"
DHCP_OPTIONS_TYPE = "dhcp-options"
PLACEMENT_GROUP_TYPE = "placement-group"
PREFIX_LIST_TYPE = "prefix-list"
ROOT_TASK_TYPE = "replace-root-volume-task"

Tags = dict[str, str]


@dataclass(frozen=True, slots=True)
class Holder:
    """What keeps the tags of one kind: its room, the path to one, the word for it in
    documents, whether as metadata, and whether its name is the tag ``Name``."""

    kind: str
    resource_type: str
    room: str
    path: str
    word: str
    has_metadata: bool
    is_named: bool
    prefix: str = ""


HOLDERS: Mapping[str, Holder] = {
    holder.kind: holder
    for holder in (
        Holder(ids.INSTANCE, "instance", "compute", "servers", "server", True, True),
        Holder(ids.VOLUME, "volume", "volume", "volumes", "volume", True, True),
        Holder(ids.SNAPSHOT, "snapshot", "volume", "snapshots", "snapshot", True, True),
        Holder(ids.IMAGE, "image", "image", "images", "image", False, False),
        Holder(
            ids.GROUP,
            "security-group",
            "network",
            "security-groups",
            "security_group",
            False,
            False,
        ),
        Holder(
            ids.ADDRESS,
            "elastic-ip",
            "network",
            "floatingips",
            "floatingip",
            False,
            False,
        ),
        Holder(
            ids.INTERFACE, "network-interface", "network", "ports", "port", False, True
        ),
        Holder(ids.SUBNET, "subnet", "network", "subnets", "subnet", False, True),
        Holder(ids.VPC, "vpc", "network", "routers", "router", False, True),
        Holder(
            ids.ROUTE_TABLE,
            "route-table",
            "network",
            "routers",
            "router",
            False,
            False,
            f"{RESERVED}table-tag:",
        ),
        Holder(
            ids.GATEWAY,
            "internet-gateway",
            "network",
            "routers",
            "router",
            False,
            False,
            f"{RESERVED}gateway-tag:",
        ),
        Holder(
            ids.NAT_GATEWAY, "natgateway", "network", "routers", "router", False, True
        ),
        Holder(
            ids.GROUP_RULE,
            "security-group-rule",
            "network",
            "security-group-rules",
            "security_group_rule",
            False,
            False,
        ),
    )
}


def tags_of(holder: Holder, thing: Mapping[str, Any]) -> Tags:
    """The tags that a thing has."""
    found: Tags = {}
    if holder.is_named and thing.get("name"):
        found[NAME] = thing["name"]
    if holder.has_metadata:
        for key, value in thing.get("metadata", {}).items():
            if not key.startswith(RESERVED):
                found[key] = value
    else:
        for key, value in read_words(thing).items():
            if holder.prefix and key.startswith(holder.prefix):
                found[key.removeprefix(holder.prefix)] = value
            elif not holder.prefix and not key.startswith(RESERVED):
                found[key] = value
    return found


def tag_set(kind: str, thing: Mapping[str, Any]) -> list[dict[str, str]]:
    """The same as documents have them."""
    return set_of(tags_of(HOLDERS[kind], thing))


def set_of(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as documents have them."""
    return [{"key": key, "value": value} for key, value in sorted(tags.items())]


def asked_tags(parameters: Parameters, name: str = "Tag") -> Tags:
    """The tags of a request, checked."""
    found: Tags = {}
    for each in parameters.structures(name):
        key, value = each.required("Key"), each.text("Value")
        if len(key) > KEY_LENGTH_MAX or key.startswith(("aws:", RESERVED)):
            raise invalid("Tag.Key", key)
        if "=" in key or len(value) > VALUE_LENGTH_MAX:
            raise invalid("Tag.Value" if "=" not in key else "Tag.Key", value or key)
        if key in found:
            raise Ec2Error("InvalidParameterValue", f"The tag {key} is given twice")
        found[key] = value
    if len(found) > TAGS_MAX:
        raise Ec2Error("TagLimitExceeded", f"A resource may have {TAGS_MAX} tags")
    return found


def tags_for_new(parameters: Parameters, *kinds: str) -> dict[str, Tags]:
    """``TagSpecification.N``: tags for what is about to be made, by kind."""
    types = {HOLDERS[kind].resource_type: kind for kind in kinds}
    found = _tags_by_type(parameters, types)
    return {kind: found[name] for name, kind in types.items()}


def tags_of_type(parameters: Parameters, resource_type: str) -> Tags:
    """The same for what is known by its type alone."""
    return _tags_by_type(parameters, (resource_type,))[resource_type]


def _tags_by_type(parameters: Parameters, types: Iterable[str]) -> dict[str, Tags]:
    found: dict[str, Tags] = {name: {} for name in types}
    for each in parameters.structures("TagSpecification"):
        wanted = each.required("ResourceType")
        if wanted not in found:
            raise unsupported(f"TagSpecification for {wanted}")
        found[wanted] |= asked_tags(each)
    return found


def client_token(parameters: Parameters) -> str:
    """By which a request is known when it is sent again; may be empty."""
    token = parameters.text("ClientToken")
    if len(token) > CLIENT_TOKEN_LENGTH_MAX:
        raise invalid("ClientToken", token, "It is too long.")
    return token


def made_with(things: Iterable[Mapping[str, Any]], token: str) -> Mapping[str, Any]:
    """That of things with words which was made with a token; empty: none was."""
    for thing in things if token else ():
        if mark(thing, CLIENT_TOKEN) == token:
            return thing
    return {}


def token_words(token: str) -> list[str]:
    """What a thing keeps of the token that it is made with."""
    return [word(CLIENT_TOKEN, token)] if token else []


def put(inventory: Inventory, kind: str, uuid: str, tags: Tags) -> None:
    """Give a thing tags, beside those that it has."""
    holder = HOLDERS[kind]
    rest = dict(tags)
    if holder.is_named and NAME in rest:
        _rename(inventory, holder, uuid, rest.pop(NAME))
    if rest and holder.has_metadata:
        body = {"metadata": rest}
        inventory.rooms.post(holder.room, holder.path, uuid, "metadata", body=body)
    elif rest:
        thing = _thing(inventory, holder, uuid)
        kept = _words(holder, thing, without=rest)
        words = words_for(holder, rest)
        _write_words(inventory, holder, uuid, kept + words)


def words_for(holder: Holder, tags: Tags) -> list[str]:
    """The words that tags are kept as."""
    return [word(holder.prefix + key, value) for key, value in tags.items()]


def drop(
    inventory: Inventory, kind: str, uuid: str, tags: Mapping[str, str | None]
) -> None:
    """Take tags away: those that have the value given, or any (None)."""
    holder = HOLDERS[kind]
    thing = _thing(inventory, holder, uuid)
    has = tags_of(holder, thing)
    gone = {
        key for key, value in tags.items() if key in has and value in (None, has[key])
    }
    if holder.is_named and NAME in gone:
        gone.discard(NAME)
        _rename(inventory, holder, uuid, "")
    if holder.has_metadata:
        for key in sorted(gone):
            inventory.rooms.delete(holder.room, holder.path, uuid, "metadata", key)
    elif gone:
        _write_words(inventory, holder, uuid, _words(holder, thing, without=gone))


def _thing(inventory: Inventory, holder: Holder, uuid: str) -> Mapping[str, Any]:
    document = inventory.rooms.get(holder.room, holder.path, uuid)
    found: Mapping[str, Any] = (
        document if holder.room == "image" else document[holder.word]
    )
    return found


def _words(
    holder: Holder, thing: Mapping[str, Any], without: Iterable[str]
) -> list[str]:
    gone = {holder.prefix + key for key in without}
    return [
        each for each in thing["tags"] if unquote(each).partition("=")[0] not in gone
    ]


def _write_words(
    inventory: Inventory, holder: Holder, uuid: str, words: list[str]
) -> None:
    if holder.room == "image":
        patch = [{"op": "replace", "path": "/tags", "value": words}]
        kind = "application/openstack-images-v2.1-json-patch"
        inventory.rooms.patch("image", "images", uuid, body=patch, kind=kind)
        return
    inventory.rooms.put("network", holder.path, uuid, "tags", body={"tags": words})


def _rename(inventory: Inventory, holder: Holder, uuid: str, name: str) -> None:
    if holder.kind == ids.INSTANCE and not name:
        raise unsupported("Tag.Key Name", "An instance always has a name.")
    inventory.rooms.put(
        holder.room, holder.path, uuid, body={holder.word: {"name": name}}
    )
