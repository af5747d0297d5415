"""The room's records, as they are stored, and the states of an alarm.

Moments are seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

OK, ALARM, UNKNOWN = "ok", "alarm", "insufficient data"

# From each state, where an evaluation may lead; users may set any.  What happens once
# (an event) leads to ALARM only, and a user leads back.
MOVES: Mapping[str, frozenset[str]] = {
    OK: frozenset({ALARM, UNKNOWN}),
    ALARM: frozenset({OK, UNKNOWN}),
    UNKNOWN: frozenset({OK, ALARM}),
}
STATES = tuple(MOVES)
SEVERITIES = ("low", "moderate", "critical")

RESOURCE = "gnocchi_resources_threshold"
BY_METRICS = "gnocchi_aggregation_by_metrics_threshold"
BY_RESOURCES = "gnocchi_aggregation_by_resources_threshold"
COMPOSITE, EVENT = "composite", "event"
THRESHOLDS = (RESOURCE, BY_METRICS, BY_RESOURCES)
TYPES = (*THRESHOLDS, COMPOSITE, EVENT)

# Which of an alarm's lists holds for which state.
ACTIONS: Mapping[str, str] = {
    OK: "ok_actions",
    ALARM: "alarm_actions",
    UNKNOWN: "insufficient_data_actions",
}

CREATION, RULE_CHANGE = "creation", "rule change"
TRANSITION, DELETION = "state transition", "deletion"
# Not of Aodh: an action was given up, and why.
ACTION_FAILURE = "action failure"


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm.  ``trusts``: by action, the trust of who put it there, for those that
    go with a token.  ``revision``: grows with every change of what it is to be or of
    its state.  ``due_at``: when somebody may claim its evaluation; ``claim``: who
    did."""

    id: str
    project_id: str
    user_id: str
    name: str
    description: str
    type: str
    rule: Mapping[str, Any]
    enabled: bool
    severity: str
    repeat_actions: bool
    time_constraints: Sequence[Mapping[str, Any]]
    ok_actions: Sequence[str]
    alarm_actions: Sequence[str]
    insufficient_data_actions: Sequence[str]
    trusts: Mapping[str, str]
    state: str
    state_reason: str
    state_at: float
    evaluated_at: float
    created_at: float
    updated_at: float
    revision: int
    due_at: float
    claim: str

    def actions_of(self, state: str) -> Sequence[str]:
        """What is to be done when it is in that state."""
        found: Sequence[str] = getattr(self, ACTIONS[state])
        return found

    @property
    def actions(self) -> list[str]:
        """All of them, each once."""
        every = (each for state in STATES for each in self.actions_of(state))
        return list(dict.fromkeys(every))


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happened to an alarm.  ``detail``: JSON; ``on_behalf_of``: the
    alarm's project, whoever changed it."""

    number: int
    id: str
    alarm_id: str
    type: str
    detail: str
    user_id: str
    project_id: str
    on_behalf_of: str
    severity: str
    at: float


@dataclass(frozen=True, slots=True)
class Limit:
    """How many alarms a project may have, where an administrator said so."""

    project_id: str
    alarms: int
