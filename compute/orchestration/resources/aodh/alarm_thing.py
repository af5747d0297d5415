"""What all alarms have in common: what follows from a state, when they are looked at.

An alarm has its resource's physical name, by which one that an interrupted creation
may have made is found again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from compute.orchestration.errors import ResourceFailed
from compute.orchestration.frame.properties import Schema
from compute.orchestration.frame.resource_type import Change, ResourceType
from compute.orchestration.frame.work import Work
from compute.orchestration.resources.frame.schemas import (
    flag,
    items,
    text,
    texts,
    whole,
)
from compute.orchestration.resources.frame.things import refuse, without_none

ROOM = "alarming"
ALARMS = "alarms"
SEVERITIES = ("low", "moderate", "critical")
_NO_QUEUES = "there is no service of queues"
_CONSTRAINT: Schema = {
    "name": text("Its name", required=True),
    "start": text("When it begins, as a cron expression", required=True),
    "description": text("What it is for"),
    "duration": whole("How many seconds it lasts", required=True, least=0),
    "timezone": text("Of which time zone the start is"),
}
COMMON: Schema = {
    "description": text("What it is for", live=True),
    "enabled": flag("Whether it is looked at", True, live=True),
    "alarm_actions": texts("URLs to tell when it is in alarm", live=True),
    "ok_actions": texts("URLs to tell when it is well", live=True),
    "insufficient_data_actions": texts("URLs to tell when nobody knows", live=True),
    "alarm_queues": texts("Queues to tell when it is in alarm", [], live=True),
    "ok_queues": texts("Queues to tell when it is well", [], live=True),
    "insufficient_data_queues": texts("Queues to tell otherwise", [], live=True),
    "repeat_actions": flag("Whether they are told at every look", True, live=True),
    "severity": text("How bad it is", "low", live=True, one_of=SEVERITIES),
    "time_constraints": items("When it is looked at", _CONSTRAINT, []),
}


class AlarmThing(ResourceType):
    """``alarm_type``: the room's word for it."""

    alarm_type: ClassVar[str]
    never: ClassVar[Mapping[str, str]] = {
        name: _NO_QUEUES for name in COMMON if name.endswith("_queues")
    }

    def validate(self, properties: Mapping[str, Any]) -> None:
        """There are no queues."""
        refuse(self.never, properties)

    def rule(self, properties: Mapping[str, Any]) -> Any:
        """The rule of its type: the properties that not all alarms have."""
        return without_none(
            {name: each for name, each in properties.items() if name not in COMMON}
        )

    def body(self, work: Work) -> dict[str, Any]:
        """All that an alarm is."""
        given = work.properties
        common = {name: given[name] for name in COMMON if name not in self.never}
        return {
            **without_none(common),
            "name": work.physical_name,
            "type": self.alarm_type,
            f"{self.alarm_type}_rule": self.rule(given),
        }

    def create(self, work: Work) -> None:
        """See ``ResourceType``."""

        def make() -> str:
            made = work.cloud.post(ROOM, ALARMS, body=self.body(work))
            return str(made["alarm_id"])

        work.made(make, lambda: self.find_lost(work))

    def find_lost(self, work: Work) -> str | None:
        """By its name."""
        query = {"q.field": "name", "q.op": "eq", "q.value": work.physical_name}
        found = work.cloud.get(ROOM, ALARMS, **query)
        return str(found[0]["alarm_id"]) if found else None

    def update(self, work: Work, change: Change) -> None:
        """All of it; its state stays."""
        work.cloud.put(ROOM, ALARMS, work.physical_id, body=self.body(work))

    def delete(self, work: Work) -> None:
        """See ``ResourceType``."""
        if work.physical_id:
            work.cloud.delete(ROOM, ALARMS, work.physical_id)

    def suspend(self, work: Work) -> None:
        """Nobody looks at it."""
        self._enable(work, False)

    def resume(self, work: Work) -> None:
        """As its template says."""
        self._enable(work, bool(work.properties["enabled"]))

    def _enable(self, work: Work, is_enabled: bool) -> None:
        body = {**self.body(work), "enabled": is_enabled}
        work.cloud.put(ROOM, ALARMS, work.physical_id, body=body)

    def check(self, work: Work) -> None:
        """Whether it is there."""
        if self.look(work) is None:
            raise ResourceFailed(f"Alarm {work.physical_id} is not there any more")

    def look(self, work: Work) -> Any:
        """It as its room shows it, None when it is not there."""
        if not work.physical_id:
            return None
        return work.cloud.find(ROOM, ALARMS, work.physical_id)

    def attribute(self, work: Work, name: str) -> Any:
        """``show``."""
        return self.look(work)
