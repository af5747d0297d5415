"""The port's contract upon simulated guests.  See ``compute.agent.hypervisor``.

It can fail on purpose: a ``fault`` hook is asked before each call that changes
something takes effect, and again after it (a call that fails *after* it took effect is
the killed agent's case).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from compute.agent.drivers.sim.guests import SimGuests
from compute.agent.drivers.sim.moves import SimMoves, memory_figures
from compute.agent.drivers.sim.state_file import StateFile
from compute.agent.guests import (
    ACTIVE_STATES,
    Ability,
    DiskKey,
    DiskSpec,
    GuestEvent,
    GuestEventKind,
    GuestSpec,
    GuestState,
    GuestUsage,
    HostInventory,
    Landing,
    Limits,
    MoveProgress,
    NicSpec,
    Opener,
)
from compute.agent.hypervisor import CONSOLE_TAIL_BYTES_MAX, GRACE_SECONDS
from objectstore.kernel.clock import Clock, SystemClock
from objectstore.kernel.errors import Unavailable

Moment = Literal["before", "after"]
Fault = Callable[[str, str, Moment], Exception | None]
"""``fault(method, uuid, moment)``: what to raise there, or None."""

# Version 1.0.0, in the port's form.
SIM_VERSION = 1_000_000


@dataclass(frozen=True, slots=True)
class SimHost:
    """The size of a simulated host, and what its guests shall do without."""

    hostname: str
    vcpus: int = 32
    memory_mib: int = 131_072
    disk_gib: int = 2_000
    lacks: tuple[Ability, ...] = ()


class SimHypervisor:
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
        self.fault = fault
        self._clock = clock or SystemClock()
        self._booted_at = int(self._clock.time())
        self._guests = SimGuests(self._clock, state_file)
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
        active = self._guests.active()
        return HostInventory(
            hostname=self.host.hostname,
            hypervisor_type="sim",
            hypervisor_version=SIM_VERSION,
            vcpus=self.host.vcpus,
            memory_mib=self.host.memory_mib,
            disk_gib=self.host.disk_gib,
            disk_free_gib=self.host.disk_gib,
            memory_used_mib=sum(guest.memory_mib for guest in active),
            cpu_model="sim",
            cpu_vendor="sim",
            cpu_cores=self.host.vcpus,
            booted_at=self._booted_at,
            lacks=self.host.lacks,
        )

    def watch(self, callback: Callable[[GuestEvent], None]) -> None:
        """Tell ``callback`` of each event, in a greenlet of its own."""
        self._guests.watch(callback)

    # ---- all guests ----------------------------------------------------------

    def states(self) -> dict[str, GuestState]:
        """The state of every guest."""
        self._perhaps_fail("states", "", "before")
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
            allowed = ACTIVE_STATES | {GuestState.SUSPENDED}
            if self._guests.require(uuid, allowed, "be suspended") in ACTIVE_STATES:
                self._guests.enter(uuid, GuestState.SUSPENDED, GuestEventKind.SUSPENDED)

    def resume(self, uuid: str) -> None:
        """Running, from paused or suspended."""
        with self._call("resume", uuid):
            allowed = ACTIVE_STATES | {GuestState.SUSPENDED}
            if self._guests.require(uuid, allowed, "resume") is not GuestState.RUNNING:
                self._guests.enter(uuid, GuestState.RUNNING, GuestEventKind.RESUMED)

    def destroy(self, uuid: str) -> None:
        """Absent."""
        with self._call("destroy", uuid):
            if self.state(uuid) is not GuestState.ABSENT:
                self._guests.remove(uuid)

    # ---- devices -------------------------------------------------------------

    def attach_nic(self, uuid: str, nic: NicSpec) -> None:
        """A card more, when active."""
        with self._call("attach_nic", uuid):
            guest = self._guests.find(uuid)
            if guest.is_active and nic.mac not in guest.macs:
                guest.macs.append(nic.mac)
                self._guests.save()

    def detach_nic(self, uuid: str, mac: str) -> None:
        """A card less."""
        with self._call("detach_nic", uuid):
            guest = self._guests.find(uuid)
            if mac in guest.macs:
                guest.macs.remove(mac)
                self._guests.save()

    def keep_key(self, key: DiskKey) -> None:
        """There is nothing to open."""

    def attach_disk(self, uuid: str, disk: DiskSpec) -> None:
        """A disk more, when active."""
        with self._call("attach_disk", uuid):
            guest = self._guests.find(uuid)
            if guest.is_active and disk.name not in guest.disk_names:
                guest.plug_disk(disk)
                self._guests.save()

    def detach_disk(self, uuid: str, name: str) -> None:
        """A disk less."""
        with self._call("detach_disk", uuid):
            guest = self._guests.find(uuid)
            if name in guest.disk_names:
                guest.unplug_disk(name)
                self._guests.save()

    def swap_disk(self, uuid: str, name: str, disk: DiskSpec) -> None:
        """Another disk in its place, at once."""
        with self._call("swap_disk", uuid):
            guest = self._guests.require_disk(uuid, name, "swap a disk")
            guest.swap_disk(name, disk)
            self._guests.save()

    def limit_disk(self, uuid: str, name: str, limits: Limits) -> None:
        """As fast as that; kept, for there is nothing to slow down."""
        with self._call("limit_disk", uuid):
            guest = self._guests.find(uuid)
            if guest.is_active and name in guest.disk_names:
                guest.limits[name] = dict(limits)
                self._guests.save()

    def limits_of(self, uuid: str, name: str) -> dict[str, int]:
        """How fast a guest's disk may be now."""
        return self._guests.find(uuid).limits.get(name, {})

    def disk_serials(self, uuid: str) -> dict[str, str]:
        """What an active guest has."""
        if self.state(uuid) not in ACTIVE_STATES:
            return {}
        guest = self._guests.find(uuid)
        return {name: guest.serials.get(name, "") for name in guest.disk_names}

    def resize_disk(self, uuid: str, name: str, size_bytes: int) -> None:
        """Nothing to see but the checks: simulated disks have no size."""
        with self._call("resize_disk", uuid):
            self._guests.require_disk(uuid, name, "resize a disk")

    def reconnect_disk(self, uuid: str, name: str, size_bytes: int) -> None:
        """Checks, too."""
        with self._call("reconnect_disk", uuid):
            self._guests.require_disk(uuid, name, "reconnect a disk")

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
        self._perhaps_fail("console_tail", uuid, "before")
        return self._guests.find(uuid).console()[-bytes_max:]

    def usage(self, uuid: str) -> GuestUsage:
        """Figures: time passes, nothing else happens in a simulated guest."""
        self._perhaps_fail("usage", uuid, "before")
        self._guests.require(uuid, ACTIVE_STATES, "be measured")
        return self._guests.find(uuid).usage(self._clock.time())

    def inject_nmi(self, uuid: str) -> None:
        """Checks only."""
        self._perhaps_fail("inject_nmi", uuid, "before")
        self._guests.require(uuid, frozenset({GuestState.RUNNING}), "be interrupted")

    def set_password(self, uuid: str, user: str, password: str) -> None:
        """A simulated guest has no agent."""
        self._perhaps_fail("set_password", uuid, "before")
        self._guests.require(
            uuid, frozenset({GuestState.RUNNING}), "change its password"
        )
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

    # ---- inside --------------------------------------------------------------

    @contextlib.contextmanager
    def _call(self, method: str, uuid: str) -> Iterator[None]:
        """What is done within may fail before, or after it was done."""
        self._perhaps_fail(method, uuid, "before")
        yield
        self._perhaps_fail(method, uuid, "after")

    def _perhaps_fail(self, method: str, uuid: str, moment: Moment) -> None:
        error = self.fault(method, uuid, moment) if self.fault is not None else None
        if error is not None:
            raise error
