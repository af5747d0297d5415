"""The JSON schemas of requests, and those that clients read at /v2/schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.core.api.schema import Schema
from compute.image.model import (
    CONTAINER_FORMATS,
    DISK_FORMATS,
    MEMBER_STATUSES,
    MOVES,
    NAME_CHARACTERS_MAX,
    VISIBILITIES,
)

Document = Mapping[str, Any]

UUID_PATTERN = (
    "^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}"
    "-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$"
)
INTEGER_MAX = 2**31 - 1
PROPERTY_CHARACTERS_MAX = 65_535


def _read_only(text: str, kind: Any, **more: Any) -> dict[str, Any]:
    return {"type": kind, "readOnly": True, "description": text, **more}


BASE_PROPERTIES: dict[str, Any] = {
    "id": {
        "type": "string",
        "description": "An identifier for the image",
        "pattern": UUID_PATTERN,
    },
    "name": {
        "type": ["null", "string"],
        "description": "Descriptive name for the image",
        "maxLength": NAME_CHARACTERS_MAX,
    },
    "status": _read_only("Status of the image", "string", enum=list(MOVES)),
    "visibility": {
        "type": "string",
        "description": "Scope of image accessibility",
        "enum": list(VISIBILITIES),
    },
    "protected": {
        "type": "boolean",
        "description": "If true, image will not be deletable.",
    },
    "os_hidden": {
        "type": "boolean",
        "description": "If true, image will not appear in default image list response.",
    },
    "checksum": _read_only("md5 hash of image contents.", ["null", "string"]),
    "os_hash_algo": _read_only("Algorithm of os_hash_value", ["null", "string"]),
    "os_hash_value": _read_only("Hash of the image contents", ["null", "string"]),
    "owner": {
        "type": ["null", "string"],
        "description": "Owner of the image",
        "maxLength": 64,
    },
    "size": _read_only("Size of image file in bytes", ["null", "integer"]),
    "virtual_size": _read_only("Virtual size of image in bytes", ["null", "integer"]),
    "container_format": {
        "type": ["null", "string"],
        "description": "Format of the container",
        "enum": [None, *CONTAINER_FORMATS],
    },
    "disk_format": {
        "type": ["null", "string"],
        "description": "Format of the disk",
        "enum": [None, *DISK_FORMATS],
    },
    "created_at": _read_only("Date and time of image registration", "string"),
    "updated_at": _read_only("Date and time of the last modification", "string"),
    "tags": {
        "type": "array",
        "description": "List of strings related to the image",
        "items": {"type": "string", "maxLength": 255},
    },
    "min_ram": {
        "type": "integer",
        "description": "Amount of ram (in MB) required to boot image.",
        "minimum": 0,
        "maximum": INTEGER_MAX,
    },
    "min_disk": {
        "type": "integer",
        "description": "Amount of disk space (in GB) required to boot image.",
        "minimum": 0,
        "maximum": INTEGER_MAX,
    },
    "self": _read_only("An image self url", "string"),
    "file": _read_only("An image file url", "string"),
    "schema": _read_only("An image schema url", "string"),
    "stores": _read_only("Where the image's bytes are", "string"),
}
FREE_PROPERTY = {"type": "string", "maxLength": PROPERTY_CHARACTERS_MAX}

IMAGE: Document = {
    "name": "image",
    "type": "object",
    "properties": BASE_PROPERTIES,
    "additionalProperties": FREE_PROPERTY,
    "links": [
        {"href": "{self}", "rel": "self"},
        {"href": "{file}", "rel": "enclosure"},
        {"href": "{schema}", "rel": "describedby"},
    ],
}
MEMBER: Document = {
    "name": "member",
    "type": "object",
    "properties": {
        "member_id": {
            "type": "string",
            "description": "An identifier for the image member (tenantId)",
        },
        "image_id": {"type": "string", "pattern": UUID_PATTERN},
        "created_at": {"type": "string"},
        "updated_at": {"type": "string"},
        "status": {"type": "string", "enum": list(MEMBER_STATUSES)},
        "schema": {"readOnly": True, "type": "string"},
    },
}
TASK: Document = {
    "name": "task",
    "type": "object",
    "properties": {
        **{
            name: {"type": "string"}
            for name in ("id", "image_id", "request_id", "user_id", "owner", "self")
        },
        "type": {"type": "string", "enum": ["api_image_import"]},
        "status": {
            "type": "string",
            "enum": ["pending", "processing", "success", "failure"],
        },
        "input": {"type": ["null", "object"]},
        "result": {"type": ["null", "object"]},
        "message": {"type": "string"},
        "expires_at": {"type": ["null", "string"]},
        "created_at": {"type": "string"},
        "updated_at": {"type": "string"},
        "schema": {"type": "string"},
    },
}


def collection(plural: str, singular: Document) -> Document:
    """The schema of a list of them, as clients are told it."""
    return {
        "name": plural,
        "type": "object",
        "properties": {
            plural: {"type": "array", "items": singular},
            "first": {"type": "string"},
            "next": {"type": "string"},
            "schema": {"type": "string"},
        },
        "links": [
            {"href": "{first}", "rel": "first"},
            {"href": "{next}", "rel": "next"},
            {"href": "{schema}", "rel": "describedby"},
        ],
    }


PUBLISHED: Mapping[str, Document] = {
    "image": IMAGE,
    "images": collection("images", IMAGE),
    "member": MEMBER,
    "members": collection("members", MEMBER),
    "task": TASK,
    "tasks": collection("tasks", TASK),
}

CREATE = Schema(IMAGE)
ATTRIBUTES = Schema(
    {
        "type": "object",
        "properties": BASE_PROPERTIES,
        "additionalProperties": FREE_PROPERTY,
    }
)
"""What an image must still be after a change."""

ADD_MEMBER = Schema(
    {
        "type": "object",
        "properties": {"member": {"type": "string", "minLength": 1, "maxLength": 64}},
        "required": ["member"],
    }
)
SET_MEMBER = Schema(
    {
        "type": "object",
        "properties": {"status": {"type": "string", "enum": list(MEMBER_STATUSES)}},
        "required": ["status"],
    }
)
IMPORT = Schema(
    {
        "type": "object",
        "properties": {
            "method": {
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "uri": {"type": "string", "maxLength": 2048},
                    "glance_image_id": {"type": "string", "maxLength": 64},
                    "glance_region": {"type": "string", "maxLength": 255},
                    "glance_service_interface": {
                        "type": "string",
                        "enum": ["public", "internal", "admin"],
                    },
                },
                "required": ["name"],
            },
            "stores": {
                "type": "array",
                "items": {"type": "string"},
                "minItems": 1,
                "uniqueItems": True,
            },
            "all_stores": {"type": "boolean"},
            "all_stores_must_succeed": {"type": "boolean"},
        },
        "required": ["method"],
    }
)
SET_STATUS = Schema(
    {
        "type": "object",
        "properties": {
            "status": {"type": "string", "enum": ["active", "deactivated", "killed"]}
        },
        "required": ["status"],
    }
)
# A host has no more guests than that, and each reads one image.
HELD_IMAGES_MAX = 10_000
HOLD_ONLY = Schema(
    {
        "type": "object",
        "properties": {
            "images": {
                "type": "array",
                "items": {"type": "string", "maxLength": 64},
                "uniqueItems": True,
                "maxItems": HELD_IMAGES_MAX,
            }
        },
        "required": ["images"],
    }
)
VERBS = frozenset({"add", "replace", "remove"})
# Every property once, and some more.
_OPERATIONS_MAX = 1000
PATCH = Schema(
    {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "op": {"type": "string", "enum": sorted(VERBS)},
                "path": {"type": "string"},
            },
            "required": ["op", "path"],
        },
        "maxItems": _OPERATIONS_MAX,
    }
)
OLDER_PATCH = Schema(
    {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {verb: {"type": "string"} for verb in sorted(VERBS)},
            "oneOf": [{"required": [verb]} for verb in sorted(VERBS)],
        },
        "maxItems": _OPERATIONS_MAX,
    }
)
