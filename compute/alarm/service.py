"""Orders about alarms: load, decide, save, wake."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

from compute.alarm.actions import LOG
from compute.alarm.definitions import Definition
from compute.alarm.documents import changed_document, definition_document
from compute.alarm.entrusting import Lent, keep, lend
from compute.alarm.model import (
    ACTIONS,
    CREATION,
    DELETION,
    RULE_CHANGE,
    TRANSITION,
    UNKNOWN,
    Alarm,
)
from compute.alarm.outbox import owe_trust
from compute.alarm.parts import Parts
from compute.core.context import RequestContext
from compute.core.errors import BadRequest, Forbidden, NotFound, QuotaExceeded, Stale
from compute.core.sql.database import Connection

NOT_YET = "Not evaluated yet"
BY_HAND = "Manually set via API"


class AlarmService:
    """One for each process."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    # ---- questions -----------------------------------------------------------------

    def find(self, context: RequestContext, alarm_id: str, sees_all: bool) -> Alarm:
        """One that the caller may see; ``NotFound``."""
        return self._parts.read(
            lambda connection: self._seen(connection, context, alarm_id, sees_all)
        )

    def limit(self, project_id: str) -> int:
        """How many alarms the project may have; -1: any number."""
        return self._parts.read(lambda connection: self._limit(connection, project_id))

    # ---- orders --------------------------------------------------------------------

    def create(
        self, context: RequestContext, wanted: Definition, *, is_admin: bool
    ) -> Alarm:
        """A new one.  ``QuotaExceeded``, ``BadRequest``, ``Forbidden``."""
        parts, now = self._parts, self._parts.now()
        project_id, user_id = _owner(context, wanted, is_admin)
        alarm = _ordered(
            Alarm(
                id=parts.identifiers.uuid(),
                project_id=project_id,
                user_id=user_id,
                name="",
                description="",
                type="",
                rule={},
                enabled=True,
                severity="",
                repeat_actions=False,
                time_constraints=[],
                ok_actions=[],
                alarm_actions=[],
                insufficient_data_actions=[],
                trusts={},
                state=UNKNOWN,
                state_reason=NOT_YET,
                state_at=now,
                evaluated_at=now,
                created_at=now,
                updated_at=now,
                revision=1,
                due_at=now,
                claim="",
            ),
            wanted,
            now,
        )
        self._check_actions(wanted, is_admin)
        lent = self._lent(context, alarm, {})

        def write(connection: Connection) -> Alarm:
            self._check_quota(connection, project_id)
            made = self._kept(connection, alarm, {}, lent)
            parts.stores.alarms.insert(connection, made)
            detail = definition_document(made)
            parts.tell(connection, context, made, CREATION, detail)
            return made

        return self._written(write)

    def change(
        self,
        context: RequestContext,
        alarm_id: str,
        wanted: Definition,
        *,
        is_admin: bool,
    ) -> Alarm:
        """What it is to be from now on, all of it; its state stays unless the order
        says another."""
        parts, now = self._parts, self._parts.now()
        before = self.find(context, alarm_id, is_admin)
        self._check_actions(wanted, is_admin, before.actions)
        after = _owned(_ordered(before, wanted, now), wanted, is_admin)
        if after.project_id != before.project_id and before.trusts:
            raise BadRequest("An alarm that acts by a trust stays in its project")
        lent = self._lent(context, after, before.trusts)

        def write(connection: Connection) -> Alarm:
            found = self._seen(connection, context, alarm_id, is_admin)
            if found.trusts != before.trusts:
                raise Stale("The alarm has changed meanwhile: try again")
            made = _owned(_ordered(found, wanted, now), wanted, is_admin)
            made = self._kept(connection, made, found.trusts, lent)
            parts.stores.alarms.save(connection, made)
            detail = changed_document(found, made)
            if detail:
                parts.tell(connection, context, made, RULE_CHANGE, detail)
            return made

        return self._written(write)

    def delete(self, context: RequestContext, alarm_id: str, sees_all: bool) -> None:
        """It is no more; its trusts end, what is owed is still delivered."""
        parts = self._parts

        def write(connection: Connection) -> None:
            alarm = self._seen(connection, context, alarm_id, sees_all)
            parts.stores.alarms.delete(connection, alarm.id)
            for trust_id in alarm.trusts.values():
                owe_trust(connection, parts, alarm.project_id, trust_id)
            detail = definition_document(alarm)
            parts.tell(connection, context, alarm, DELETION, detail)

        parts.run(write)
        parts.wake()

    def set_state(
        self, context: RequestContext, alarm_id: str, state: str, sees_all: bool
    ) -> None:
        """As somebody says; no action follows from that."""
        parts, now = self._parts, self._parts.now()

        def write(connection: Connection) -> None:
            alarm = self._seen(connection, context, alarm_id, sees_all)
            if alarm.state == state:
                return
            parts.stores.alarms.save(connection, _in_state(alarm, state, now))
            detail = {"state": state, "transition_reason": BY_HAND}
            parts.tell(connection, context, alarm, TRANSITION, detail)

        parts.run(write)

    # ---- inside --------------------------------------------------------------------

    def _seen(
        self,
        connection: Connection,
        context: RequestContext,
        alarm_id: str,
        sees_all: bool,
    ) -> Alarm:
        alarm = self._parts.stores.alarms.find(connection, alarm_id)
        is_mine = alarm is not None and alarm.project_id == context.project_id
        if alarm is None or not (is_mine or sees_all):
            raise NotFound(f"Alarm {alarm_id} not found")
        return alarm

    def _check_quota(self, connection: Connection, project_id: str) -> None:
        most = self._limit(connection, project_id)
        alarms = self._parts.stores.alarms
        mine = alarms.columns.project_id == project_id
        if 0 <= most <= alarms.count(connection, mine):
            raise QuotaExceeded(f"Alarm quota exceeded for project {project_id}")

    def _limit(self, connection: Connection, project_id: str) -> int:
        said = self._parts.stores.limits.find(connection, project_id)
        return said.alarms if said else self._parts.settings.alarms_per_project

    def _check_actions(
        self, wanted: Definition, is_admin: bool, there: list[str] | None = None
    ) -> None:
        """Those that are new: what an operator has forbidden since stays a line in the
        history, not a wall before every other change."""
        for action in wanted.parsed_actions():
            if action.scheme == LOG and not is_admin:
                raise Forbidden("You are not authorized to create action: log://")
            if action.scheme == LOG or self._parts.signal(action) is not None:
                continue
            if there and (action.url in there or f"trust+{action.url}" in there):
                continue
            self._parts.webhooks.check(action.url)

    def _lent(
        self, context: RequestContext, alarm: Alarm, had: Mapping[str, str]
    ) -> dict[str, Lent]:
        """New trusts by the actions that need them.  Whoever puts an action there
        lends it his rights; those who change something else lend nobody anything."""
        needed = [each for each in alarm.actions if self._parts.needs_trust(each)]
        missing = [each for each in needed if each not in had]
        mine = (context.project_id, context.user_id)
        if missing and mine != (alarm.project_id, alarm.user_id):
            raise Forbidden("Only an alarm's own user can let it act by a trust")
        return {action: lend(self._parts, context) for action in missing}

    def _kept(
        self,
        connection: Connection,
        alarm: Alarm,
        had: Mapping[str, str],
        lent: Mapping[str, Lent],
    ) -> Alarm:
        """The alarm with the trusts that it needs; those that it needs no more end."""
        parts = self._parts
        for each in lent.values():
            keep(connection, parts, each)
        trusts = {
            action: lent[action].trust_id if action in lent else had[action]
            for action in alarm.actions
            if action in lent or action in had
        }
        for action, trust_id in had.items():
            if action not in trusts:
                owe_trust(connection, parts, alarm.project_id, trust_id)
        return dataclasses.replace(alarm, trusts=trusts)

    def _written(self, write: Callable[[Connection], Alarm]) -> Alarm:
        alarm = self._parts.run(write)
        self._parts.wake()
        return alarm


