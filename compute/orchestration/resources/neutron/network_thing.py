"""What the things of the network room have in common: tags, and fields by the name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from compute.orchestration.frame.properties import Property
from compute.orchestration.frame.resource_type import Change, Definition
from compute.orchestration.frame.work import Work
from compute.orchestration.resources.frame.finding import NETWORK
from compute.orchestration.resources.frame.schemas import mapping, text, texts
from compute.orchestration.resources.frame.things import Thing

TAGS, SPECS = "tags", "value_specs"
PROJECT = "tenant_id"

VALUE_SPECS = mapping("More fields of the request, as the API calls them", default={})
TAG_LIST = texts("Tags to put on it", live=True)
OWNER = text("The project that is to own it (administrators)", is_a="keystone.project")


def named(about: str) -> Property:
    """The property ``name``."""
    return text(f"The name of {about}", live=True)


class NetworkThing(Thing):
    """A thing of the network room."""

    def body(self, work: Work, names: Iterable[str]) -> dict[str, Any]:
        """Fields by the name (``value_specs``) are set beside the others."""
        asked = [name for name in names if name not in (TAGS, SPECS)]
        body = super().body(work, asked)
        if SPECS in names:
            body |= work.properties[SPECS] or {}
        return body

    def is_created(self, work: Work) -> bool:
        """Tags are put on what is there."""
        if not super().is_created(work):
            return False
        if work.properties.get(TAGS):
            self._tag(work)
        return True

    def update(self, work: Work, change: Change) -> None:
        """Fields, and tags."""
        super().update(work, change)
        if TAGS in change.names:
            self._tag(work)

    def _tag(self, work: Work) -> None:
        tags = list(work.properties[TAGS] or ())
        path = (*self.path(work), work.physical_id, TAGS)
        work.cloud.put(NETWORK, *path, body={"tags": tags})


def same_network(
    mine: Definition, others: Mapping[str, Definition], type_name: str, *keys: str
) -> list[str]:
    """The resources of that type that say the same of their network as this one."""
    wanted = value_of(mine, *keys)
    return [
        name
        for name, other in others.items()
        if name != mine.name
        and other.type == type_name
        and wanted is not None
        and value_of(other, "network", "network_id") == wanted
    ]


def of_type(
    mine: Definition, others: Mapping[str, Definition], *type_names: str
) -> list[str]:
    """The other resources of these types."""
    return [
        name
        for name, other in others.items()
        if name != mine.name and other.type in type_names
    ]


def value_of(definition: Definition, *keys: str) -> Any:
    """The first of the properties that is given, functions not resolved."""
    if not isinstance(definition.properties, Mapping):
        return None
    for key in keys:
        value = definition.properties.get(key)
        if value is not None:
            return value
    return None


def one_way(properties: Mapping[str, Any], *names: str) -> str:
    """The one of these properties that is given, the first where several are; ""."""
    return next((name for name in names if properties.get(name) is not None), "")
