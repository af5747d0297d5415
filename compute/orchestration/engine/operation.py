"""One round of a stack's operation: look, decide, do what is ready, look again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from compute.core.rooms.others import Rooms
from compute.core.sql.database import Connection
from compute.orchestration.engine.acts import Acts
from compute.orchestration.engine.ending import end_badly, end_well, wants_nothing
from compute.orchestration.engine.halves import Halves
from compute.orchestration.engine.row_work import Guard
from compute.orchestration.engine.row_writer import RowWriter
from compute.orchestration.engine.snapshots import drop_snapshots
from compute.orchestration.engine.sources import ByTrust
from compute.orchestration.engine.view import StackView
from compute.orchestration.errors import Invalid
from compute.orchestration.model import STOP, Resource, Stack
from compute.orchestration.parts import Parts
from compute.orchestration.planning.converging import Plan, converge, sweep
from compute.orchestration.planning.graph import Graph
from compute.orchestration.states import DELETE, FAILED, IN_PROGRESS, SWEEPING
from objectstore.kernel import concurrency
from objectstore.kernel.errors import Rejected, Unavailable

_log = logging.getLogger("compute.orchestration")


@dataclass(frozen=True, slots=True)
class Round:
    """How a round went: whether something got further, and since when the operation is
    under way (0: it is none any more)."""

    moved: bool
    started_at: float


AT_REST = Round(moved=False, started_at=0.0)


def do_round(parts: Parts, stack_id: str, guard: Guard) -> Round:
    """See the module."""
    found = parts.read(lambda connection: _snapshot(connection, parts, stack_id))
    if found is None or found[0].status != IN_PROGRESS:
        return AT_REST
    return _Operation(parts, *found, guard).round()


def _snapshot(
    connection: Connection, parts: Parts, stack_id: str
) -> tuple[Stack, list[Resource]] | None:
    stack = parts.stores.stacks.find(connection, stack_id)
    if stack is None:
        return None
    return stack, parts.stores.resources_of(connection, stack_id)


class _Operation:
    """One stack at one moment."""

    def __init__(
        self, parts: Parts, stack: Stack, rows: list[Resource], guard: Guard
    ) -> None:
        self._parts = parts
        self._stack = stack
        self._rows = rows
        self._guard = guard
        self._asker = ByTrust(parts.authority, stack.trust_id, stack.project_id)
        self._view = StackView(parts, stack, self._asker, rows=rows, guard=guard)
        writer = RowWriter(parts, stack, guard)
        self._acts = Acts(stack, self._view, rows, writer)
        self._halves = Halves(parts, stack, self._view, writer)

    def round(self) -> Round:
        """Do what is ready."""
        stack = self._stack
        reason = self._broken_off()
        if reason:
            self._break_off(reason)
            return Round(moved=True, started_at=stack.started_at)
        try:
            plan = self._plan()
        except Invalid as error:
            plan = Plan(outcome=FAILED, reason=error.text)
        if plan.outcome and stack.action == DELETE:
            plan = self._without_snapshots(plan)
        if plan.outcome == FAILED:
            end_badly(self._parts, stack, plan.reason, self._guard)
            return Round(moved=True, started_at=stack.started_at)
        if plan.outcome:
            end_well(self._parts, stack, self._guard)
            return Round(moved=True, started_at=stack.started_at)
        return Round(self._do(plan), stack.started_at)

    def _plan(self) -> Plan:
        stack = self._stack
        if stack.action in SWEEPING:
            return sweep(self._rows, stack.generation, stack.action)
        graph: Graph = {}
        if not wants_nothing(stack):
            graph = self._view.blueprint.graph
        return converge(graph, self._rows, stack.generation)

    def _without_snapshots(self, plan: Plan) -> Plan:
        """What was saved of a stack goes with it."""
        try:
            drop_snapshots(
                self._parts, Rooms(self._parts.callers, self._asker), self._stack
            )
        except Rejected as error:
            return Plan(outcome=FAILED, reason=f"A snapshot stays: {error.text}")
        return plan

    def _do(self, plan: Plan) -> bool:
        calls: list[tuple[Callable[[Any], bool], Any]] = [
            *((self._halves.go_on, row) for row in plan.go_on),
            *((self._acts.make, name) for name in plan.make),
            *((self._acts.remove, row) for row in plan.remove),
            *((self._acts.sweep, row) for row in plan.sweep),
        ]
        moved: list[bool] = []
        size = min(self._parts.settings.resources_at_once, len(calls))
        for start in range(0, len(calls), max(size, 1)):
            tasks = [
                concurrency.spawn(self._try, call, subject, moved)
                for call, subject in calls[start : start + size]
            ]
            for task in tasks:
                concurrency.wait_task(task)
        return any(moved)

    def _try(
        self, call: Callable[[Any], bool], subject: Any, moved: list[bool]
    ) -> None:
        try:
            moved.append(call(subject))
        except Unavailable as error:
            _log.info("stack %s: %s", self._stack.id, error)

    # ---- no further -------------------------------------------------------------

    def _broken_off(self) -> str:
        """Why nothing is waited for any longer; "" mostly."""
        stack, now = self._stack, self._parts.now()
        if stack.interrupt:
            return f"Stack {stack.action} cancelled"
        if now >= stack.deadline:
            return "Timed out"
        failed = self._fresh(FAILED)
        grace = self._parts.settings.failure_grace
        if failed and min(row.updated_at for row in failed) + grace <= now:
            return "Aborted" if self._fresh(IN_PROGRESS) else ""
        return ""

    def _fresh(self, status: str) -> Sequence[Resource]:
        generation = self._stack.generation
        return [
            row
            for row in self._rows
            if row.generation == generation and row.status == status
        ]

    def _break_off(self, reason: str) -> None:
        """Call what is under way failed, and with it the operation."""
        stack = self._stack
        for row in self._fresh(IN_PROGRESS):
            self._halves.abort(row, f"{row.action} aborted ({reason})")
        if reason == "Aborted":
            return  # the next round tells of the first failure
        if stack.interrupt == STOP or reason != "Timed out":
            text = reason
        else:
            text = f"{stack.action.title()} timed out"
        end_badly(self._parts, stack, text, self._guard)
