"""A hypervisor in memory: simulated hosts, a thousand in one process.

It keeps the whole contract of the port (the conformance suite runs over it), costs a
few hundred bytes for each guest, and can be slow or fail on purpose: ``latencies``
by method name, and a ``fault`` hook asked before each call takes effect and again
after it (a call that fails *after* it took effect is the killed agent's case).

With a ``StateFile`` the guests outlive the agent, as real ones do.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from compute.agent.drivers.sim_state import SimGuest, StateFile
from compute.agent.guests import (
    ACTIVE_STATES,
    DiskSpec,
    DiskUsage,
    GuestEvent,
    GuestEventKind,
    GuestMissing,
    GuestSpec,
    GuestState,
    GuestUsage,
    HostInventory,
    Landing,
    Limits,
    MoveProgress,
    NicSpec,
    NicUsage,
    Opener,
    WrongState,
)
from compute.agent.hypervisor import CONSOLE_TAIL_BYTES_MAX, GRACE_SECONDS
from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock, SystemClock
from objectstore.kernel.errors import Unavailable

Moment = Literal["before", "after"]
Fault = Callable[[str, str, Moment], Exception | None]
"""``fault(method, uuid, moment)``: what to raise there, or None."""

# Version 1.0.0, in the port's form.
SIM_VERSION = 1_000_000


@dataclass(frozen=True, slots=True)
class SimHost:
    """The size of a simulated host."""

    hostname: str
    vcpus: int = 32
    memory_mib: int = 131_072
    disk_gib: int = 2_000


@dataclass(slots=True)
class _Guests:
    """The guests of one host, written to the state file when there is one."""

    file: StateFile | None
    by_uuid: dict[str, SimGuest] = field(default_factory=dict)

    def load(self) -> None:
        if self.file is not None:
            self.by_uuid = self.file.load()

    def save(self) -> None:
        if self.file is not None:
            self.file.save(self.by_uuid)


class SimHypervisor:
    """One simulated host.  See the port for what each method promises."""

    def __init__(
        self,
        host: SimHost,
        *,
        clock: Clock | None = None,
        latencies: Mapping[str, float] | None = None,
        fault: Fault | None = None,
        state_file: StateFile | None = None,
    ) -> None:
        self.host = host
        self.latencies: dict[str, float] = dict(latencies or {})  # method -> seconds
        self.fault = fault
        self._clock = clock or SystemClock()
        self._booted_at = int(self._clock.time())
        self._guests = _Guests(state_file)
        self._watchers: list[Callable[[GuestEvent], None]] = []
        self.move_seconds = 0.0
        self._moves: dict[str, float] = {}  # guest -> when its move began

    # ---- the host ------------------------------------------------------------

    def open(self) -> None:
        """Load the guests that outlived the agent."""
        self._guests.load()

    def close(self) -> None:
        """Nothing to disconnect from."""

    def inventory(self) -> HostInventory:
        """The host's size; memory as its active guests use it."""
        active = [g for g in self._guests.by_uuid.values() if g.state in ACTIVE_STATES]
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
        )

    def watch(self, callback: Callable[[GuestEvent], None]) -> None:
        """Tell ``callback`` of each event, in a greenlet of its own."""
        self._watchers.append(callback)

    # ---- all guests ----------------------------------------------------------

    def states(self) -> dict[str, GuestState]:
        """The state of every guest."""
        self._begin("states", "")
        return {uuid: guest.state for uuid, guest in self._guests.by_uuid.items()}

    def state(self, uuid: str) -> GuestState:
        """One guest's state."""
        guest = self._guests.by_uuid.get(uuid)
        return GuestState.ABSENT if guest is None else guest.state

    # ---- life ----------------------------------------------------------------

    def start(self, spec: GuestSpec) -> None:
        """Running, as the port says."""
        self._begin("start", spec.uuid)
        state = self.state(spec.uuid)
        if state in (GuestState.PAUSED, GuestState.SUSPENDED):
            self._move(spec.uuid, GuestState.RUNNING, GuestEventKind.RESUMED)
        elif state is not GuestState.RUNNING:
            self._boot(spec, GuestEventKind.STARTED)
        self._end("start", spec.uuid)

    def stop(self, uuid: str, grace_seconds: float = GRACE_SECONDS) -> None:
        """Not active; a simulated guest heeds its power button at once."""
        self._begin("stop", uuid)
        state = self.state(uuid)
        if state in ACTIVE_STATES:
            self._move(uuid, GuestState.SHUTDOWN, GuestEventKind.STOPPED)
        elif state is GuestState.SUSPENDED:
            self._move(uuid, GuestState.SHUTDOWN, None)
        self._end("stop", uuid)

    def reboot(
        self, spec: GuestSpec, *, hard: bool, grace_seconds: float = GRACE_SECONDS
    ) -> None:
        """Running, newly booted."""
        self._begin("reboot", spec.uuid)
        self._boot(spec, GuestEventKind.REBOOTED)
        self._end("reboot", spec.uuid)

    def pause(self, uuid: str) -> None:
        """Paused."""
        self._begin("pause", uuid)
        state = self._require(uuid, ACTIVE_STATES, "be paused")
        if state is GuestState.RUNNING:
            self._move(uuid, GuestState.PAUSED, GuestEventKind.PAUSED)
        self._end("pause", uuid)

    def suspend(self, uuid: str) -> None:
        """Suspended."""
        self._begin("suspend", uuid)
        allowed = ACTIVE_STATES | {GuestState.SUSPENDED}
        if self._require(uuid, allowed, "be suspended") in ACTIVE_STATES:
            self._move(uuid, GuestState.SUSPENDED, GuestEventKind.SUSPENDED)
        self._end("suspend", uuid)

    def resume(self, uuid: str) -> None:
        """Running, from paused or suspended."""
        self._begin("resume", uuid)
        allowed = ACTIVE_STATES | {GuestState.SUSPENDED}
        if self._require(uuid, allowed, "resume") is not GuestState.RUNNING:
            self._move(uuid, GuestState.RUNNING, GuestEventKind.RESUMED)
        self._end("resume", uuid)

    def destroy(self, uuid: str) -> None:
        """Absent."""
        self._begin("destroy", uuid)
        if self._guests.by_uuid.pop(uuid, None) is not None:
            self._guests.save()
            self._tell(uuid, GuestEventKind.REMOVED)
        self._end("destroy", uuid)

    # ---- devices -------------------------------------------------------------

    def attach_nic(self, uuid: str, nic: NicSpec) -> None:
        """A card more, when active."""
        self._begin("attach_nic", uuid)
        guest = self._find(uuid)
        if guest.state in ACTIVE_STATES and nic.mac not in guest.macs:
            guest.macs.append(nic.mac)
            self._guests.save()
        self._end("attach_nic", uuid)

    def detach_nic(self, uuid: str, mac: str) -> None:
        """A card less."""
        self._begin("detach_nic", uuid)
        guest = self._find(uuid)
        if mac in guest.macs:
            guest.macs.remove(mac)
            self._guests.save()
        self._end("detach_nic", uuid)

    def attach_disk(self, uuid: str, disk: DiskSpec) -> None:
        """A disk more, when active."""
        self._begin("attach_disk", uuid)
        guest = self._find(uuid)
        if guest.state in ACTIVE_STATES and disk.name not in guest.disk_names:
            guest.disk_names.append(disk.name)
            guest.serials |= _serials([disk])
            guest.limits |= _limits([disk])
            self._guests.save()
        self._end("attach_disk", uuid)

    def detach_disk(self, uuid: str, name: str) -> None:
        """A disk less."""
        self._begin("detach_disk", uuid)
        guest = self._find(uuid)
        if name in guest.disk_names:
            guest.disk_names.remove(name)
            guest.serials.pop(name, None)
            guest.limits.pop(name, None)
            self._guests.save()
        self._end("detach_disk", uuid)

    def swap_disk(self, uuid: str, name: str, disk: DiskSpec) -> None:
        """Another disk in its place, at once."""
        self._begin("swap_disk", uuid)
        self._require_disk(uuid, name, "swap a disk")
        guest = self._find(uuid)
        guest.serials.pop(name, None)
        guest.serials |= _serials([dataclasses.replace(disk, name=name)])
        guest.limits[name] = dict(disk.limits)
        self._guests.save()
        self._end("swap_disk", uuid)

    def limit_disk(self, uuid: str, name: str, limits: Limits) -> None:
        """As fast as that; kept, for there is nothing to slow down."""
        self._begin("limit_disk", uuid)
        guest = self._find(uuid)
        if guest.state in ACTIVE_STATES and name in guest.disk_names:
            guest.limits[name] = dict(limits)
            self._guests.save()
        self._end("limit_disk", uuid)

    def limits_of(self, uuid: str, name: str) -> dict[str, int]:
        """How fast a guest's disk may be now."""
        return self._find(uuid).limits.get(name, {})

    def disk_serials(self, uuid: str) -> dict[str, str]:
        """What an active guest has."""
        guest = self._guests.by_uuid.get(uuid)
        if guest is None or guest.state not in ACTIVE_STATES:
            return {}
        return {name: guest.serials.get(name, "") for name in guest.disk_names}

    def resize_disk(self, uuid: str, name: str, size_bytes: int) -> None:
        """Nothing to see but the checks: simulated disks have no size."""
        self._begin("resize_disk", uuid)
        self._require_disk(uuid, name, "resize a disk")
        self._end("resize_disk", uuid)

    def reconnect_disk(self, uuid: str, name: str, size_bytes: int) -> None:
        """Checks, too."""
        self._begin("reconnect_disk", uuid)
        self._require_disk(uuid, name, "reconnect a disk")
        self._end("reconnect_disk", uuid)

    # ---- the content of a disk -----------------------------------------------

    def copy_disk(self, uuid: str, name: str, target_path: str) -> None:
        """Checks only: ``SimDisks`` makes up what a copy holds."""
        self._begin("copy_disk", uuid)
        self._require_disk(uuid, name, "copy a disk")
        self._end("copy_disk", uuid)

    def pull_backing(self, uuid: str, name: str) -> bool:
        """Done at once."""
        self._begin("pull_backing", uuid)
        self._require_disk(uuid, name, "pull a disk")
        self._end("pull_backing", uuid)
        return True

    # ---- moving --------------------------------------------------------------

    def move(self, uuid: str, landing: Landing, way: Opener) -> MoveProgress:
        """Takes ``move_seconds``."""
        self._begin("move", uuid)
        if self.state(uuid) is GuestState.ABSENT:
            return MoveProgress(True)
        self._require(uuid, ACTIVE_STATES, "move")
        began = self._moves.setdefault(uuid, self._clock.time())
        part = 1.0
        if self.move_seconds > 0:
            part = min(1.0, (self._clock.time() - began) / self.move_seconds)
        total = self._find(uuid).memory_mib << 20
        figures = {
            "memory_total": total,
            "memory_processed": int(total * part),
            "memory_remaining": total - int(total * part),
        }
        if part >= 1.0:
            self._moves.pop(uuid, None)
            self._guests.by_uuid.pop(uuid)
            self._guests.save()
            self._tell(uuid, GuestEventKind.REMOVED)
        self._end("move", uuid)
        return MoveProgress(part >= 1.0, figures)

    def hurry_move(self, uuid: str) -> None:
        """The rest at once."""
        if uuid in self._moves:
            self._moves[uuid] = self._clock.time() - self.move_seconds

    def stop_move(self, uuid: str) -> bool:
        """Forgotten."""
        self._moves.pop(uuid, None)
        return self.state(uuid) is not GuestState.ABSENT

    def welcome(self, spec: GuestSpec, *, paused: bool) -> None:
        """Here it is."""
        self._begin("welcome", spec.uuid)
        if self.state(spec.uuid) is GuestState.ABSENT:
            self._boot(spec, GuestEventKind.STARTED)
            if paused:
                self._move(spec.uuid, GuestState.PAUSED, GuestEventKind.PAUSED)
        self._end("welcome", spec.uuid)

    # ---- looking at a guest --------------------------------------------------

    def console_tail(self, uuid: str, bytes_max: int = CONSOLE_TAIL_BYTES_MAX) -> bytes:
        """What a simulated guest says at each boot."""
        self._begin("console_tail", uuid)
        guest = self._find(uuid)
        said = f"Simulated guest {guest.name}\r\n{guest.name} login: ".encode()
        return (said * guest.boots)[-bytes_max:]

    def usage(self, uuid: str) -> GuestUsage:
        """Figures: time passes, nothing else happens in a simulated guest."""
        self._begin("usage", uuid)
        self._require(uuid, ACTIVE_STATES, "be measured")
        guest = self._find(uuid)
        up_seconds = int(max(0.0, self._clock.time() - guest.started_seconds))
        return GuestUsage(
            state=guest.state,
            driver="sim",
            hypervisor="sim",
            uptime_seconds=up_seconds,
            cpu_nanoseconds=(0,) * guest.vcpus,
            memory_max_mib=guest.memory_mib,
            memory_used_mib=guest.memory_mib,
            disks=tuple(DiskUsage(n, 0, 0, 0, 0, 0) for n in guest.disk_names),
            nics=tuple(NicUsage(m, 0, 0, 0, 0, 0, 0, 0, 0) for m in guest.macs),
        )

    def inject_nmi(self, uuid: str) -> None:
        """Checks only."""
        self._begin("inject_nmi", uuid)
        self._require(uuid, frozenset({GuestState.RUNNING}), "be interrupted")

    def set_password(self, uuid: str, user: str, password: str) -> None:
        """A simulated guest has no agent."""
        self._begin("set_password", uuid)
        self._require(uuid, frozenset({GuestState.RUNNING}), "change its password")
        raise Unavailable(f"No agent answers in guest {uuid}")

    # ---- for tests: what a guest does by itself -------------------------------

    def crash(self, uuid: str) -> None:
        """The guest's emulator dies."""
        self._require(uuid, ACTIVE_STATES, "crash")
        self._move(uuid, GuestState.CRASHED, GuestEventKind.CRASHED)

    def power_off(self, uuid: str) -> None:
        """Somebody in the guest shuts it down."""
        self._require(uuid, ACTIVE_STATES, "power off")
        self._move(uuid, GuestState.SHUTDOWN, GuestEventKind.STOPPED)

    # ---- inside --------------------------------------------------------------

    def _begin(self, method: str, uuid: str) -> None:
        seconds = self.latencies.get(method, 0.0)
        if seconds > 0:
            concurrency.sleep(seconds)
        self._perhaps_fail(method, uuid, "before")

    def _end(self, method: str, uuid: str) -> None:
        self._perhaps_fail(method, uuid, "after")

    def _perhaps_fail(self, method: str, uuid: str, moment: Moment) -> None:
        error = self.fault(method, uuid, moment) if self.fault is not None else None
        if error is not None:
            raise error

    def _find(self, uuid: str) -> SimGuest:
        guest = self._guests.by_uuid.get(uuid)
        if guest is None:
            raise GuestMissing(uuid)
        return guest

    def _require(
        self, uuid: str, allowed: frozenset[GuestState], wanted: str
    ) -> GuestState:
        state = self._find(uuid).state
        if state not in allowed:
            raise WrongState(uuid, state, wanted)
        return state

    def _require_disk(self, uuid: str, name: str, wanted: str) -> None:
        self._require(uuid, ACTIVE_STATES, wanted)
        if name not in self._find(uuid).disk_names:
            raise Unavailable(f"Guest {uuid} has no disk {name}")

    def _boot(self, spec: GuestSpec, kind: GuestEventKind) -> None:
        before = self._guests.by_uuid.get(spec.uuid)
        self._guests.by_uuid[spec.uuid] = SimGuest(
            name=spec.name,
            state=GuestState.RUNNING,
            vcpus=spec.vcpus,
            memory_mib=spec.memory_mib,
            disk_names=[disk.name for disk in spec.disks],
            serials=_serials(spec.disks),
            limits=_limits(spec.disks),
            macs=[nic.mac for nic in spec.nics],
            started_seconds=self._clock.time(),
            boots=1 if before is None else before.boots + 1,
        )
        self._guests.save()
        self._tell(spec.uuid, kind)

    def _move(self, uuid: str, state: GuestState, kind: GuestEventKind | None) -> None:
        self._find(uuid).state = state
        self._guests.save()
        if kind is not None:
            self._tell(uuid, kind)

    def _tell(self, uuid: str, kind: GuestEventKind) -> None:
        for watcher in self._watchers:
            concurrency.spawn(watcher, GuestEvent(uuid, kind))


def _serials(disks: Iterable[DiskSpec]) -> dict[str, str]:
    return {disk.name: disk.serial for disk in disks if disk.serial}


def _limits(disks: Iterable[DiskSpec]) -> dict[str, dict[str, int]]:
    return {disk.name: dict(disk.limits) for disk in disks if disk.limits}
