"""Records of metadata definitions, and their kinds.

A *namespace* bears *definitions* of four kinds: properties, objects (properties that
belong together), tags, and the resource types that it is meant for.  Nothing in the
cloud acts on them: forms offer them, people read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PUBLIC, PRIVATE = "public", "private"
NAME_CHARACTERS_MAX = 80
TEXT_CHARACTERS_MAX = 500
DEFINITIONS_MAX = 1000
"""Of one kind in one namespace: the largest published one has some hundreds."""
NAMESPACES_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Namespace:
    """A set of definitions; ``name`` is what the API calls ``namespace``."""

    id: str
    name: str
    owner: str
    created_at: float
    updated_at: float
    display_name: str | None = None
    description: str | None = None
    visibility: str = PRIVATE
    protected: bool = False
    revision: int = 1


@dataclass(frozen=True, slots=True)
class Definition:
    """One of a namespace's; ``document``: what the API says of it beside its name."""

    namespace_id: str
    kind: str
    name: str
    document: Mapping[str, Any]
    created_at: float
    updated_at: float


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of definition: its name, that of its list, and the policy's rules."""

    name: str
    plural: str
    show: str
    list: str
    add: str
    change: str
    remove: str


OBJECT = Kind(
    "object",
    "objects",
    "get_metadef_object",
    "get_metadef_objects",
    "add_metadef_object",
    "modify_metadef_object",
    "delete_metadef_object",
)
PROPERTY = Kind(
    "property",
    "properties",
    "get_metadef_property",
    "get_metadef_properties",
    "add_metadef_property",
    "modify_metadef_property",
    "remove_metadef_property",
)
TAG = Kind(
    "tag",
    "tags",
    "get_metadef_tag",
    "get_metadef_tags",
    "add_metadef_tag",
    "modify_metadef_tag",
    "delete_metadef_tag",
)
RESOURCE_TYPE = Kind(
    "resource_type",
    "resource_type_associations",
    "get_metadef_resource_type",
    "get_metadef_resource_type",
    "add_metadef_resource_type_association",
    "add_metadef_resource_type_association",
    "remove_metadef_resource_type_association",
)
KINDS = (OBJECT, PROPERTY, TAG, RESOURCE_TYPE)

RESOURCE_TYPES = (
    "OS::Cinder::Volume",
    "OS::Glance::Image",
    "OS::Nova::Aggregate",
    "OS::Nova::Flavor",
    "OS::Nova::Server",
)
"""What this cloud has that bears properties; associations may name others besides."""
