"""The devices of simulated guests: they come and go at once, and hold nothing."""

from __future__ import annotations

from contextlib import AbstractContextManager

from compute.agent.drivers.sim.faults import Fault, perhaps_fail, perhaps_failing
from compute.agent.drivers.sim.guests import SimGuests
from compute.agent.guests import ACTIVE_STATES, DiskKey, DiskSpec, Limits, NicSpec


class SimDevices:
    """Part of ``SimHypervisor``.  See the port for what each method promises."""

    def __init__(self, guests: SimGuests, fault: Fault | None) -> None:
        self.fault = fault
        self._guests = guests

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

    def mirror_disk(self, uuid: str, name: str, disk: DiskSpec) -> None:
        """At once: it reads nothing."""
        with self._call("mirror_disk", uuid):
            self._guests.require_disk(uuid, name, "mirror a disk")

    def turn_disk(self, uuid: str, name: str, disk: DiskSpec) -> bool:
        """Another disk in its place."""
        with self._call("turn_disk", uuid):
            guest = self._guests.find(uuid)
            if not guest.is_active:
                return guest.has_place(name, disk)
            if name in guest.disk_names:
                guest.swap_disk(name, disk)
                self._guests.save()
            return True

    def end_mirror(self, uuid: str, name: str) -> None:
        """There is none."""

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
        if self._guests.state(uuid) not in ACTIVE_STATES:
            return {}
        return self._guests.find(uuid).disk_serials()

    def resize_disk(self, uuid: str, name: str, size_bytes: int) -> None:
        """Nothing to see but the checks: simulated disks have no size."""
        with self._call("resize_disk", uuid):
            self._guests.require_disk(uuid, name, "resize a disk")

    def reconnect_disk(self, uuid: str, name: str, size_bytes: int) -> None:
        """Checks, too."""
        with self._call("reconnect_disk", uuid):
            self._guests.require_disk(uuid, name, "reconnect a disk")

    # ---- inside --------------------------------------------------------------

    def _call(self, method: str, uuid: str) -> AbstractContextManager[None]:
        return perhaps_failing(self.fault, method, uuid)

    def _ask(self, method: str, uuid: str) -> None:
        """Of a call that changes nothing."""
        perhaps_fail(self.fault, method, uuid, "before")
