"""Looks after alarms whose turn it is: a loop, safe to repeat and to kill.

An evaluation is claimed by one conditional update, which also says when it is due again
should its process die.  What it comes to is written by another, which goes through only
for the same claim and for an alarm that nobody has changed meanwhile, with the actions
that follow from it.  So of two processes, or two looks, one counts.  A claim begins
with the place's name: who comes back after a crash lets go what he had claimed.
"""

from __future__ import annotations

import hashlib
import logging
from typing import Any

from compute.alarm import time_constraints
from compute.alarm.measures import Measures, Unmeasured
from compute.alarm.model import COMPOSITE, MOVES, TRANSITION, Alarm
from compute.alarm.outbox import owe_actions
from compute.alarm.parts import NOBODY, REASON_CHARACTERS_MAX, Parts
from compute.alarm.rules import (
    Outcome,
    Verdict,
    composite_outcome,
    judge,
    leaves,
    outcome_of,
    threshold_of,
)
from compute.core.sql.database import Connection
from objectstore.kernel import concurrency
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.loop import Progress

# How long an evaluation is one process's without a word of it: a composite rule asks
# the metric room as often as it has leaves.
CLAIM_SECONDS = 120.0
PLACE_DIGITS = 16

_log = logging.getLogger("compute.alarm")


class Evaluator:
    """A loop's step."""

    name = "alarm-evaluation"

    def __init__(self, parts: Parts, measures: Measures) -> None:
        self._parts = parts
        self._measures = measures
        digest = hashlib.sha256(parts.owner.encode()).hexdigest()
        self._place = digest[:PLACE_DIGITS]
        self._has_begun = False

    def step(self) -> Progress:
        """Claim some alarms and evaluate them side by side."""
        parts, most = self._parts, self._parts.settings.evaluations_at_once
        if not self._has_begun:
            parts.run(
                lambda connection: parts.stores.let_go(
                    connection, f"{self._place}-", parts.now()
                )
            )
            self._has_begun = True
        if not parts.read(lambda connection: self._due(connection, 1)):
            return Progress.IDLE
        claimed = parts.run(lambda connection: self.claim(connection, most))
        tasks = [concurrency.spawn(self._look_after, alarm) for alarm in claimed]
        try:
            for task in tasks:
                concurrency.wait_task(task)
        finally:
            for task in tasks:
                concurrency.kill_task(task)
        return Progress.BUSY if len(claimed) == most else Progress.IDLE

    def _due(self, connection: Connection, most: int) -> list[Alarm]:
        now = self._parts.now()
        latest = now + max(CLAIM_SECONDS, self._parts.settings.evaluation_interval)
        return self._parts.stores.due(connection, now, latest, most)

    def claim(self, connection: Connection, most: int) -> list[Alarm]:
        """Those that are due, at most so many; for a while they are nobody else's."""
        stores, now = self._parts.stores, self._parts.now()
        claim = f"{self._place}-{self._parts.identifiers.uuid()}"
        until = now + CLAIM_SECONDS
        claimed = []
        for alarm in self._due(connection, most):
            if stores.claim(connection, alarm, claim, until):
                found = stores.alarms.find(connection, alarm.id)
                assert found is not None
                claimed.append(found)
        return claimed

    def _look_after(self, alarm: Alarm) -> None:
        try:
            self.evaluate(alarm)
        except Unavailable as error:
            # What cannot be asked says nothing about the measures: the state stays.
            _log.warning("alarm %s is looked at later: %s", alarm.id, error)
            self._end(alarm, None)
        except Exception:  # noqa: BLE001  (told; its claim runs out)
            _log.exception("alarm %s", alarm.id)

    def evaluate(self, alarm: Alarm) -> None:
        """One that was claimed."""
        now = self._parts.now()
        if not time_constraints.allow(alarm.time_constraints, now):
            self._end(alarm, None)
            return
        if alarm.type == COMPOSITE:
            verdicts = [
                self._judge(alarm, leaf["type"], leaf, now)
                for leaf in leaves(alarm.rule)
            ]
            self._end(alarm, composite_outcome(alarm.rule, verdicts, alarm.state))
        else:
            verdict = self._judge(alarm, alarm.type, alarm.rule, now)
            self._end(alarm, outcome_of(verdict, alarm.state))

    def _judge(self, alarm: Alarm, kind: str, rule: Any, now: float) -> Verdict:
        threshold = threshold_of(rule)
        try:
            values = self._measures.values(alarm.project_id, kind, rule, now)
        except Unmeasured as error:
            return judge(threshold, [], str(error))
        return judge(threshold, values)

    def _end(self, alarm: Alarm, outcome: Outcome | None) -> None:
        parts, now = self._parts, self._parts.now()
        values: dict[str, Any] = {
            "claim": "",
            "due_at": now + parts.settings.evaluation_interval,
            "evaluated_at": now if outcome else alarm.evaluated_at,
        }

        def write(connection: Connection) -> bool:
            return end_evaluation(connection, parts, alarm, outcome, values)

        if parts.run(write):
            parts.wake()


def end_evaluation(
    connection: Connection,
    parts: Parts,
    alarm: Alarm,
    outcome: Outcome | None,
    values: dict[str, Any],
) -> bool:
    """Write what it came to, unless the alarm is another one by now, and owe what
    follows from it; whether anything does."""
    changes = outcome is not None and outcome.state != alarm.state
    if outcome is not None:
        reason = outcome.reason[:REASON_CHARACTERS_MAX]
        values = {**values, "state_reason": reason}
    if outcome is not None and changes:
        assert outcome.state in MOVES[alarm.state]
        values = {
            **values,
            "state": outcome.state,
            "state_at": parts.now(),
            "revision": alarm.revision + 1,
        }
    if not parts.stores.end_evaluation(connection, alarm, values):
        return False
    if outcome is None or not (changes or alarm.repeat_actions):
        return False
    if changes:
        detail = {"state": outcome.state, "transition_reason": outcome.reason}
        parts.tell(connection, NOBODY, alarm, TRANSITION, detail)
    owe_actions(connection, parts, alarm, outcome)
    return True
