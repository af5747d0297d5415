"""Whether a resource stays, is changed in place, or makes room for another.  Pure."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any

from compute.orchestration.errors import Invalid
from compute.orchestration.frame.resource_type import Change, ResourceType
from compute.orchestration.model import Resource
from compute.orchestration.states import (
    ADOPT,
    CHECK,
    COMPLETE,
    CREATE,
    DELETE,
    IN_PROGRESS,
)


class Verdict(enum.Enum):
    """What an update does with a resource that there is."""

    KEEP = "unchanged"
    UPDATE = "updated"
    REPLACE = "replaced"


def decide(
    row: Resource,
    kind: ResourceType,
    kind_name: str,
    after: Mapping[str, Any],
    *,
    external: str = "",
) -> tuple[Verdict, Change]:
    """``after``: the properties as they are wanted now; ``external``: the id of what
    there is already and is wanted instead.  ``Invalid`` when one changes that must
    not."""
    change = change_of(row, after)
    if external and row.external and row.physical_id == external:
        return Verdict.KEEP, change
    if external and row.physical_id:
        # What the stack has made would be deleted: perhaps the very thing.
        raise Invalid("external_id cannot be given to a resource that there is")
    if external or row.external or row.kind != kind_name:
        return Verdict.REPLACE, change
    if _is_broken(row):
        # What a nested stack lacks can be mended in it.
        can_mend = kind.is_stack and row.physical_id and row.action != DELETE
        return (Verdict.UPDATE if can_mend else Verdict.REPLACE), change
    for name in sorted(change.names):
        rule = kind.properties.get(name)
        if rule is not None and rule.immutable:
            raise Invalid(f"Updating an immutable property: {name}")
    if change.names:
        replaces = kind.must_replace(change)
        return (Verdict.REPLACE if replaces else Verdict.UPDATE), change
    if row.status != COMPLETE:
        return Verdict.UPDATE, change
    return Verdict.KEEP, change


def change_of(row: Resource, after: Mapping[str, Any]) -> Change:
    """What is not as it was, nor as a change that failed may have left it."""
    names = {name for name in after if after[name] != row.properties.get(name)}
    if row.trying:
        names |= {name for name in after if after[name] != row.trying.get(name)}
    return Change(row.properties, after, frozenset(names))


def can_revive(row: Resource, kind_name: str, after: Mapping[str, Any]) -> bool:
    """Whether one whose place another took is just what is wanted now: so that going
    back to it loses nothing."""
    return (
        row.obsolete
        and not row.external
        and row.kind == kind_name
        and row.status == COMPLETE
        and row.action != DELETE
        and not change_of(row, after).names
    )


def _is_broken(row: Resource) -> bool:
    if row.status == IN_PROGRESS or row.action == DELETE:
        return True
    return row.status != COMPLETE and row.action in (CREATE, CHECK, ADOPT)
