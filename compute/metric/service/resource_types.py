"""Resource types: made, changed with the resources that are of them, deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from compute.core.errors import BadRequest, Conflict, Forbidden
from compute.core.sql.database import Connection
from compute.metric import store, tables
from compute.metric.attributes import ATTRIBUTES_MAX, completed, value_of
from compute.metric.model import GENERIC, ResourceType
from compute.metric.service.resources import type_named

TYPES_MAX = 500


def create(
    connection: Connection, name: str, attributes: Mapping[str, Mapping[str, Any]]
) -> ResourceType:
    """A new one; 409, 400."""
    if store.resource_types.find(connection, name) is not None:
        raise Conflict(f"Resource type {name} already exists")
    if store.resource_types.count(connection) >= TYPES_MAX:
        raise BadRequest(f"There are {TYPES_MAX} resource types, which is the limit")
    kind = ResourceType(name, {each: completed(it) for each, it in attributes.items()})
    store.resource_types.insert(connection, kind)
    return kind


def update(
    connection: Connection, name: str, patch: Sequence[Mapping[str, Any]]
) -> ResourceType:
    """Attributes come, change and go; resources that are there get what ``fill`` says,
    where they have nothing."""
    kind = _changeable(connection, name)
    attributes = dict(kind.attributes)
    filled: dict[str, Any] = {}
    for each in patch:
        attribute = each["path"].rpartition("/")[2]
        if each["op"] == "remove":
            if attributes.pop(attribute, None) is None:
                raise BadRequest(f"can't remove a non-existent object '{attribute}'")
            filled.pop(attribute, None)
            continue
        if "value" not in each:
            raise BadRequest(f"Invalid input: no definition of attribute {attribute}")
        former = attributes.get(attribute)
        attributes[attribute], filled[attribute] = _defined(
            attribute, each["value"], former
        )
    if len(attributes) > ATTRIBUTES_MAX:
        raise BadRequest(f"A type has at most {ATTRIBUTES_MAX} attributes")
    store.resource_types.change(connection, name, attributes=attributes)
    columns = store.resources.columns
    for resource in store.resources.where(connection, columns.type == name):
        values = {}
        for attribute in attributes:
            value = resource.attributes.get(attribute)
            values[attribute] = filled.get(attribute) if value is None else value
        store.resources.change(connection, resource.id, attributes=values)
    return replace(kind, attributes=attributes)


def _defined(
    name: str, given: Mapping[str, Any], former: Mapping[str, Any] | None
) -> tuple[Mapping[str, Any], Any]:
    """The definition, and what those get that have nothing.  An attribute keeps its
    type: the values that are there are of it."""
    definition = completed(given)
    if former is not None and former["type"] != definition["type"]:
        raise BadRequest(
            f"Attribute {name} is {former['type']}, and stays so: make another one"
        )
    fill = given.get("options", {}).get("fill")
    if definition["required"] and fill is None:
        raise BadRequest(f"Invalid input: options of {name}: 'fill' is missing")
    return definition, value_of(name, definition, fill)


def delete(connection: Connection, name: str) -> None:
    """One without resources; 404, 400."""
    _changeable(connection, name)
    if store.resources.count(connection, tables.resources.c.type == name):
        raise BadRequest(f"Resource type {name} is still in use")
    store.resource_types.delete(connection, name)


def _changeable(connection: Connection, name: str) -> ResourceType:
    if name == GENERIC:
        raise Forbidden(f"Resource type {name} cannot be changed")
    return type_named(connection, name)
