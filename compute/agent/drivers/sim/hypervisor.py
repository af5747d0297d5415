"""The port's contract upon simulated guests.  See ``compute.agent.hypervisor``.

It can fail on purpose: see ``faults``.
"""

from __future__ import annotations

from collections.abc import Callable

from compute.agent.drivers.sim.devices import SimDevices
from compute.agent.drivers.sim.faults import Fault
from compute.agent.drivers.sim.guests import SimGuests
from compute.agent.drivers.sim.host import SimHost
from compute.agent.drivers.sim.moves import SimMoves, memory_figures
from compute.agent.drivers.sim.state_file import StateFile
from compute.agent.guests import (
    ACTIVE_STATES,
    GuestEvent,
    GuestEventKind,
    GuestSpec,
    GuestState,
    GuestUsage,
    HostInventory,
    Landing,
    MoveProgress,
    Opener,
)
from compute.agent.hypervisor import CONSOLE_TAIL_BYTES_MAX, GRACE_SECONDS
from objectstore.kernel.clock import Clock, SystemClock
from objectstore.kernel.errors import Unavailable

_RUNNING = frozenset({GuestState.RUNNING})
_ALIVE = ACTIVE_STATES | {GuestState.SUSPENDED}


class SimHypervisor(SimDevices):
    """One simulated host.  See the port for what each method promises."""

    def __init__(
        self,
        host: SimHost,
        *,
        clock: Clock | None = None,
        fault: Fault | None = None,
        state_file: StateFile | None = None,
    ) -> None:
        self.host = host
        self._clock = clock or SystemClock()
        self._booted_at = int(self._clock.time())
        super().__init__(SimGuests(self._clock, state_file), fault)
        self.move_seconds = 0.0
        self._moves = SimMoves()

    # ---- the host ------------------------------------------------------------

    def open(self) -> None:
        """Load the guests that outlived the agent."""
        self._guests.load()

    def close(self) -> None:
        """Nothing to disconnect from."""

    def inventory(self) -> HostInventory:
        """The host's size; memory as its active guests use it."""
        return self.host.inventory(self._guests.active(), self._booted_at)

    def watch(self, callback: Callable[[GuestEvent], None]) -> None:
        """Tell ``callback`` of each event, in a greenlet of its own."""
        self._guests.watch(callback)

    # ---- all guests ----------------------------------------------------------

    def states(self) -> dict[str, GuestState]:
        """The state of every guest."""
        self._ask("states", "")
        return self._guests.states()

    def state(self, uuid: str) -> GuestState:
        """One guest's state."""
        return self._guests.state(uuid)

    # ---- life ----------------------------------------------------------------

    def start(self, spec: GuestSpec) -> None:
        """Running, as the port says."""
        with self._call("start", spec.uuid):
            state = self.state(spec.uuid)
            if state in (GuestState.PAUSED, GuestState.SUSPENDED):
                self._guests.enter(
                    spec.uuid, GuestState.RUNNING, GuestEventKind.RESUMED
                )
            elif state is not GuestState.RUNNING:
                self._guests.boot(spec, GuestEventKind.STARTED)

    def stop(self, uuid: str, grace_seconds: float = GRACE_SECONDS) -> None:
        """Not active; a simulated guest heeds its power button at once."""
        with self._call("stop", uuid):
            state = self.state(uuid)
            if state in ACTIVE_STATES:
                self._guests.enter(uuid, GuestState.SHUTDOWN, GuestEventKind.STOPPED)
            elif state is GuestState.SUSPENDED:
                self._guests.enter(uuid, GuestState.SHUTDOWN, None)

    def reboot(
        self, spec: GuestSpec, *, hard: bool, grace_seconds: float = GRACE_SECONDS
    ) -> None:
        """Running, newly booted."""
        with self._call("reboot", spec.uuid):
            self._guests.boot(spec, GuestEventKind.REBOOTED)

    def pause(self, uuid: str) -> None:
        """Paused."""
        with self._call("pause", uuid):
            state = self._guests.require(uuid, ACTIVE_STATES, "be paused")
            if state is GuestState.RUNNING:
                self._guests.enter(uuid, GuestState.PAUSED, GuestEventKind.PAUSED)

    def suspend(self, uuid: str) -> None:
        """Suspended."""
        with self._call("suspend", uuid):
            if self._guests.require(uuid, _ALIVE, "be suspended") in ACTIVE_STATES:
                self._guests.enter(uuid, GuestState.SUSPENDED, GuestEventKind.SUSPENDED)

    def resume(self, uuid: str) -> None:
        """Running, from paused or suspended."""
        with self._call("resume", uuid):
            if self._guests.require(uuid, _ALIVE, "resume") is not GuestState.RUNNING:
                self._guests.enter(uuid, GuestState.RUNNING, GuestEventKind.RESUMED)

    def destroy(self, uuid: str) -> None:
        """Absent."""
        with self._call("destroy", uuid):
            if self.state(uuid) is not GuestState.ABSENT:
                self._guests.remove(uuid)

    # ---- the content of a disk -----------------------------------------------

    def copy_disk(self, uuid: str, name: str, target_path: str) -> None:
        """Checks only: ``SimDisks`` makes up what a copy holds."""
        with self._call("copy_disk", uuid):
            self._guests.require_disk(uuid, name, "copy a disk")

    def pull_backing(self, uuid: str, name: str) -> bool:
        """Done at once."""
        with self._call("pull_backing", uuid):
            self._guests.require_disk(uuid, name, "pull a disk")
        return True

    # ---- moving --------------------------------------------------------------

    def move(self, uuid: str, landing: Landing, way: Opener) -> MoveProgress:
        """Takes ``move_seconds``."""
        with self._call("move", uuid):
            if self.state(uuid) is GuestState.ABSENT:
                return MoveProgress(True)
            self._guests.require(uuid, ACTIVE_STATES, "move")
            now = self._clock.time()
            part = self._moves.part_done(uuid, now, self.move_seconds)
            figures = memory_figures(self._guests.find(uuid).memory_mib, part)
            if part >= 1.0:
                self._moves.forget(uuid)
                self._guests.remove(uuid)
            return MoveProgress(part >= 1.0, figures)

    def hurry_move(self, uuid: str) -> None:
        """The rest at once."""
        self._moves.hurry(uuid, self._clock.time(), self.move_seconds)

    def stop_move(self, uuid: str) -> bool:
        """Forgotten."""
        self._moves.forget(uuid)
        return self.state(uuid) is not GuestState.ABSENT

    def welcome(self, spec: GuestSpec, *, paused: bool) -> None:
        """Here it is."""
        with self._call("welcome", spec.uuid):
            if self.state(spec.uuid) is GuestState.ABSENT:
                self._guests.boot(spec, GuestEventKind.STARTED)
                if paused:
                    self._guests.enter(
                        spec.uuid, GuestState.PAUSED, GuestEventKind.PAUSED
                    )

    # ---- looking at a guest --------------------------------------------------

    def console_tail(self, uuid: str, bytes_max: int = CONSOLE_TAIL_BYTES_MAX) -> bytes:
        """What a simulated guest says at each boot."""
        self._ask("console_tail", uuid)
        return self._guests.find(uuid).console()[-bytes_max:]

    def usage(self, uuid: str) -> GuestUsage:
        """Figures: time passes, nothing else happens in a simulated guest."""
        self._ask("usage", uuid)
        self._guests.require(uuid, ACTIVE_STATES, "be measured")
        return self._guests.find(uuid).usage(self._clock.time())

    def inject_nmi(self, uuid: str) -> None:
        """Checks only."""
        self._ask("inject_nmi", uuid)
        self._guests.require(uuid, _RUNNING, "be interrupted")

    def set_password(self, uuid: str, user: str, password: str) -> None:
        """A simulated guest has no agent."""
        self._ask("set_password", uuid)
        self._guests.require(uuid, _RUNNING, "change its password")
        raise Unavailable(f"No agent answers in guest {uuid}")

    # ---- for tests: what a guest does by itself -------------------------------

    def crash(self, uuid: str) -> None:
        """The guest's emulator dies."""
        self._guests.require(uuid, ACTIVE_STATES, "crash")
        self._guests.enter(uuid, GuestState.CRASHED, GuestEventKind.CRASHED)

    def power_off(self, uuid: str) -> None:
        """Somebody in the guest shuts it down."""
        self._guests.require(uuid, ACTIVE_STATES, "power off")
        self._guests.enter(uuid, GuestState.SHUTDOWN, GuestEventKind.STOPPED)
