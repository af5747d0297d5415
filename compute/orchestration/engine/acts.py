"""Begins the acts on a stack's resources: what is wanted is held against what there is.

How an act then goes on is ``halves.py``'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.orchestration import states
from compute.orchestration.difference import (
    Verdict,
    can_revive,
    decide,
)
from compute.orchestration.engine.row_work import OWN_METADATA
from compute.orchestration.engine.row_writer import RowWriter
from compute.orchestration.engine.view import StackView
from compute.orchestration.errors import Invalid, ResourceFailed, said
from compute.orchestration.frame.resource_type import SAVED
from compute.orchestration.model import Resource, Stack
from compute.orchestration.planning import hooks
from compute.orchestration.states import COMPLETE, FAILED
from compute.orchestration.template.scope import resolve
from compute.orchestration.template.template import (
    DELETE,
    RETAIN,
    SNAPSHOT,
    policy_of,
)
from objectstore.kernel.errors import Rejected


class Acts:
    """Of one stack, in one round.  Each says whether it got anything further."""

    def __init__(
        self,
        stack: Stack,
        view: StackView,
        rows: list[Resource],
        writer: RowWriter,
    ) -> None:
        self._stack = stack
        self._view = view
        self._rows = rows
        self._writer = writer

    def make(self, name: str) -> bool:
        """Hold what is wanted against what there is: make it, change it, leave it."""
        present = next(
            (row for row in self._rows if row.name == name and not row.obsolete), None
        )
        try:
            wanted = self._wanted(name)
        except (Rejected, ResourceFailed) as error:
            self._cannot(name, present, said(error))
            return True
        if present is None:
            self._writer.insert(name, wanted)
            return True
        blueprint = self._view.blueprint
        kind_name, kind = blueprint.kind_of(name)
        try:
            verdict, _ = decide(
                present,
                kind,
                kind_name,
                wanted["properties"],
                external=wanted["physical_id"],
            )
        except Invalid as error:
            self._cannot(name, present, said(error))
            return True
        if self._writer.waits(present, hooks.PRE_UPDATE):
            return False
        if verdict is Verdict.REPLACE:
            self._replace(name, present, kind_name, wanted)
        else:
            self._take_over(present, wanted, is_changed=verdict is Verdict.UPDATE)
        return True

    def remove(self, row: Resource) -> bool:
        """Begin to delete it, or let it be where its policy says so."""
        if self._writer.waits(row, hooks.PRE_DELETE):
            return False
        keeps = row.deletion_policy == RETAIN and self._stack.action != states.ROLLBACK
        if row.external or keeps:
            self._writer.forget(row, is_kept=True)
            return True
        values: dict[str, Any] = {}
        if row.deletion_policy == SNAPSHOT:
            values["data"] = _without_saved(row)
            # There is nothing in what was never complete, nor is it missed when the
            # stack turns back.
            is_whole = row.action != states.CREATE or row.status == COMPLETE
            if not is_whole or self._stack.action == states.ROLLBACK:
                values["deletion_policy"] = DELETE
        self._writer.begin(row, states.DELETE, **values)
        return True

    def sweep(self, row: Resource) -> bool:
        """Begin the stack's own action on it."""
        if row.external and self._stack.action != states.CHECK:
            self._writer.write(row, generation=self._stack.generation)
            return True
        if not row.physical_id and self._stack.action != states.CHECK:
            self._writer.write(row, generation=self._stack.generation)
            return True
        values: dict[str, Any] = {}
        if self._stack.action == states.SNAPSHOT:
            values["data"] = _without_saved(row)
        self._writer.begin(row, self._stack.action, **values)
        return True

    # ---- what is wanted ---------------------------------------------------------

    def _wanted(self, name: str) -> dict[str, Any]:
        """The columns of the row as the template wants them now."""
        blueprint, scope = self._view.blueprint, self._view.scope()
        section = blueprint.sections[name]
        kind_name, kind = blueprint.kind_of(name)
        external = resolve(section.external_id, scope)
        # What is not ours needs no properties.
        properties = {} if external else blueprint.properties(name, scope)
        if not external:
            kind.validate(properties)
        return {
            "type": section.type,
            "kind": kind_name,
            "properties": properties,
            "metadata": blueprint.metadata(name, scope),
            "deletion_policy": policy_of(resolve(section.deletion_policy, scope)),
            "requires": sorted(blueprint.graph[name]),
            "external": bool(external),
            "physical_id": str(external or ""),
        }

    def _take_over(
        self, row: Resource, wanted: Mapping[str, Any], *, is_changed: bool
    ) -> None:
        """Bring the row up to this operation."""
        values: dict[str, Any] = {
            "type": wanted["type"],
            "deletion_policy": wanted["deletion_policy"],
            "requires": wanted["requires"],
            "generation": self._stack.generation,
        }
        if not row.data.get(OWN_METADATA):
            values["metadata"] = wanted["metadata"]
        if not is_changed:
            self._writer.keep(row, **values)
            return
        values["trying"] = wanted["properties"]
        self._writer.begin(row, states.UPDATE, **values)

    def _replace(
        self, name: str, row: Resource, kind_name: str, wanted: Mapping[str, Any]
    ) -> None:
        """Make room for another: one that was wanted before and is still there, or a
        new one."""
        for each in self._rows:
            is_alike = each.name == name and not wanted["external"]
            if is_alike and can_revive(each, kind_name, wanted["properties"]):
                self._writer.exchange(row, each)
                return
        self._writer.exchange(row, None)
        self._writer.insert(name, wanted)

    def _cannot(self, name: str, row: Resource | None, reason: str) -> None:
        """What is wanted cannot even be told."""
        if row is not None:
            is_new = row.action == states.CREATE and row.status != COMPLETE
            action = states.CREATE if is_new else states.UPDATE
            self._writer.write(
                row, tell=True, action=action, **self._writer.failure(row, reason)
            )
            return
        section = self._view.blueprint.sections[name]
        kind = self._view.blueprint.kind_of(name)[0]
        known = {"type": section.type, "kind": kind}
        self._writer.insert(name, known, FAILED, reason)


def _without_saved(row: Resource) -> dict[str, Any]:
    """What the snapshot before saved is that one's."""
    return {name: row.data[name] for name in row.data.keys() - {SAVED}}
