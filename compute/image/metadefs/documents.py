"""Metadata definitions as the API shows them: pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from compute.core.instants import iso_z
from compute.image.metadefs.model import (
    OBJECT,
    PROPERTY,
    RESOURCE_TYPE,
    RESOURCE_TYPES,
    TAG,
    Definition,
    Kind,
    Namespace,
)

NAMESPACES = "/v2/metadefs/namespaces"
SCHEMAS = "/v2/schemas/metadefs"


def namespace_document(
    namespace: Namespace, definitions: Sequence[Definition], prefix: str = ""
) -> dict[str, Any]:
    """A namespace with what it defines."""
    found: dict[str, Any] = {
        "namespace": namespace.name,
        "display_name": namespace.display_name,
        "description": namespace.description,
        "visibility": namespace.visibility,
        "protected": namespace.protected,
        "owner": namespace.owner,
        "created_at": iso_z(namespace.created_at),
        "updated_at": iso_z(namespace.updated_at),
        "self": f"{NAMESPACES}/{namespace.name}",
        "schema": f"{SCHEMAS}/namespace",
    }
    # Optional texts that nobody gave are left out: their schema knows no null there.
    for name in ("display_name", "description"):
        if found[name] is None:
            del found[name]
    by_kind = {
        kind.name: [each for each in definitions if each.kind == kind.name]
        for kind in (RESOURCE_TYPE, OBJECT, PROPERTY, TAG)
    }
    associated = by_kind[RESOURCE_TYPE.name]
    if associated:
        found[RESOURCE_TYPE.plural] = [
            association_document(each) for each in associated
        ]
    if by_kind[PROPERTY.name]:
        found["properties"] = properties_document(by_kind[PROPERTY.name], prefix)
    if by_kind[OBJECT.name]:
        found["objects"] = [
            object_document(namespace.name, each, prefix)
            for each in by_kind[OBJECT.name]
        ]
    if by_kind[TAG.name]:
        found["tags"] = [{"name": each.name} for each in by_kind[TAG.name]]
    return found


def object_document(
    namespace: str, definition: Definition, prefix: str = ""
) -> dict[str, Any]:
    """An object."""
    properties = definition.document.get("properties") or {}
    return {
        "required": [],
        **definition.document,
        "name": definition.name,
        "properties": {f"{prefix}{name}": each for name, each in properties.items()},
        **_stamps(definition),
        "self": f"{NAMESPACES}/{namespace}/objects/{definition.name}",
        "schema": f"{SCHEMAS}/object",
    }


def property_document(definition: Definition, prefix: str = "") -> dict[str, Any]:
    """A property, as a list has it or alone."""
    return {**definition.document, "name": f"{prefix}{definition.name}"}


def properties_document(
    definitions: Iterable[Definition], prefix: str = ""
) -> dict[str, Any]:
    """Properties by name."""
    return {
        f"{prefix}{each.name}": property_document(each, prefix) for each in definitions
    }


def tag_document(definition: Definition) -> dict[str, Any]:
    """A tag alone."""
    return {"name": definition.name, **_stamps(definition)}


def association_document(definition: Definition) -> dict[str, Any]:
    """A resource type that a namespace is meant for."""
    return {
        **{key: value for key, value in definition.document.items() if value},
        "name": definition.name,
        **_stamps(definition),
    }


def resource_types_document(associations: Iterable[Definition]) -> dict[str, Any]:
    """What there is that may bear properties: ours, and whatever was named besides."""
    found: dict[str, Mapping[str, str]] = {
        name: {"name": name, "created_at": iso_z(0), "updated_at": iso_z(0)}
        for name in RESOURCE_TYPES
    }
    for each in associations:
        found.setdefault(each.name, {"name": each.name, **_stamps(each)})
    return {"resource_types": [found[name] for name in sorted(found)]}


def list_document(kind: Kind, namespace: str, items: Any) -> dict[str, Any]:
    """A list of a namespace's definitions."""
    return {
        kind.plural: items,
        "first": f"{NAMESPACES}/{namespace}/{kind.plural}",
        "schema": f"{SCHEMAS}/{kind.plural}",
    }


def _stamps(definition: Definition) -> dict[str, str]:
    return {
        "created_at": iso_z(definition.created_at),
        "updated_at": iso_z(definition.updated_at),
    }
