"""The port's contract upon containers.  See ``compute.agent.hypervisor``."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Callable, Mapping

from compute.agent.console_log import read_tail
from compute.agent.disks import files
from compute.agent.disks.names import ROOT_NAME
from compute.agent.drivers.libvirt import devices, domains, waiting
from compute.agent.drivers.libvirt.device_xml import as_text
from compute.agent.drivers.libvirt.host import HostSize, read_inventory
from compute.agent.drivers.lxc import containers, links
from compute.agent.drivers.lxc.container_xml import (
    Surroundings,
    card_element,
    container_xml,
)
from compute.agent.drivers.lxc.refusals import LACKS
from compute.agent.drivers.lxc.roots import Roots
from compute.agent.drivers.lxc.seeds import write_seed
from compute.agent.drivers.lxc.with_drives import WithDrives
from compute.agent.guests import (
    ACTIVE_STATES,
    DiskSpec,
    GuestEvent,
    GuestEventKind,
    GuestSpec,
    GuestState,
    GuestUsage,
    HostInventory,
    NicSpec,
)
from compute.agent.hypervisor import CONSOLE_TAIL_BYTES_MAX, GRACE_SECONDS
from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Rejected, RingstackError, Unavailable

# The network agent looks every ten seconds, and makes what is not there.
BRIDGE_SECONDS = 30.0
POLL_SECONDS = 0.2
# A container that restarts by itself is down for a moment.
SETTLE_SECONDS = 2.0
# Of one that restarts by itself libvirt says no more than that.
_BEGUN = (GuestEventKind.STARTED, GuestEventKind.REBOOTED)
_ENDED = (GuestEventKind.STOPPED, GuestEventKind.CRASHED)

_log = logging.getLogger("compute.agent.lxc")


class LxcHypervisor(WithDrives):
    """One host's containers by libvirt."""

    def __init__(
        self,
        prepare: Callable[[], str],
        host: HostSize,
        roots: Roots,
        *,
        clock: Clock,
        pull_bytes_per_second: int = 0,
    ) -> None:
        """``prepare`` gives the URI, with whatever must run for it running."""
        super().__init__(prepare, roots.drives, clock)
        self._host = host
        self._roots = roots
        self._pull_bytes_per_second = pull_bytes_per_second
        self._defining = concurrency.Semaphore(1)
        self._hearing.watchers.append(self._heard)

    # ---- the host ------------------------------------------------------------

    def open(self) -> None:
        """Connect; what ended while nobody looked is taken down, and what runs is
        attended to."""
        self._roots.open()
        super().open()
        running = set(self._libvirt.run(containers.active))
        for uuid in running:
            self._attend(uuid)
        for uuid in self._roots.known():
            if uuid not in running:
                self._tidy(uuid)

    def inventory(self) -> HostInventory:
        """What the host has."""
        return self._libvirt.run(read_inventory, self._host, "lxc", LACKS)

    # ---- life ----------------------------------------------------------------

    def start(self, spec: GuestSpec) -> None:
        """Running."""
        with self._turn(spec.uuid):
            state = self.state(spec.uuid)
            if state is GuestState.PAUSED:
                self._call(spec.uuid, "resume")
            elif state is not GuestState.RUNNING:
                self._begin(spec, self._known_bridges(spec.uuid))
        self._attend(spec.uuid)

    def stop(self, uuid: str, grace_seconds: float = GRACE_SECONDS) -> None:
        """Not active."""
        self._shut_down(uuid, grace_seconds)
        with self._turn(uuid):
            self._end(uuid)

    def reboot(
        self, spec: GuestSpec, *, hard: bool, grace_seconds: float = GRACE_SECONDS
    ) -> None:
        """Running, newly booted."""
        if not hard:
            self._shut_down(spec.uuid, grace_seconds)
        with self._turn(spec.uuid):
            bridges = self._known_bridges(spec.uuid)
            self._end(spec.uuid)
            self._begin(spec, bridges)
        self._attend(spec.uuid)

    def resume(self, uuid: str) -> None:
        """Running, from paused."""
        if self._require(uuid, "resume", ACTIVE_STATES) is GuestState.PAUSED:
            self._call(uuid, "resume")

    def destroy(self, uuid: str) -> None:
        """Absent."""
        with self._turn(uuid):
            self._end(uuid)
            # Last: while it is defined, what is left of it is found.
            self._libvirt.run(domains.forget, uuid, 0)
        self._busy.pop(uuid, None)

    # ---- devices -------------------------------------------------------------

    def attach_nic(self, uuid: str, nic: NicSpec) -> None:
        """Plug a card in."""
        cards = self._libvirt.run(containers.cards, uuid)
        active = self._libvirt.run(domains.is_active, uuid)
        if not active or any(card.mac == nic.mac for card in cards):
            return
        bridge = self._bridge(nic, {})
        text = as_text(card_element(nic, bridge))
        self._libvirt.run(containers.plug, uuid, text, nic.tap)
        files.on_thread(links.dress, nic.tap, nic.mtu)

    def detach_nic(self, uuid: str, mac: str) -> None:
        """Take a card out."""

        def ask(connection: object) -> bool:
            return devices.ask_nic_out(connection, uuid, mac)

        waiting.unplug(self._libvirt, self._clock, ask)

    # ---- the content of a disk -----------------------------------------------

    def copy_disk(self, uuid: str, name: str, target_path: str) -> None:
        """A copy of a moment in which the container did not write."""
        self._require(uuid, "copy a disk", ACTIVE_STATES)
        self._check_root(uuid, name)
        with files.new_file(target_path) as temporary:
            self._roots.copy(uuid, temporary)

    def pull_backing(self, uuid: str, name: str) -> bool:
        """Bring in what a lazy disk has not read yet."""
        self._require(uuid, "pull a disk in", ACTIVE_STATES)
        self._check_root(uuid, name)
        return self._roots.pull(uuid, self._pull_bytes_per_second)

    # ---- looking at a guest --------------------------------------------------

    def console_tail(self, uuid: str, bytes_max: int = CONSOLE_TAIL_BYTES_MAX) -> bytes:
        """The end of the console's log."""
        path = self._libvirt.run(containers.console_log, uuid)
        return files.on_thread(read_tail, path, bytes_max) if path else b""

    def usage(self, uuid: str) -> GuestUsage:
        """Figures."""
        self._require(uuid, "be measured", ACTIVE_STATES)
        return self._libvirt.run(containers.read_usage, uuid, self._clock.time())

    # ---- starting ------------------------------------------------------------

    def _begin(self, spec: GuestSpec, known: Mapping[str, str]) -> None:
        """From nothing to running.  It is defined first: from then on it is found, and
        whatever a killed agent left of it with it."""
        root, others = _root_and_others(spec)
        bridges = {nic.mac: self._bridge(nic, known) for nic in spec.nics}
        seed = self._roots.seen_seed(spec.uuid) if spec.config_drive else ""
        now = int(self._clock.time())
        if spec.console_log:
            files.make_directory(os.path.dirname(spec.console_log))

        def text(first_id: int) -> str:
            tree = self._roots.seen_tree(spec.uuid)
            return container_xml(spec, Surroundings(tree, first_id, seed, bridges), now)

        with self._defining:
            first_id = self._libvirt.run(containers.define, spec.uuid, text)
        self._roots.hold(spec.uuid, root, first_id)
        for disk in others:
            self._drives.hold(spec.uuid, disk, first_id)
        if spec.config_drive:
            place = self._roots.seed(spec.uuid)
            files.on_thread(write_seed, place, spec.config_drive, first_id)
        self._libvirt.run(containers.create, spec.uuid)
        for nic in spec.nics:
            files.on_thread(links.dress, nic.tap, nic.mtu)

    def _known_bridges(self, uuid: str) -> dict[str, str]:
        cards = self._libvirt.run(containers.cards, uuid)
        return {card.mac: card.bridge for card in cards}

    def _bridge(self, nic: NicSpec, known: Mapping[str, str]) -> str:
        """The one that the network agent has put the port on."""
        give_up = self._clock.monotonic() + BRIDGE_SECONDS
        while True:
            bridge = files.on_thread(links.bridge_of, nic.tap) or known.get(nic.mac, "")
            if bridge:
                return bridge
            if self._clock.monotonic() > give_up:
                raise Unavailable(f"the port of {nic.tap} is on no bridge yet")
            concurrency.sleep(POLL_SECONDS)

    # ---- ending --------------------------------------------------------------

    def _shut_down(self, uuid: str, grace_seconds: float) -> None:
        if grace_seconds <= 0 or self.state(uuid) is not GuestState.RUNNING:
            return
        give_up = self._clock.monotonic() + grace_seconds
        self._libvirt.run(containers.end_politely, uuid)
        while self._libvirt.run(domains.is_active, uuid):
            if self._clock.monotonic() > give_up:
                return
            concurrency.sleep(POLL_SECONDS)

    def _end(self, uuid: str) -> None:
        self._libvirt.run(containers.end_wholly, uuid)
        self._roots.release(uuid)

    def _heard(self, event: GuestEvent) -> None:
        if event.kind in _BEGUN:
            self._attend(event.uuid)
        elif event.kind in _ENDED:
            concurrency.sleep(SETTLE_SECONDS)
            self._tidy(event.uuid)

    def _attend(self, uuid: str) -> None:
        try:
            with self._turn(uuid):
                self._libvirt.run(containers.attend, uuid)
                self._present(uuid)
        except RingstackError as error:
            _log.warning("container %s is not attended to: %s", uuid, error)

    def _tidy(self, uuid: str) -> None:
        """Its disk is nobody's but its own again, if it does not run."""
        try:
            with self._turn(uuid):
                if self.state(uuid) not in ACTIVE_STATES:
                    self._roots.release(uuid)
        except RingstackError as error:
            _log.warning("container %s is not taken down: %s", uuid, error)

    # ---- inside --------------------------------------------------------------

    def _check_root(self, uuid: str, name: str) -> None:
        if name != ROOT_NAME:
            raise Unavailable(f"Guest {uuid} has no disk {name}")


def _root_and_others(spec: GuestSpec) -> tuple[DiskSpec, list[DiskSpec]]:
    """What it boots from, and what it has besides."""
    if not spec.disks:
        raise Rejected(409, "A container has a disk")
    root = min(spec.disks, key=_turn_at_boot)
    if root.shared:
        raise Rejected(409, "A container's root is a disk that nobody else writes to")
    return root, [disk for disk in spec.disks if disk is not root]


def _turn_at_boot(disk: DiskSpec) -> float:
    return math.inf if disk.boot_order is None else disk.boot_order
