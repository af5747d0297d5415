"""The port's contract upon libvirt.  See ``compute.agent.hypervisor``."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable

from compute.agent.console_log import read_tail
from compute.agent.disks import files
from compute.agent.drivers.libvirt import (
    copies,
    devices,
    domains,
    figures,
    moving,
    waiting,
)
from compute.agent.drivers.libvirt.connection import Connection, LibvirtConnection
from compute.agent.drivers.libvirt.domain_xml import Machine, domain_xml
from compute.agent.drivers.libvirt.flight import Flights
from compute.agent.drivers.libvirt.hearing import Hearing
from compute.agent.drivers.libvirt.host import HostSize, read_inventory
from compute.agent.guests import (
    ACTIVE_STATES,
    DiskSpec,
    GuestEvent,
    GuestSpec,
    GuestState,
    GuestUsage,
    HostInventory,
    Landing,
    Limits,
    MoveProgress,
    NbdSource,
    NicSpec,
    Opener,
    WrongState,
)
from compute.agent.hypervisor import CONSOLE_TAIL_BYTES_MAX, GRACE_SECONDS
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import RingstackError


class LibvirtHypervisor:
    """One host's guests by libvirt."""

    def __init__(
        self,
        prepare: Callable[[], str],
        machine: Machine,
        host: HostSize,
        *,
        clock: Clock,
        pull_bytes_per_second: int = 0,
    ) -> None:
        """``prepare`` gives the URI, with whatever must run for it running."""
        self._hearing = Hearing()
        self._libvirt = LibvirtConnection(prepare, self._hearing.register)
        self._machine = machine
        self._host = host
        self._clock = clock
        self._pull_bytes_per_second = pull_bytes_per_second
        self._flights = Flights(self._libvirt, clock)

    # ---- the host ------------------------------------------------------------

    def open(self) -> None:
        """Connect; guests that a failing disk stopped meanwhile go on."""
        with contextlib.suppress(RingstackError):
            # Only root may, and only a root's host takes guests in that run.
            files.make_directory(moving.SOCKETS_DIRECTORY)
        self._hearing.begin(self._libvirt)

    def close(self) -> None:
        """Disconnect."""
        self._libvirt.close()
        self._hearing.end()

    def inventory(self) -> HostInventory:
        """What the host has."""
        return self._libvirt.run(read_inventory, self._host, self._machine.virt_type)

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

    def start(self, spec: GuestSpec) -> None:
        """Running."""
        self._libvirt.run(domains.bring_up, spec.uuid, self._definition(spec))

    def stop(self, uuid: str, grace_seconds: float = GRACE_SECONDS) -> None:
        """Not active."""
        state = self.state(uuid)
        if state is GuestState.RUNNING and grace_seconds > 0:
            waiting.shut_down(self._libvirt, self._clock, uuid, grace_seconds)
        self._libvirt.run(domains.end, uuid)
        self._libvirt.run(domains.drop_memory, uuid)

    def reboot(
        self, spec: GuestSpec, *, hard: bool, grace_seconds: float = GRACE_SECONDS
    ) -> None:
        """Running, newly booted."""
        if not hard and self.state(spec.uuid) is GuestState.RUNNING:
            waiting.shut_down(self._libvirt, self._clock, spec.uuid, grace_seconds)
        self._libvirt.run(domains.boot, spec.uuid, self._definition(spec))

    def pause(self, uuid: str) -> None:
        """Paused."""
        state = self._require(uuid, "be paused", ACTIVE_STATES)
        if state is GuestState.RUNNING:
            self._libvirt.run(_call_domain, uuid, "suspend")

    def suspend(self, uuid: str) -> None:
        """Memory on disk."""
        allowed = ACTIVE_STATES | {GuestState.SUSPENDED}
        if self._require(uuid, "be suspended", allowed) in ACTIVE_STATES:
            self._libvirt.run(copies.save_memory, uuid)

    def resume(self, uuid: str) -> None:
        """Running, from paused or suspended."""
        state = self._require(uuid, "resume", ACTIVE_STATES | {GuestState.SUSPENDED})
        if state is GuestState.PAUSED:
            self._libvirt.run(_call_domain, uuid, "resume")
        elif state is GuestState.SUSPENDED:
            self._libvirt.run(_call_domain, uuid, "create")

    def destroy(self, uuid: str) -> None:
        """Absent."""
        self._libvirt.run(domains.forget, uuid)

    # ---- devices -------------------------------------------------------------

    def attach_nic(self, uuid: str, nic: NicSpec) -> None:
        """Plug a card in."""
        self._libvirt.run(devices.plug_nic, uuid, nic)

    def detach_nic(self, uuid: str, mac: str) -> None:
        """Take a card out."""
        ask = functools.partial(devices.ask_nic_out, uuid=uuid, mac=mac)
        waiting.unplug(self._libvirt, self._clock, ask)

    def attach_disk(self, uuid: str, disk: DiskSpec) -> None:
        """Plug a disk in."""
        self._libvirt.run(devices.plug_disk, uuid, disk, self._machine.disk_cache)

    def detach_disk(self, uuid: str, name: str) -> None:
        """Take a disk out."""
        ask = functools.partial(devices.ask_disk_out, uuid=uuid, name=name)
        waiting.unplug(self._libvirt, self._clock, ask)

    def swap_disk(self, uuid: str, name: str, disk: DiskSpec) -> None:
        """Another disk in its place, with all that it held."""
        waiting.swap(self._libvirt, uuid, name, disk)
        self.limit_disk(uuid, name, disk.limits)

    def limit_disk(self, uuid: str, name: str, limits: Limits) -> None:
        """As fast as that."""
        self._libvirt.run(devices.limit_disk, uuid, name, limits)

    def disk_serials(self, uuid: str) -> dict[str, str]:
        """The disks that it has."""
        return self._libvirt.run(devices.disk_serials, uuid)

    def resize_disk(self, uuid: str, name: str, size_bytes: int) -> None:
        """Let a disk grow."""
        self._libvirt.run(copies.resize, uuid, name, size_bytes)

    def reconnect_disk(self, uuid: str, name: str, size_bytes: int) -> None:
        """Connect anew, grow, and let a guest that waits for its disk go on."""
        waiting.reconnect(self._libvirt, uuid, name, size_bytes)

    # ---- the content of a disk -----------------------------------------------

    def copy_disk(self, uuid: str, name: str, target_path: str) -> None:
        """A copy of one moment, while the guest runs."""
        with files.new_file(target_path) as temporary:
            waiting.copy(self._libvirt, uuid, name, temporary)

    def pull_backing(self, uuid: str, name: str) -> bool:
        """Bring in what a lazy disk has not read yet."""
        rate = self._pull_bytes_per_second
        return self._libvirt.run(copies.pull, uuid, name, rate)

    # ---- moving --------------------------------------------------------------

    def move(self, uuid: str, landing: Landing, way: Opener) -> MoveProgress:
        """Begin the guest's move, or look at it."""
        return self._flights.look(uuid, landing, way)

    def hurry_move(self, uuid: str) -> None:
        """Let it stand still for as long as it takes."""
        self._libvirt.run(moving.hurry, uuid)

    def stop_move(self, uuid: str) -> bool:
        """End it."""
        return self._flights.stop(uuid)

    def welcome(self, spec: GuestSpec, *, paused: bool) -> None:
        """It has come, with the limits that it had where it was."""
        self._libvirt.run(moving.take_over, spec.uuid, paused)
        for disk in spec.disks:
            if isinstance(disk.source, NbdSource):
                self.limit_disk(spec.uuid, disk.name, disk.limits)

    # ---- looking at a guest --------------------------------------------------

    def console_tail(self, uuid: str, bytes_max: int = CONSOLE_TAIL_BYTES_MAX) -> bytes:
        """The end of the console's log."""
        path = self._libvirt.run(domains.console_log_path, uuid)
        return files.on_thread(read_tail, path, bytes_max) if path else b""

    def usage(self, uuid: str) -> GuestUsage:
        """Figures."""
        return self._libvirt.run(figures.read_usage, uuid, self._clock.time())

    def inject_nmi(self, uuid: str) -> None:
        """Interrupt the guest's kernel."""
        self._require(uuid, "be interrupted", frozenset({GuestState.RUNNING}))
        self._libvirt.run(_call_domain, uuid, "injectNMI")

    def set_password(self, uuid: str, user: str, password: str) -> None:
        """Through the guest's agent."""
        running = frozenset({GuestState.RUNNING})
        self._require(uuid, "change its password", running)
        self._libvirt.run(_call_domain, uuid, "setUserPassword", user, password)

    # ---- inside --------------------------------------------------------------

    def _definition(self, spec: GuestSpec) -> str:
        if spec.console_log:
            files.make_directory(os.path.dirname(spec.console_log))
        return domain_xml(spec, self._machine, int(self._clock.time()))

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
