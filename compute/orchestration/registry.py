"""Every resource type by its name: those of the modules below ``resources``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module
from pkgutil import walk_packages

from compute.orchestration import resources
from compute.orchestration.errors import Invalid
from compute.orchestration.frame.resource_type import ResourceType


class Registry:
    """The types of this cloud."""

    def __init__(self, types: Iterable[ResourceType]) -> None:
        self._types: dict[str, ResourceType] = {}
        for each in types:
            assert each.name not in self._types, f"{each.name} is there twice"
            self._types[each.name] = each

    def __iter__(self) -> Iterator[ResourceType]:
        return iter(self._types[name] for name in sorted(self._types))

    def get(self, name: str) -> ResourceType:
        """The type; ``Invalid`` when there is none."""
        found = self._types.get(name)
        if found is None:
            raise Invalid(f"The Resource Type ({name}) could not be found.")
        return found

    def find(self, name: str) -> ResourceType | None:
        """The type, or None."""
        return self._types.get(name)


def all_types(region: str = "") -> Registry:
    """Imports every module below ``resources``: each has its ``TYPES``, or a function
    ``types_in`` of the region where they are."""
    found: list[ResourceType] = []
    for module in walk_packages(resources.__path__, resources.__name__ + "."):
        imported = import_module(module.name)
        if hasattr(imported, "types_in"):
            found += imported.types_in(region)
        else:
            found += getattr(imported, "TYPES", ())
    return Registry(found)
