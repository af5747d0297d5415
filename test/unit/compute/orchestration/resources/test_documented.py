"""The page on resource types says of each what its schema says."""

from __future__ import annotations

from pathlib import Path

import pytest

from compute.orchestration.frame.resource_type import ResourceType
from compute.orchestration.registry import all_types

PAGE = Path(__file__).parents[5] / "doc/api/orchestration-resources.md"
KINDS = {kind.name: kind for kind in all_types()}


def row_of(kind: ResourceType) -> str:
    """The type's row: what an update changes in place, and what makes another one."""
    never = getattr(kind, "never", {})
    columns: dict[bool, list[str]] = {True: [], False: []}
    for name, each in kind.properties.items():
        if name not in never:
            mark = "\\*" if each.required else ""
            columns[each.updatable].append(f"`{name}`{mark}")
    shown = [f"`{name}`" for name in kind.attributes]
    short = kind.name.split("::")[-1]
    cells = [", ".join(each) for each in (columns[True], columns[False], shown)]
    return f"| `{short}` | " + " | ".join(each or "-" for each in cells) + " |"


@pytest.mark.parametrize("name", sorted(KINDS))
def test_its_row_is_there(name: str) -> None:
    assert row_of(KINDS[name]) in PAGE.read_text().splitlines(), row_of(KINDS[name])


@pytest.mark.parametrize("name", sorted(KINDS))
def test_its_schema_can_be_shown(name: str) -> None:
    kind = KINDS[name]
    assert kind.description
    for each in kind.properties.values():
        assert each.show()["description"]
