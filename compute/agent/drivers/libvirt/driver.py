"""The port's contract upon libvirt.  See ``compute.agent.hypervisor``."""

from __future__ import annotations

import contextlib
import functools
import logging
import os
from collections.abc import Callable
from typing import Any

import libvirt

from compute.agent.console_log import read_tail
from compute.agent.disks import files
from compute.agent.drivers.libvirt import (
    copies,
    devices,
    domains,
    figures,
    moving,
    reconnecting,
)
from compute.agent.drivers.libvirt.connection import Connection, LibvirtConnection
from compute.agent.drivers.libvirt.domain_xml import Machine, domain_xml
from compute.agent.drivers.libvirt.events import EventPipe
from compute.agent.drivers.libvirt.flight import Flight
from compute.agent.drivers.libvirt.host import HostSize, read_inventory
from compute.agent.drivers.libvirt.states import event_kind
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
    MoveFailed,
    MoveProgress,
    NbdSource,
    NicSpec,
    Opener,
    WrongState,
)
from compute.agent.hypervisor import CONSOLE_TAIL_BYTES_MAX, GRACE_SECONDS
from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import RingstackError, Unavailable

POLL_SECONDS = 0.5
STOP_MOVE_SECONDS = 30.0
# A guest that boots just now does not hear the first press.
PRESS_AGAIN_SECONDS = 10.0
# Linux lets go of a virtio device within a second, when it is up.
UNPLUG_SECONDS = 20.0
# A disk whose storage failed: how long until its guest tries again.
STORAGE_RETRY_SECONDS = 5.0

