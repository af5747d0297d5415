"""The JSON schemas of metadata definitions: requests, and what /v2/schemas tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.core.api.schema import Schema
from compute.image.metadefs.model import (
    DEFINITIONS_MAX,
    NAME_CHARACTERS_MAX,
    PRIVATE,
    PUBLIC,
    TEXT_CHARACTERS_MAX,
)
from compute.image.schemas import collection

Document = Mapping[str, Any]

# A name is one segment of a path, and a line of text.
NAME = {
    "type": "string",
    "minLength": 1,
    "maxLength": NAME_CHARACTERS_MAX,
    "pattern": r"^[^/\x00-\x1f]*[^/\x00-\x20][^/\x00-\x1f]*$(?!\n)",
}
TITLE = {"type": ["string", "null"], "maxLength": NAME_CHARACTERS_MAX}
TEXT = {"type": ["string", "null"], "maxLength": TEXT_CHARACTERS_MAX}
_MOMENT = {"type": "string", "readOnly": True, "format": "date-time"}
_STAMPS = {"created_at": _MOMENT, "updated_at": _MOMENT}
_LINKS = {"self": {"type": "string"}, "schema": {"type": "string"}}
_COUNT = {"type": "integer", "minimum": 0}
_TEXTS = {
    "type": "array",
    "items": {"type": "string", "maxLength": 255},
    "maxItems": DEFINITIONS_MAX,
}

PROPERTY_FIELDS: Document = {
    "title": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": {"type": "string", "maxLength": 4096},
    "operators": _TEXTS,
    "type": {
        "type": "string",
        "enum": ["array", "boolean", "integer", "number", "object", "string", "null"],
    },
    "required": _TEXTS,
    "minimum": {"type": "number"},
    "maximum": {"type": "number"},
    "minLength": _COUNT,
    "maxLength": _COUNT,
    "minItems": _COUNT,
    "maxItems": _COUNT,
    "pattern": {"type": "string", "maxLength": 1024},
    "uniqueItems": {"type": "boolean"},
    "additionalItems": {"type": "boolean"},
    "readonly": {"type": "boolean"},
    "default": {},
    "enum": {"type": "array", "maxItems": DEFINITIONS_MAX},
    "items": {"type": "object"},
}
PROPERTY: Document = {
    "type": "object",
    "properties": {"name": NAME, **PROPERTY_FIELDS},
    "required": ["name", "title", "type"],
    "additionalProperties": False,
}
_PROPERTY_SET: Document = {
    "type": "object",
    "propertyNames": {"minLength": 1, "maxLength": NAME_CHARACTERS_MAX},
    "additionalProperties": {
        "type": "object",
        "properties": {"name": NAME, **PROPERTY_FIELDS},
        "required": ["title", "type"],
        "additionalProperties": False,
    },
    "maxProperties": DEFINITIONS_MAX,
}
OBJECT: Document = {
    "type": "object",
    "properties": {
        "name": NAME,
        "description": {"type": ["string", "null"], "maxLength": 4096},
        "required": _TEXTS,
        "properties": _PROPERTY_SET,
        **_STAMPS,
        **_LINKS,
    },
    "required": ["name"],
    "additionalProperties": False,
}
TAG: Document = {
    "type": "object",
    "properties": {"name": NAME, **_STAMPS, **_LINKS},
    "required": ["name"],
    "additionalProperties": False,
}
TAGS: Document = {
    "type": "object",
    "properties": {
        "tags": {"type": "array", "items": TAG, "maxItems": DEFINITIONS_MAX},
        **_LINKS,
        "first": {"type": "string"},
    },
    "required": ["tags"],
    "additionalProperties": False,
}
RESOURCE_TYPE: Document = {
    "type": "object",
    "properties": {
        "name": NAME,
        "prefix": {"type": ["string", "null"], "maxLength": NAME_CHARACTERS_MAX},
        "properties_target": TITLE,
        **_STAMPS,
    },
    "required": ["name"],
    "additionalProperties": False,
}
NAMESPACE_FIELDS: Document = {
    "namespace": NAME,
    "display_name": TITLE,
    "description": TEXT,
    "visibility": {"type": "string", "enum": [PUBLIC, PRIVATE]},
    "protected": {"type": "boolean"},
    "owner": {"type": "string", "maxLength": 64},
    **_STAMPS,
    **_LINKS,
}


def _many(items: Document) -> Document:
    return {"type": "array", "items": items, "maxItems": DEFINITIONS_MAX}


NAMESPACE: Document = {
    "type": "object",
    "properties": {
        **NAMESPACE_FIELDS,
        "resource_type_associations": _many(RESOURCE_TYPE),
        "properties": _PROPERTY_SET,
        "objects": _many(OBJECT),
        "tags": _many(TAG),
    },
    "required": ["namespace"],
    "additionalProperties": False,
}
NEW_NAMESPACE = Schema(NAMESPACE)
CHANGED_NAMESPACE = Schema(
    {
        "type": "object",
        # Who shows one, and sends it back changed, sends its definitions along.
        "properties": {
            **NAMESPACE_FIELDS,
            "resource_type_associations": {},
            "properties": {},
            "objects": {},
            "tags": {},
        },
        "additionalProperties": False,
    }
)
NEW: Mapping[str, Schema] = {
    "object": Schema(OBJECT),
    "property": Schema(PROPERTY),
    "tag": Schema(TAG),
    "resource_type": Schema(RESOURCE_TYPE),
}
NEW_TAGS = Schema(TAGS)


def _named(name: str, schema: Document) -> Document:
    return {"name": name, **schema}


PUBLISHED: Mapping[str, Document] = {
    "namespace": _named("namespace", NAMESPACE),
    "namespaces": collection("namespaces", NAMESPACE),
    "object": _named("object", OBJECT),
    "objects": collection("objects", OBJECT),
    "property": _named("property", PROPERTY),
    "properties": {
        **collection("properties", PROPERTY),
        "properties": {"properties": _PROPERTY_SET},
    },
    "tag": _named("tag", TAG),
    "tags": collection("tags", TAG),
    "resource_type": _named("resource_type_association", RESOURCE_TYPE),
    "resource_types": collection("resource_type_associations", RESOURCE_TYPE),
}
