"""Bodies of servers: create, update, rebuild."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from compute.instance.frame.bodies import Body, Field
from compute.instance.schemas.types import (
    BOOLEAN,
    DESCRIPTION,
    DISK_CONFIG,
    FQDN,
    HOSTNAME,
    ID,
    IPV4,
    IPV6,
    METADATA,
    NAME,
    PASSWORD,
    POSITIVE,
    TAG,
    TAGS,
    UUID,
    nullable,
)

# In base64, 64 KiB of user data.
USER_DATA: dict[str, Any] = {"type": ["string", "null"], "maxLength": 65535}
# Refused later, with the reason; but by these rules first.
CERTIFICATES: dict[str, Any] = {
    "type": ["array", "null"],
    "items": {"type": "string", "minLength": 1},
    "minItems": 1,
    "maxItems": 50,
    "uniqueItems": True,
}
_EMPTY: dict[str, Any] = {"type": "string", "maxLength": 0}
ACCESS_IPV4: dict[str, Any] = {"oneOf": [IPV4, _EMPTY]}
ACCESS_IPV6: dict[str, Any] = {"oneOf": [IPV6, _EMPTY]}


def plain_address(text: str) -> str:
    """The address in its shortest form; ::192.0.2.1 and ::c000:201 are one."""
    return str(ip_address(text)) if text else ""


def with_plain_addresses(values: dict[str, Any]) -> dict[str, Any]:
    """A server's values, access addresses in their shortest form."""
    names = {"access_ipv4", "access_ipv6"} & values.keys()
    return {**values, **{name: plain_address(values[name]) for name in names}}


FILES: dict[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "path": {"type": "string", "minLength": 1},
            "contents": {"type": "string"},
        },
        "required": ["path", "contents"],
        "additionalProperties": False,
    },
}


def _network(*, tag: bool) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "uuid": UUID,
        "port": nullable(UUID),
        "fixed_ip": {"oneOf": [IPV4, IPV6]},
    }
    if tag:
        properties["tag"] = TAG
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _networks(*, tag: bool) -> dict[str, Any]:
    return {"type": "array", "items": _network(tag=tag)}


def _networks_or_word(*, tag: bool) -> dict[str, Any]:
    return {"oneOf": [_networks(tag=tag), {"enum": ["auto", "none"]}]}


def _devices(*, tag: bool, volume_type: bool) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "source_type": {"enum": ["volume", "image", "snapshot", "blank"]},
        "uuid": nullable(UUID),
        "image_id": UUID,
        "destination_type": {"enum": ["local", "volume"]},
        "guest_format": {"type": ["string", "null"], "maxLength": 255},
        "device_type": {"type": ["string", "null"], "maxLength": 255},
        "disk_bus": {"type": ["string", "null"], "maxLength": 255},
        "boot_index": {"type": ["integer", "string", "null"], "pattern": "^-?[0-9]+$"},
        "volume_id": UUID,
        "snapshot_id": UUID,
        "volume_size": {"type": ["integer", "string", "null"], "pattern": "^[0-9]*$"},
        "device_name": {"type": ["string", "null"], "maxLength": 255},
        "delete_on_termination": BOOLEAN,
        "no_device": {},
        "connection_info": {"type": "string"},
    }
    if tag:
        properties["tag"] = TAG
    if volume_type:
        properties["volume_type"] = {"type": ["string", "null"], "maxLength": 255}
    return {
        "type": "array",
        "items": {
            "type": "object",
            "properties": properties,
            "additionalProperties": False,
        },
    }