_log = logging.getLogger("compute.agent.libvirt")


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
        self._libvirt = LibvirtConnection(prepare, self._opened)
        self._machine = machine
        self._host = host
        self._clock = clock
        self._pull_bytes_per_second = pull_bytes_per_second
        self._pipe: EventPipe | None = None
        self._watchers: list[Callable[[GuestEvent], None]] = []
        self._flights: dict[str, Flight] = {}

    # ---- the host ------------------------------------------------------------

    def open(self) -> None:
        """Connect; guests that a failing disk stopped meanwhile go on."""
        with contextlib.suppress(RingstackError):
            # Only root may, and only a root's host takes guests in that run.
            files.make_directory(moving.SOCKETS_DIRECTORY)
        if self._pipe is None:
            self._pipe = EventPipe()
        for uuid in self._libvirt.run(domains.stalled):
            self._retry_storage(uuid)

    def close(self) -> None:
        """Disconnect."""
        self._libvirt.close()
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None

    def inventory(self) -> HostInventory:
        """What the host has."""
        return self._libvirt.run(read_inventory, self._host, self._machine.virt_type)

    def watch(self, callback: Callable[[GuestEvent], None]) -> None:
        """Call ``callback`` for each event."""
        self._watchers.append(callback)

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
            self._shut_down(uuid, grace_seconds)
        self._libvirt.run(domains.end, uuid)
        self._libvirt.run(domains.drop_memory, uuid)

    def reboot(
        self, spec: GuestSpec, *, hard: bool, grace_seconds: float = GRACE_SECONDS
    ) -> None:
        """Running, newly booted."""
        if not hard and self.state(spec.uuid) is GuestState.RUNNING:
            self._shut_down(spec.uuid, grace_seconds)
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
        self._unplug(functools.partial(devices.ask_nic_out, uuid=uuid, mac=mac))

    def attach_disk(self, uuid: str, disk: DiskSpec) -> None:
        """Plug a disk in."""
        self._libvirt.run(devices.plug_disk, uuid, disk, self._machine.disk_cache)

    def detach_disk(self, uuid: str, name: str) -> None:
        """Take a disk out."""
        self._unplug(functools.partial(devices.ask_disk_out, uuid=uuid, name=name))

    def swap_disk(self, uuid: str, name: str, disk: DiskSpec) -> None:
        """Another disk in its place, with all that it held."""
        if self._libvirt.run(copies.begin_swap, uuid, name, disk):
            try:
                while not self._libvirt.run(copies.finish_swap, uuid, name):
                    concurrency.sleep(POLL_SECONDS)
            except RingstackError:
                self._libvirt.run(copies.end_swap, uuid, name)
                raise
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
        try:
            for attempt in range(1, reconnecting.TRIES_MAX + 1):
                self._libvirt.run(reconnecting.read_a_little, uuid, name)
                try:
                    # Refused while the old connection's size is all that is known.
                    self._libvirt.run(copies.resize, uuid, name, size_bytes)
                    return
                except Unavailable:
                    if attempt == reconnecting.TRIES_MAX:
                        raise
                concurrency.sleep(reconnecting.PAUSE_SECONDS)
        finally:
            self._libvirt.run(domains.resume_stalled, uuid)

    # ---- the content of a disk -----------------------------------------------

    def copy_disk(self, uuid: str, name: str, target_path: str) -> None:
        """A copy of one moment, while the guest runs."""
        with files.new_file(target_path) as temporary:
            self._libvirt.run(copies.begin_copy, uuid, name, temporary)
            try:
                while not self._libvirt.run(copies.copy_is_done, uuid):
                    concurrency.sleep(POLL_SECONDS)
            except BaseException:
                self._libvirt.run(copies.end_copy, uuid)
                raise

    def pull_backing(self, uuid: str, name: str) -> bool:
        """Bring in what a lazy disk has not read yet."""
        rate = self._pull_bytes_per_second
        return self._libvirt.run(copies.pull, uuid, name, rate)

    # ---- moving --------------------------------------------------------------

    def move(self, uuid: str, landing: Landing, way: Opener) -> MoveProgress:
        """Begin the guest's move, or look at it."""
        flight = self._flights.get(uuid)
        if flight is None:
            if self.state(uuid) is GuestState.ABSENT:
                return MoveProgress(True)
            self._flights[uuid] = Flight(self._libvirt, uuid, landing, way)
            return MoveProgress(False)
        if flight.is_under_way:
            return MoveProgress(False, self._libvirt.run(moving.figures, uuid))
        del self._flights[uuid]
        if flight.error:
            raise MoveFailed(flight.error)
        return MoveProgress(True)

    def hurry_move(self, uuid: str) -> None:
        """Let it stand still for as long as it takes."""
        self._libvirt.run(moving.hurry, uuid)

    def stop_move(self, uuid: str) -> bool:
        """End it."""
        flight = self._flights.get(uuid)
        give_up = self._clock.monotonic() + STOP_MOVE_SECONDS
        while flight is not None and flight.is_under_way:
            if self._clock.monotonic() > give_up:
                raise Unavailable(f"the move of guest {uuid} does not end")
            self._libvirt.run(moving.abort, uuid)
            concurrency.sleep(POLL_SECONDS)
        self._flights.pop(uuid, None)
        self._libvirt.run(moving.abort, uuid)
        return self.state(uuid) is not GuestState.ABSENT

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

    def _shut_down(self, uuid: str, grace_seconds: float) -> None:
        """Press the power button until the guest is down, or the time is up."""
        started = pressed = self._clock.monotonic()
        self._libvirt.run(domains.press_power_button, uuid)
        while self._libvirt.run(domains.is_active, uuid):
            now = self._clock.monotonic()
            if now - started >= grace_seconds:
                return
            if now - pressed >= PRESS_AGAIN_SECONDS:
                pressed = now
                self._libvirt.run(domains.press_power_button, uuid)
            concurrency.sleep(POLL_SECONDS)

    def _unplug(self, ask: Callable[..., bool]) -> None:
        give_up = self._clock.monotonic() + UNPLUG_SECONDS
        while not self._libvirt.run(ask):
            if self._clock.monotonic() > give_up:
                raise Unavailable("The guest does not let go of the device")
            concurrency.sleep(POLL_SECONDS)

    # ---- events (the first two run on libvirt's thread) ----------------------

    def _opened(self, connection: Connection) -> None:
        for number, callback in (
            (libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, self._lifecycle),
            (libvirt.VIR_DOMAIN_EVENT_ID_IO_ERROR, self._storage_failed),
        ):
            connection.domainEventRegisterAny(None, number, callback, None)

    def _lifecycle(
        self, _: Connection, domain: Any, event: int, detail: int, __: Any
    ) -> None:
        kind = event_kind(event, detail)
        if kind is not None and self._pipe is not None:
            self._pipe.put(self._tell, GuestEvent(domain.UUIDString(), kind))

    def _storage_failed(
        self, _: Connection, domain: Any, path: str, alias: str, action: int, __: Any
    ) -> None:
        paused = action == libvirt.VIR_DOMAIN_EVENT_IO_ERROR_PAUSE
        if paused and self._pipe is not None:
            self._pipe.put(self._retry_storage_later, domain.UUIDString())

    def _tell(self, event: GuestEvent) -> None:
        for watcher in self._watchers:
            watcher(event)

    def _retry_storage_later(self, uuid: str) -> None:
        _log.warning("guest %s waits: its disk's storage failed", uuid)
        concurrency.sleep(STORAGE_RETRY_SECONDS)
        self._retry_storage(uuid)

    def _retry_storage(self, uuid: str) -> None:
        """Let the guest try again; another failure brings another event."""
        try:
            self._libvirt.run(domains.resume_stalled, uuid)
        except RingstackError as error:
            _log.warning("guest %s does not go on: %s", uuid, error)


def _call_domain(
    connection: Connection, uuid: str, method: str, *arguments: object
) -> None:
    getattr(domains.require(connection, uuid), method)(*arguments)
