"""The disks besides its root that a container gets, has and loses."""

from __future__ import annotations

from collections.abc import Callable

from compute.agent.drivers.lxc import containers, presenting
from compute.agent.drivers.lxc.drives import Drives
from compute.agent.drivers.lxc.refusals import NoMachines
from compute.agent.guests import ACTIVE_STATES, DiskKey, DiskSpec, Limits
from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock


class WithDrives(NoMachines):
    """Containers, of which each may have further disks."""

    def __init__(
        self, prepare: Callable[[], str], drives: Drives, clock: Clock
    ) -> None:
        super().__init__(prepare, clock)
        self._drives = drives
        # One at a time for each container: who starts, and who takes it down.
        self._busy: dict[str, concurrency.Semaphore] = {}

    def keep_key(self, key: DiskKey) -> None:
        """Each disk brings its own along."""

    def attach_disk(self, uuid: str, disk: DiskSpec) -> None:
        """Give it a disk: its files, or a device."""
        with self._turn(uuid):
            if self.state(uuid) in ACTIVE_STATES:
                first_id = self._libvirt.run(containers.first_id, uuid)
                self._drives.hold(uuid, disk, first_id)
                self._present(uuid)

    def detach_disk(self, uuid: str, name: str) -> None:
        """Take a disk away."""
        with self._turn(uuid):
            self._libvirt.run(presenting.withdraw, uuid, name)
            self._drives.release(uuid, name)

    def limit_disk(self, uuid: str, name: str, limits: Limits) -> None:
        """As fast as that."""
        self._drives.limit(uuid, name, limits)

    def disk_serials(self, uuid: str) -> dict[str, str]:
        """Those besides its root, which has none."""
        found = self._drives.find(uuid)
        return {drive.name: drive.serial for drive in found.values()}

    def reconnect_disk(self, uuid: str, name: str, size_bytes: int) -> None:
        """A device is as long as its volume is now."""
        self._require(uuid, "reconnect a disk", ACTIVE_STATES)
        with self._turn(uuid):
            self._drives.grow(uuid, name)

    def _present(self, uuid: str) -> None:
        for drive in self._drives.find(uuid).values():
            self._libvirt.run(presenting.present, uuid, drive)

    def _turn(self, uuid: str) -> concurrency.Semaphore:
        return self._busy.setdefault(uuid, concurrency.Semaphore(1))
