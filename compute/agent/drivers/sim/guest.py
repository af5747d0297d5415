"""One simulated guest: what it is made of, and what it says of itself."""

from __future__ import annotations

from dataclasses import dataclass, field

from compute.agent.guests import (
    ACTIVE_STATES,
    DiskSpec,
    DiskUsage,
    FileSource,
    GuestSpec,
    GuestState,
    GuestUsage,
    NicUsage,
)


@dataclass(slots=True)
class SimGuest:
    """One simulated guest."""

    name: str
    state: GuestState
    vcpus: int
    memory_mib: int
    disk_names: list[str]
    macs: list[str]
    started_seconds: float  # since the epoch: when it booted last
    boots: int
    serials: dict[str, str] = field(default_factory=dict)  # of disks that have one
    limits: dict[str, dict[str, int]] = field(default_factory=dict)  # of disks
    places: dict[str, str] = field(default_factory=dict)  # of disks' bytes

    @property
    def is_active(self) -> bool:
        """Whether it has an emulator."""
        return self.state in ACTIVE_STATES

    def plug_disk(self, disk: DiskSpec) -> None:
        """A disk more."""
        self.disk_names.append(disk.name)
        self._know(disk.name, disk)

    def swap_disk(self, name: str, disk: DiskSpec) -> None:
        """Another disk in the place of that one."""
        self._know(name, disk)

    def unplug_disk(self, name: str) -> None:
        """A disk less, and nothing known of it."""
        self.disk_names.remove(name)
        self.serials.pop(name, None)
        self.limits.pop(name, None)
        self.places.pop(name, None)

    def has_place(self, name: str, disk: DiskSpec) -> bool:
        """Whether the disk of that name has its bytes where this one has them."""
        return self.places.get(name) == _place_of(disk)

    def _know(self, name: str, disk: DiskSpec) -> None:
        self.serials.pop(name, None)
        if disk.serial:
            self.serials[name] = disk.serial
        self.limits[name] = dict(disk.limits)
        self.places[name] = _place_of(disk)

    def disk_serials(self) -> dict[str, str]:
        """What its disks call themselves; "" where they say nothing."""
        return {name: self.serials.get(name, "") for name in self.disk_names}

    def console(self) -> bytes:
        """What it has said: the same at each boot."""
        lines = (
            "Booting",
            f"{self.vcpus} processors, {self.memory_mib} MiB",
            f"Simulated guest {self.name}",
            f"{self.name} login: ",
        )
        return "\r\n".join(lines).encode() * self.boots

    def usage(self, now: float) -> GuestUsage:
        """Figures: time passes, nothing else happens in it."""
        return GuestUsage(
            state=self.state,
            # Whose guests it stands for: clients know drivers by a list of names.
            driver="libvirt",
            hypervisor="sim",
            uptime_seconds=int(max(0.0, now - self.started_seconds)),
            cpu_nanoseconds=(0,) * self.vcpus,
            memory_max_mib=self.memory_mib,
            memory_used_mib=self.memory_mib,
            disks=tuple(DiskUsage(name, 0, 0, 0, 0, 0) for name in self.disk_names),
            nics=tuple(NicUsage(mac, 0, 0, 0, 0, 0, 0, 0, 0) for mac in self.macs),
        )


def _place_of(disk: DiskSpec) -> str:
    source = disk.source
    return source.path if isinstance(source, FileSource) else source.socket_path


def booted(spec: GuestSpec, now: float, boots: int) -> SimGuest:
    """The guest of that spec, running since ``now``; its ``boots``-th boot."""
    guest = SimGuest(
        name=spec.name,
        state=GuestState.RUNNING,
        vcpus=spec.vcpus,
        memory_mib=spec.memory_mib,
        disk_names=[],
        macs=[nic.mac for nic in spec.nics],
        started_seconds=now,
        boots=boots,
    )
    for disk in spec.disks:
        guest.plug_disk(disk)
    return guest
