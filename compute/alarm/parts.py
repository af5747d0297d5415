"""What the room's services and loops are made from."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

import orjson

from compute.alarm.actions import Action, is_signed, parse, signal_path
from compute.alarm.model import Alarm, Change
from compute.alarm.places import Places
from compute.alarm.settings import AlarmSettings
from compute.alarm.store import Stores
from compute.alarm.webhooks import Webhooks
from compute.core.bus import Bus
from compute.core.context import RequestContext
from compute.core.identifiers import Identifiers
from compute.core.rooms.authority import Authority
from compute.core.sql.database import Connection, Database
from compute.core.sql.room_database import RoomDatabase
from objectstore.kernel.clock import Clock

# What is published when there may be something to evaluate or to deliver.
TOPIC = "alarm"
QUEUE = "alarm"
REASON_CHARACTERS_MAX = 2000
# Changes that nobody ordered have nobody's name.
NOBODY = RequestContext()


@dataclass(slots=True)
class Parts(RoomDatabase):
    """One for each process.  ``owner``: this place's name, the same after a restart."""

    database: Database
    bus: Bus
    clock: Clock
    random: Random
    settings: AlarmSettings
    authority: Authority
    places: Places
    webhooks: Webhooks
    owner: str
    stores: Stores
    identifiers: Identifiers = field(init=False)

    def __post_init__(self) -> None:
        self.identifiers = Identifiers(self.random)

    def wake(self) -> None:
        """There may be work."""
        self.bus.publish(TOPIC)

    def signal(self, action: Action) -> str | None:
        """What to ask orchestration for, when the action is a signal to a stack."""
        return signal_path(action.url, self.places.known().signals)

    def needs_trust(self, text: str) -> bool:
        """Whether a token is to go along.  A signed signal needs none: it has its right
        in itself, and stacks, which act by a trust, can make no other."""
        action = parse(text)
        if not action.goes_by_trust:
            return False
        return not (is_signed(action.url) and self.signal(action) is not None)

    def tell(
        self,
        connection: Connection,
        context: RequestContext,
        alarm: Alarm,
        kind: str,
        detail: Any,
    ) -> None:
        """A line of the alarm's history."""
        change = Change(
            number=0,
            id=self.identifiers.uuid(),
            alarm_id=alarm.id,
            type=kind,
            detail=orjson.dumps(detail).decode(),
            user_id=context.user_id,
            project_id=context.project_id,
            on_behalf_of=alarm.project_id,
            severity=alarm.severity,
            at=self.now(),
        )
        self.stores.add_change(connection, change)