_GROUPS: dict[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"name": {"type": "string", "maxLength": 255}},
        "additionalProperties": False,
    },
}
_ZONE: dict[str, Any] = {**NAME}
_ONE_OR_MORE_IDS: dict[str, Any] = {"anyOf": [UUID, {"type": "array", "items": UUID}]}
HINTS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "group": UUID,
        "different_host": _ONE_OR_MORE_IDS,
        "same_host": _ONE_OR_MORE_IDS,
        "query": {"type": ["string", "object"]},
        "target_cell": NAME,
        "different_cell": {
            "anyOf": [
                {"type": "string"},
                {"type": "array", "items": {"type": "string"}},
            ]
        },
        "build_near_host_ip": {"oneOf": [IPV4, IPV6]},
        "cidr": {"type": "string", "pattern": "^/[0-9a-f.:]+$"},
    },
    # Filters that are not ours may have hints of their own.
    "additionalProperties": True,
}

_CREATE = (
    Field("name", NAME, required=True),
    Field("flavorRef", ID, required=True),
    Field("imageRef", {"oneOf": [UUID, _EMPTY]}),
    Field("adminPass", PASSWORD),
    Field("metadata", METADATA),
    Field("networks", _networks(tag=False), until=31),
    Field("networks", _networks(tag=True), since=32, until=36),
    Field("networks", _networks_or_word(tag=False), since=37, until=41, required=True),
    Field("networks", _networks_or_word(tag=True), since=42, required=True),
    Field("OS-DCF:diskConfig", DISK_CONFIG),
    Field("accessIPv4", ACCESS_IPV4),
    Field("accessIPv6", ACCESS_IPV6),
    Field("personality", FILES, until=56),
    Field("availability_zone", _ZONE),
    Field("block_device_mapping", {"type": "array"}),
    Field("block_device_mapping_v2", _devices(tag=False, volume_type=False), until=31),
    Field("block_device_mapping_v2", _devices(tag=True, volume_type=False), 32, 32),
    Field("block_device_mapping_v2", _devices(tag=False, volume_type=False), 33, 41),
    Field("block_device_mapping_v2", _devices(tag=True, volume_type=False), 42, 66),
    Field("block_device_mapping_v2", _devices(tag=True, volume_type=True), 67),
    Field("config_drive", BOOLEAN),
    Field("key_name", NAME),
    Field("min_count", POSITIVE),
    Field("max_count", POSITIVE),
    Field("return_reservation_id", BOOLEAN),
    Field("security_groups", _GROUPS),
    Field("user_data", {**USER_DATA, "type": "string"}),
    Field("description", DESCRIPTION, since=19),
    Field("tags", TAGS, since=52),
    Field("trusted_image_certificates", CERTIFICATES, since=63),
    Field("host", NAME, since=74),
    Field("hypervisor_hostname", NAME, since=74),
    Field("hostname", HOSTNAME, since=90, until=93),
    Field("hostname", FQDN, since=94),
)
CREATE = Body(
    "server",
    _CREATE,
    beside=(
        Field("os:scheduler_hints", HINTS),
        Field("OS-SCH-HNT:scheduler_hints", HINTS),
    ),
)

UPDATE = Body(
    "server",
    (
        Field("name", NAME),
        Field("OS-DCF:diskConfig", DISK_CONFIG),
        Field("accessIPv4", ACCESS_IPV4),
        Field("accessIPv6", ACCESS_IPV6),
        Field("description", DESCRIPTION, since=19),
        Field("hostname", HOSTNAME, since=90, until=93),
        Field("hostname", FQDN, since=94),
    ),
)

REBUILD = (
    Field("imageRef", UUID, required=True),
    Field("name", NAME),
    Field("adminPass", PASSWORD),
    Field("metadata", METADATA),
    Field("preserve_ephemeral", BOOLEAN),
    Field("OS-DCF:diskConfig", DISK_CONFIG),
    Field("accessIPv4", ACCESS_IPV4),
    Field("accessIPv6", ACCESS_IPV6),
    Field("personality", FILES, until=56),
    Field("description", DESCRIPTION, since=19),
    Field("key_name", nullable(NAME), since=54),
    Field("user_data", USER_DATA, since=57),
    Field("trusted_image_certificates", CERTIFICATES, since=63),
    Field("hostname", HOSTNAME, since=90, until=93),
    Field("hostname", FQDN, since=94),
)
