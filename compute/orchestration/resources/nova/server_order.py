"""The order for a server: the body of ``POST /servers``."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from compute.orchestration.frame.work import Cloud, Work
from compute.orchestration.resources.frame.finding import resolved
from compute.orchestration.resources.frame.things import without_none
from compute.orchestration.resources.nova.server_schema import PROPERTIES

# How a server says of which resource it is, and for which place in a stack it was made
# (a replacement has the place of what it replaces).  Nova's tags have 60 characters.
TAG, PLACE_TAG = "stack-resource=", "stack-place="
PLACE_CHARACTERS = 32
_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# The fields that are called as the property is.
_PLAIN = ("availability_zone", "key_name", "config_drive")
_ENTRY_KEPT = ("device_name", "device_type", "disk_bus", "volume_size")


def tag_of(work: Work) -> str:
    """By which the server is found again."""
    return f"{TAG}{work.marker}"


def place_tag_of(work: Work) -> str:
    """The same for all servers that a resource of this name has had."""
    text = f"{work.stack_id}/{work.name}"
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"{PLACE_TAG}{digest[:PLACE_CHARACTERS]}"


def tags_of(work: Work) -> list[str]:
    """All tags that it is to have."""
    return [tag_of(work), place_tag_of(work), *(work.properties["tags"] or ())]


def named(work: Work) -> str:
    """What it is called."""
    return str(work.properties["name"] or work.physical_name)


def reference(cloud: Cloud, name: str, value: Any) -> Any:
    """The id of what a property names."""
    return resolved(cloud, PROPERTIES[name], value)


def order(work: Work, networks: str | Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The whole body; ``networks``: as the API has them."""
    given, cloud = work.properties, work.cloud
    server: dict[str, Any] = {
        "name": named(work),
        "flavorRef": reference(cloud, "flavor", given["flavor"]),
        "networks": networks,
        "tags": tags_of(work),
        **{name: given[name] for name in _PLAIN if given[name] is not None},
    }
    if given["image"]:
        server["imageRef"] = reference(cloud, "image", given["image"])
    if given["security_groups"]:
        server["security_groups"] = [
            {"name": str(each)} for each in given["security_groups"]
        ]
    if given["metadata"]:
        server["metadata"] = metadata(given["metadata"])
    if content := user_data(cloud, given["user_data"]):
        server["user_data"] = b64encode(content).decode()
    if given["admin_pass"]:
        server["adminPass"] = given["admin_pass"]
    if given["diskConfig"]:
        server["OS-DCF:diskConfig"] = given["diskConfig"]
    if given["personality"]:
        server["personality"] = [
            {"path": path, "contents": b64encode(str(content).encode()).decode()}
            for path, content in given["personality"].items()
        ]
    server |= _devices(work, server.get("imageRef"))
    body: dict[str, Any] = {"server": server}
    if given["scheduler_hints"]:
        body["os:scheduler_hints"] = given["scheduler_hints"]
    return body


def metadata(given: Mapping[str, Any]) -> dict[str, str]:
    """Nova's metadata are texts: the rest becomes JSON."""
    return {
        name: each if isinstance(each, str) else orjson.dumps(each).decode()
        for name, each in given.items()
        if each is not None
    }


def user_data(cloud: Cloud, given: str) -> bytes:
    """What the guest gets: the text itself, or the config with that id."""
    if _UUID.fullmatch(given):
        found = cloud.find("orchestration", "software_configs", given)
        if found is not None:
            return str(found["software_config"]["config"]).encode()
    return given.encode()


# ---- disks ---------------------------------------------------------------------------


def _devices(work: Work, image: str | None) -> dict[str, Any]:
    given, cloud = work.properties, work.cloud
    if given["block_device_mapping"]:
        name = "block_device_mapping"
        return {name: without_none(reference(cloud, name, given[name]))}
    name = "block_device_mapping_v2"
    if not given[name]:
        return {}
    entries = without_none(reference(cloud, name, given[name]))
    return {name: devices(entries, image)}


def devices(entries: Sequence[Mapping[str, Any]], image: str | None) -> list[Any]:
    """Disks as the API has them.  The image of the server is one of them, unless
    another one is booted from; without it the first is."""
    boots = any(each.get("boot_index") == 0 for each in entries)
    found = [device(each) for each in entries]
    if image and not boots:
        root = {
            "uuid": image,
            "source_type": "image",
            "destination_type": "local",
            "boot_index": 0,
            "delete_on_termination": True,
        }
        return [root, *found]
    if not boots:
        found[0]["boot_index"] = 0
    return found


def device(entry: Mapping[str, Any]) -> dict[str, Any]:
    """One disk."""
    found = {name: entry[name] for name in _ENTRY_KEPT if name in entry}
    found["boot_index"] = entry.get("boot_index", -1)
    if "delete_on_termination" in entry:
        found["delete_on_termination"] = entry["delete_on_termination"]
    image = entry.get("image") or entry.get("image_id")
    if "swap_size" in entry:
        local = {"guest_format": "swap", "volume_size": entry["swap_size"]}
        return {**found, **_blank("local"), **local}
    if "ephemeral_size" in entry:
        local = {"volume_size": entry["ephemeral_size"]}
        if "ephemeral_format" in entry:
            local["guest_format"] = entry["ephemeral_format"]
        return {**found, **_blank("local"), **local}
    for kind, uuid in (
        ("volume", entry.get("volume_id")),
        ("snapshot", entry.get("snapshot_id")),
        ("image", image),
    ):
        if uuid:
            source = {"source_type": kind, "destination_type": "volume", "uuid": uuid}
            return {**found, **source}
    return {**found, **_blank("volume")}


def _blank(destination: str) -> dict[str, Any]:
    return {"source_type": "blank", "destination_type": destination}
