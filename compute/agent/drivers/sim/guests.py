"""The guests of one simulated host: which there are, and who hears what becomes of
them.

Each change is written to the host's file, when there is one, before anybody is told.
"""

from __future__ import annotations

from collections.abc import Callable

from compute.agent.drivers.sim.guest import SimGuest, booted
from compute.agent.drivers.sim.state_file import StateFile
from compute.agent.guests import (
    ACTIVE_STATES,
    GuestEvent,
    GuestEventKind,
    GuestMissing,
    GuestSpec,
    GuestState,
    WrongState,
)
from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Unavailable


class SimGuests:
    """Finds guests, changes them, keeps them, tells of them."""

    def __init__(self, clock: Clock, file: StateFile | None) -> None:
        self._clock = clock
        self._file = file
        self._by_uuid: dict[str, SimGuest] = {}
        self._watchers: list[Callable[[GuestEvent], None]] = []

    def load(self) -> None:
        """As the file says.  ``Corrupt``."""
        if self._file is not None:
            self._by_uuid = self._file.load()

    def save(self) -> None:
        """As they are now."""
        if self._file is not None:
            self._file.save(self._by_uuid)

    def watch(self, callback: Callable[[GuestEvent], None]) -> None:
        """Tell ``callback`` of each event, in a greenlet of its own."""
        self._watchers.append(callback)

    # ---- looking ---------------------------------------------------------------

    def states(self) -> dict[str, GuestState]:
        """The state of every guest."""
        return {uuid: guest.state for uuid, guest in self._by_uuid.items()}

    def state(self, uuid: str) -> GuestState:
        """One guest's state."""
        guest = self._by_uuid.get(uuid)
        return GuestState.ABSENT if guest is None else guest.state

    def active(self) -> list[SimGuest]:
        """Those that have an emulator."""
        return [each for each in self._by_uuid.values() if each.is_active]

    def find(self, uuid: str) -> SimGuest:
        """That guest; ``GuestMissing``."""
        guest = self._by_uuid.get(uuid)
        if guest is None:
            raise GuestMissing(uuid)
        return guest

    def require(
        self, uuid: str, allowed: frozenset[GuestState], wanted: str
    ) -> GuestState:
        """Its state, when it is one of these; ``WrongState``, ``GuestMissing``."""
        state = self.find(uuid).state
        if state not in allowed:
            raise WrongState(uuid, state, wanted)
        return state

    def require_disk(self, uuid: str, name: str, wanted: str) -> SimGuest:
        """The guest, when it is active and has that disk; ``Unavailable`` without."""
        self.require(uuid, ACTIVE_STATES, wanted)
        guest = self.find(uuid)
        if name not in guest.disk_names:
            raise Unavailable(f"Guest {uuid} has no disk {name}")
        return guest

    # ---- changing --------------------------------------------------------------

    def boot(self, spec: GuestSpec, kind: GuestEventKind) -> None:
        """Running as the spec says, whatever it was before."""
        before = self._by_uuid.get(spec.uuid)
        boots = 1 if before is None else before.boots + 1
        self._by_uuid[spec.uuid] = booted(spec, self._clock.time(), boots)
        self.save()
        self._tell(spec.uuid, kind)

    def enter(self, uuid: str, state: GuestState, kind: GuestEventKind | None) -> None:
        """In that state; ``kind``: what to tell of it, if anything."""
        self.find(uuid).state = state
        self.save()
        if kind is not None:
            self._tell(uuid, kind)

    def remove(self, uuid: str) -> None:
        """Gone."""
        del self._by_uuid[uuid]
        self.save()
        self._tell(uuid, GuestEventKind.REMOVED)

    def _tell(self, uuid: str, kind: GuestEventKind) -> None:
        for watcher in self._watchers:
            concurrency.spawn(watcher, GuestEvent(uuid, kind))
