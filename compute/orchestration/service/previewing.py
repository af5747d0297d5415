"""What an update would do, as far as it can be told before it is done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.orchestration.blueprint import Blueprint
from compute.orchestration.difference import Verdict, decide
from compute.orchestration.engine.view import StackView
from compute.orchestration.errors import Invalid
from compute.orchestration.model import Resource
from compute.orchestration.template.scope import resolve
from compute.orchestration.template.unknown import UNKNOWN, Unknown

ADDED, DELETED = "added", "deleted"
KINDS = (*(verdict.value for verdict in Verdict), ADDED, DELETED)


def changes(
    blueprint: Blueprint, view: StackView, rows: list[Resource]
) -> Mapping[str, list[str]]:
    """Names of resources, by what would be done with them."""
    present = {row.name: row for row in rows if not row.obsolete}
    found: dict[str, list[str]] = {kind: [] for kind in KINDS}
    moving: set[str] = set()

    def reference(name: str) -> Any:
        return UNKNOWN if name in moving else view.reference(name)

    def attribute(name: str, path: Any) -> Any:
        return UNKNOWN if name in moving else view.attribute(name, path)

    for name in _in_order(blueprint):
        row = present.get(name)
        if row is None:
            found[ADDED].append(name)
            moving.add(name)
            continue
        scope = blueprint.scope(reference, attribute)
        external = str(resolve(blueprint.sections[name].external_id, scope) or "")
        wanted = {} if external else blueprint.properties(name, scope)
        kind_name, kind = blueprint.kind_of(name)
        try:
            verdict, _ = decide(
                row, kind, kind_name, _known(row, wanted), external=external
            )
        except Invalid:
            verdict = Verdict.UPDATE  # it would fail
        found[verdict.value].append(name)
        if verdict is not Verdict.KEEP:
            moving.add(name)
    found[DELETED] = sorted(present.keys() - blueprint.sections.keys())
    return found


def _in_order(blueprint: Blueprint) -> list[str]:
    order: list[str] = []
    left = dict(blueprint.graph)
    while left:
        ready = sorted(name for name, needs in left.items() if not needs & left.keys())
        order += ready
        for name in ready:
            del left[name]
    return order


def _known(row: Resource, after: Mapping[str, Any]) -> dict[str, Any]:
    """What is not known yet counts as another value."""
    return {
        name: f"not {row.properties.get(name)!r}"
        if isinstance(value, Unknown)
        else value
        for name, value in after.items()
    }
