"""The port's contract upon libvirt.  See ``compute.agent.hypervisor``."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable

from compute.agent.disks import files
from compute.agent.drivers.libvirt import (
    copies,
    devices,
    domains,
    figures,
    mirroring,
    moving,
    offers,
    passphrases,
    waiting,
)
from compute.agent.drivers.libvirt.domain_xml import Machine, domain_xml
from compute.agent.drivers.libvirt.flight import Flights
from compute.agent.drivers.libvirt.guests_of_libvirt import LibvirtGuests
from compute.agent.drivers.libvirt.host import HostSize, read_inventory
from compute.agent.guests import (
    ACTIVE_STATES,
    DiskKey,
    DiskSpec,
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
)
from compute.agent.hypervisor import GRACE_SECONDS
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import RingstackError


class LibvirtHypervisor(LibvirtGuests):
    """One host's guests by libvirt and QEMU."""

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
        super().__init__(prepare, clock)
        self._machine = machine
        self._host = host
        self._pull_bytes_per_second = pull_bytes_per_second
        self._flights = Flights(self._libvirt, clock)

    # ---- the host ------------------------------------------------------------

    def open(self) -> None:
        """Connect; guests that a failing disk stopped meanwhile go on."""
        with contextlib.suppress(RingstackError):
            # Only root may, and only a root's host takes guests in that run.
            files.make_directory(moving.SOCKETS_DIRECTORY)
        super().open()

    def inventory(self) -> HostInventory:
        """What the host has."""
        lacks = self._libvirt.run(offers.lacking)
        virt_type = self._machine.virt_type
        return self._libvirt.run(read_inventory, self._host, virt_type, lacks)

    # ---- life ----------------------------------------------------------------

    def start(self, spec: GuestSpec) -> None:
        """Running."""
        self._keep_keys(spec.disks)
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
        self._keep_keys(spec.disks)
        self._libvirt.run(domains.boot, spec.uuid, self._definition(spec))

    def suspend(self, uuid: str) -> None:
        """Memory on disk."""
        allowed = ACTIVE_STATES | {GuestState.SUSPENDED}
        if self._require(uuid, "be suspended", allowed) in ACTIVE_STATES:
            self._libvirt.run(copies.save_memory, uuid)

    def resume(self, uuid: str) -> None:
        """Running, from paused or suspended."""
        state = self._require(uuid, "resume", ACTIVE_STATES | {GuestState.SUSPENDED})
        if state is GuestState.PAUSED:
            self._call(uuid, "resume")
        elif state is GuestState.SUSPENDED:
            self._call(uuid, "create")

    def destroy(self, uuid: str) -> None:
        """Absent, and what opened its disks forgotten."""
        keys = self._libvirt.run(passphrases.ids_of, uuid)
        super().destroy(uuid)
        self._libvirt.run(passphrases.forget, keys)

    # ---- devices -------------------------------------------------------------

    def attach_nic(self, uuid: str, nic: NicSpec) -> None:
        """Plug a card in."""
        self._libvirt.run(devices.plug_nic, uuid, nic)

    def detach_nic(self, uuid: str, mac: str) -> None:
        """Take a card out."""
        ask = functools.partial(devices.ask_nic_out, uuid=uuid, mac=mac)
        waiting.unplug(self._libvirt, self._clock, ask)

    def keep_key(self, key: DiskKey) -> None:
        """libvirt knows it."""
        self._libvirt.run(passphrases.keep, key)

    def attach_disk(self, uuid: str, disk: DiskSpec) -> None:
        """Plug a disk in."""
        self._keep_keys((disk,))
        self._libvirt.run(devices.plug_disk, uuid, disk, self._machine.disk_cache)

    def detach_disk(self, uuid: str, name: str) -> None:
        """Take a disk out."""
        keys = self._libvirt.run(passphrases.ids_of, uuid, name)
        ask = functools.partial(devices.ask_disk_out, uuid=uuid, name=name)
        waiting.unplug(self._libvirt, self._clock, ask)
        self._libvirt.run(passphrases.forget, keys)

    def swap_disk(self, uuid: str, name: str, disk: DiskSpec) -> None:
        """Another disk in its place, with all that it held."""
        before = self._libvirt.run(passphrases.ids_of, uuid, name)
        self._keep_keys((disk,))
        waiting.swap(self._libvirt, uuid, name, disk)
        kept = {key.id for key in passphrases.keys_of((disk,))}
        gone = [each for each in before if each not in kept]
        self._libvirt.run(passphrases.forget, gone)
        self.limit_disk(uuid, name, disk.limits)

    def mirror_disk(self, uuid: str, name: str, disk: DiskSpec) -> None:
        """QEMU writes to both."""
        self._keep_keys((disk,))
        waiting.mirror(self._libvirt, uuid, name, disk)

    def turn_disk(self, uuid: str, name: str, disk: DiskSpec) -> bool:
        """To the one that it is mirrored to."""
        if not self._libvirt.run(mirroring.turn, uuid, name, disk):
            return False
        self.limit_disk(uuid, name, disk.limits)
        return True

    def end_mirror(self, uuid: str, name: str) -> None:
        """The second one is not written to any more."""
        self._libvirt.run(copies.end_swap, uuid, name)

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

    def _keep_keys(self, disks: tuple[DiskSpec, ...]) -> None:
        for key in passphrases.keys_of(disks):
            self.keep_key(key)

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

    def usage(self, uuid: str) -> GuestUsage:
        """Figures."""
        return self._libvirt.run(figures.read_usage, uuid, self._clock.time())

    def inject_nmi(self, uuid: str) -> None:
        """Interrupt the guest's kernel."""
        self._require(uuid, "be interrupted", frozenset({GuestState.RUNNING}))
        self._call(uuid, "injectNMI")

    def set_password(self, uuid: str, user: str, password: str) -> None:
        """Through the guest's agent."""
        running = frozenset({GuestState.RUNNING})
        self._require(uuid, "change its password", running)
        self._call(uuid, "setUserPassword", user, password)

    # ---- inside --------------------------------------------------------------

    def _definition(self, spec: GuestSpec) -> str:
        if spec.console_log:
            files.make_directory(os.path.dirname(spec.console_log))
        return domain_xml(spec, self._machine, int(self._clock.time()))
