"""What is the same of the port's contract whatever libvirt's driver below: to be
connected, to hear events, to see states, to pause and to end."""

from __future__ import annotations

from collections.abc import Callable

from compute.agent.console_log import read_tail
from compute.agent.disks import files
from compute.agent.drivers.libvirt import domains
from compute.agent.drivers.libvirt.connection import Connection, LibvirtConnection
from compute.agent.drivers.libvirt.hearing import Hearing
from compute.agent.guests import (
    ACTIVE_STATES,
    GuestEvent,
    GuestState,
    WrongState,
)
from compute.agent.hypervisor import CONSOLE_TAIL_BYTES_MAX
from objectstore.kernel.clock import Clock


class LibvirtGuests:
    """One host's guests, of whatever kind."""

    def __init__(self, prepare: Callable[[], str], clock: Clock) -> None:
        """``prepare`` gives the URI, with whatever must run for it running."""
        self._hearing = Hearing()
        self._libvirt = LibvirtConnection(prepare, self._hearing.register)
        self._clock = clock

    # ---- the host ------------------------------------------------------------

    def open(self) -> None:
        """Connect; guests that a failing disk stopped meanwhile go on."""
        self._hearing.begin(self._libvirt)

    def close(self) -> None:
        """Disconnect."""
        self._libvirt.close()
        self._hearing.end()

    def watch(self, callback: Callable[[GuestEvent], None]) -> None:
        """Call ``callback`` for each event."""
        self._hearing.watchers.append(callback)

    # ---- all guests ----------------------------------------------------------

    def states(self) -> dict[str, GuestState]:
        """The state of every guest."""
        return self._libvirt.run(domains.read_states)

    def state(self, uuid: str) -> GuestState:
        """One guest's state."""
        return self._libvirt.run(domains.read_state, uuid)

    # ---- life ----------------------------------------------------------------

    def pause(self, uuid: str) -> None:
        """Paused."""
        state = self._require(uuid, "be paused", ACTIVE_STATES)
        if state is GuestState.RUNNING:
            self._call(uuid, "suspend")

    def destroy(self, uuid: str) -> None:
        """Absent."""
        self._libvirt.run(domains.forget, uuid)

    # ---- looking at a guest --------------------------------------------------

    def console_tail(self, uuid: str, bytes_max: int = CONSOLE_TAIL_BYTES_MAX) -> bytes:
        """The end of the console's log."""
        path = self._libvirt.run(domains.console_log_path, uuid)
        return files.on_thread(read_tail, path, bytes_max) if path else b""

    # ---- inside --------------------------------------------------------------

    def _call(self, uuid: str, method: str, *arguments: object) -> None:
        """Let libvirt do something with the guest."""
        self._libvirt.run(_call_domain, uuid, method, *arguments)

    def _require(
        self, uuid: str, wanted: str, allowed: frozenset[GuestState]
    ) -> GuestState:
        def read(connection: Connection) -> GuestState:
            return domains.state_of(domains.require(connection, uuid))

        state = self._libvirt.run(read)
        if state not in allowed:
            raise WrongState(uuid, state, wanted)
        return state


def _call_domain(
    connection: Connection, uuid: str, method: str, *arguments: object
) -> None:
    getattr(domains.require(connection, uuid), method)(*arguments)