def _owner(
    context: RequestContext, wanted: Definition, is_admin: bool
) -> tuple[str, str]:
    """Whose a new alarm is; ``Forbidden`` for somebody else's."""
    project_id = wanted.project_id or context.project_id
    user_id = wanted.user_id or context.user_id
    if not is_admin and (project_id, user_id) != (context.project_id, context.user_id):
        raise Forbidden("Not Authorized to create an alarm for somebody else")
    return project_id, user_id


def _ordered(alarm: Alarm, wanted: Definition, now: float) -> Alarm:
    """The alarm as it is wanted; whoever evaluates the former one does so in vain."""
    actions = {name: wanted.actions[name] for name in ACTIONS.values()}
    changed = dataclasses.replace(
        alarm,
        name=wanted.name,
        description=wanted.description,
        type=wanted.type,
        rule=wanted.rule,
        enabled=wanted.enabled,
        severity=wanted.severity,
        repeat_actions=wanted.repeat_actions,
        time_constraints=wanted.time_constraints,
        ok_actions=actions["ok_actions"],
        alarm_actions=actions["alarm_actions"],
        insufficient_data_actions=actions["insufficient_data_actions"],
        updated_at=now,
        revision=alarm.revision + 1,
        due_at=now,
        claim="",
    )
    if wanted.state and wanted.state != alarm.state:
        return _in_state(changed, wanted.state, now)
    return changed


def _owned(alarm: Alarm, wanted: Definition, is_admin: bool) -> Alarm:
    """Administrators may give it to another project or user."""
    if not is_admin:
        return alarm
    return dataclasses.replace(
        alarm,
        project_id=wanted.project_id or alarm.project_id,
        user_id=wanted.user_id or alarm.user_id,
    )


def _in_state(alarm: Alarm, state: str, now: float) -> Alarm:
    return dataclasses.replace(
        alarm,
        state=state,
        state_reason=BY_HAND,
        state_at=now,
        revision=alarm.revision + 1,
    )
