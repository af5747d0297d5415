"""``frame.work.Work`` for one row: what it notes is in the database when it returns."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol

from compute.core.errors import Stale
from compute.core.rooms.others import Rooms, Source
from compute.core.sql.database import Connection
from compute.orchestration.engine.signatures import signal_url
from compute.orchestration.frame.work import Nested
from compute.orchestration.model import Resource, Stack
from compute.orchestration.parts import Parts

PHYSICAL_ID_CHARACTERS_MAX = 255
# A host's name has at most 63.
PREFIX_CHARACTERS_MAX = 50
# In the data of a resource that writes its metadata itself: updates leave them.
OWN_METADATA = "OS::metadata"

Guard = Callable[[Connection], None]
"""Raises ``Stale`` when the work is somebody else's by now."""


class Asker(Source, Protocol):
    """Whose token the rooms are asked with, and where he finds this room."""

    @property
    def endpoint(self) -> str:
        """The room's URL for his project."""


def nobody_else(connection: Connection) -> None:
    """The guard of work that needs none."""


@dataclass(slots=True)
class RowWork:
    """One resource, now."""

    parts: Parts
    stack: Stack
    row: Resource
    asker: Asker
    properties: Mapping[str, Any]
    nested: Nested
    policy: Callable[[], Mapping[str, Any]]
    guard: Guard = nobody_else

    @property
    def stack_id(self) -> str:
        """The stack's id."""
        return self.stack.id

    @property
    def stack_name(self) -> str:
        """The stack's name."""
        return self.stack.name

    @property
    def name(self) -> str:
        """The resource's name."""
        return self.row.name

    @property
    def update_policy(self) -> Mapping[str, Any]:
        """See ``Work``."""
        return self.policy()

    @property
    def marker(self) -> str:
        """The row's id."""
        return self.row.id

    @property
    def physical_name(self) -> str:
        """See ``Work``."""
        return physical_name(self.stack, self.row)

    @property
    def physical_id(self) -> str:
        """What was noted."""
        return self.row.physical_id

    @property
    def metadata(self) -> Mapping[str, Any]:
        """As it is now."""
        return self.row.metadata

    @property
    def data(self) -> Mapping[str, Any]:
        """What was remembered."""
        return self.row.data

    @property
    def cloud(self) -> Rooms:
        """The other rooms."""
        return Rooms(self.parts.callers, self.asker)

    @property
    def now(self) -> float:
        """Seconds since the epoch."""
        return self.parts.now()

    @property
    def random(self) -> Random:
        """The house's."""
        return self.parts.random

    @property
    def started_at(self) -> float:
        """When the present action began."""
        return self.row.started_at

    def made(
        self, make: Callable[[], str], find: Callable[[], str | None] | None = None
    ) -> str:
        """See ``Work``: that it is tried is on disk before it is."""
        if self.row.physical_id:
            return self.row.physical_id
        found = find() if self.row.tried and find is not None else None
        if not found:
            self._change(tried=True)
            found = make()
        self._change(physical_id=found[:PHYSICAL_ID_CHARACTERS_MAX])
        return self.row.physical_id

    def remember(self, **values: Any) -> None:
        """See ``Work``."""

        def merged(row: Resource) -> dict[str, Any]:
            data = {**row.data, **values}
            return {key: value for key, value in data.items() if value is not None}

        self._change_by(lambda row: {"data": merged(row)})

    def change_metadata(
        self, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    ) -> None:
        """See ``Work``."""
        self._change_by(
            lambda row: {
                "metadata": dict(change(row.metadata)),
                "data": {**row.data, OWN_METADATA: True},
            }
        )

    def signal_url(self) -> str:
        """See ``Work``."""
        return signal_url(self.asker.endpoint, self.stack, self.row)

    def _change(self, **values: Any) -> None:
        self._change_by(lambda row: values)

    def _change_by(self, values_of: Callable[[Resource], dict[str, Any]]) -> None:
        rows = self.parts.stores.resources

        def write(connection: Connection) -> Resource:
            self.guard(connection)
            row = rows.find(connection, self.row.id)
            if row is None:
                raise Stale(f"resource {self.row.name} is gone")
            rows.change(connection, row.id, **values_of(row))
            found = rows.find(connection, row.id)
            assert found is not None, "it was there in this transaction"
            return found

        self.row = self.parts.run(write)


def physical_name(stack: Stack, row: Resource) -> str:
    """``stack-resource-`` and twelve letters, the same whenever it is asked for."""
    prefix = f"{stack.name}-{row.name}"[:PREFIX_CHARACTERS_MAX].rstrip("-._ ")
    digest = int(hashlib.sha256(row.id.encode()).hexdigest(), 16)
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    suffix = "".join(letters[(digest >> 5 * place) & 31] for place in range(12))
    return f"{prefix}-{suffix}"
