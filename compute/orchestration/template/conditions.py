"""The conditions of a template: all are decided before anything else.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from compute.orchestration.errors import Invalid
from compute.orchestration.template.functions.truths import truth_of
from compute.orchestration.template.scope import Scope
from compute.orchestration.template.unknown import Unknown


class _Deciding(Mapping[str, bool]):
    """Decides a condition when somebody asks for it: they refer to each other."""

    def __init__(self, section: Mapping[str, Any], scope: Scope) -> None:
        self._section = section
        self._scope = scope
        self._open: list[str] = []
        self._known: dict[str, bool] = {}

    def __getitem__(self, name: str) -> bool:
        if name not in self._known:
            if name in self._open:
                raise Invalid(f"Circular definition for conditions: {name}")
            self._open.append(name)
            self._known[name] = self._decide(name)
            self._open.pop()
        return self._known[name]

    def __contains__(self, name: object) -> bool:
        return name in self._section

    def __iter__(self) -> Iterator[str]:
        return iter(self._section)

    def __len__(self) -> int:
        return len(self._section)

    def _decide(self, name: str) -> bool:
        try:
            found = truth_of(self._section[name], self._scope)
        except RecursionError:
            raise Invalid(f"The condition {name} refers to too many others") from None
        if isinstance(found, Unknown):
            raise Invalid(f"The condition {name} must depend on parameters only")
        return bool(found)


def decide(section: Mapping[str, Any], scope: Scope) -> dict[str, bool]:
    """Every condition; ``scope`` has the functions of conditions.  ``Invalid``."""
    deciding = _Deciding(section, scope)
    scope.conditions = deciding
    return {name: deciding[name] for name in section}
