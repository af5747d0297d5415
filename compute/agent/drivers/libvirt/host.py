"""What this host has, for the scheduler: libvirt's word, and the disks' file system."""

from __future__ import annotations

import os
from dataclasses import dataclass

from compute.agent.drivers.libvirt.connection import Connection
from compute.agent.drivers.libvirt.figures import processor_facts
from compute.agent.guests import Ability, HostInventory

_GIB = 1 << 30
_KERNEL_FIGURES = "/proc/stat"


@dataclass(frozen=True, slots=True)
class HostSize:
    """What libvirt does not know of the host."""

    hostname: str
    disk_directory: str  # where guests' disks are


def read_inventory(
    connection: Connection,
    host: HostSize,
    virt_type: str,
    lacks: tuple[Ability, ...] = (),
) -> HostInventory:
    """The host as it is now (on a native thread)."""
    _, memory_mib, cpus, _, nodes, sockets, cores, threads = connection.getInfo()
    model, vendor, features = processor_facts(connection.getCapabilities())
    free_bytes = connection.getFreeMemory()
    space = os.statvfs(host.disk_directory)
    return HostInventory(
        hostname=host.hostname,
        hypervisor_type=virt_type.upper(),
        hypervisor_version=connection.getVersion(),
        vcpus=cpus,
        memory_mib=memory_mib,
        disk_gib=space.f_blocks * space.f_frsize // _GIB,
        disk_free_gib=space.f_bavail * space.f_frsize // _GIB,
        memory_used_mib=max(0, memory_mib - free_bytes // (1 << 20)),
        cpu_model=model,
        cpu_vendor=vendor,
        cpu_features=features,
        cpu_cores=cores,
        cpu_threads=threads,
        cpu_sockets=sockets * nodes,
        booted_at=_booted_at(),
        lacks=lacks,
    )


def _booted_at() -> int:
    """When the kernel started, by its own word; 0 where it does not say."""
    try:
        with open(_KERNEL_FIGURES, encoding="ascii") as lines:
            for line in lines:
                name, _, value = line.partition(" ")
                if name == "btime":
                    return int(value)
    except (OSError, ValueError):
        pass
    return 0
