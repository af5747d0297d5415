"""A server's record as the hypervisor wants it: the guest's specification."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from compute.agent.disks.port import BootFiles, GuestDisks, GuestPaths
from compute.agent.guests import DiskBus, DiskDevice, DiskSpec, GuestSpec, NicSpec
from compute.instance.client import (
    Server,
    ephemeral_sizes,
    free_device,
    machine_of,
    swap_mib,
)

ROOT_NAME, RESCUED_NAME = "vda", "vdb"
# An emulated timer is late on a busy machine; Linux would take it for broken.
DEFAULT_KERNEL_ARGUMENTS = "root=/dev/vda no_timer_check console=tty0 console="
SERIAL, SERIAL_OF = "ttyS0", {"aarch64": "ttyAMA0"}


def boot_files(disks: GuestDisks, server: Server) -> BootFiles:
    """Kernel and ramdisk that the server's image names."""
    properties = server.image.get("properties", {})
    return disks.prepare_boot_files(
        server.id,
        str(properties.get("kernel_id") or ""),
        str(properties.get("ramdisk_id") or ""),
    )


def all_disks(
    disks: GuestDisks,
    server: Server,
    flavor: Mapping[str, Any],
    volumes: Sequence[DiskSpec] = (),
) -> list[DiskSpec]:
    """The root disk that is there, the flavor's other disks, and volumes."""
    root = [disk for disk in volumes if disk.boot_order is not None]
    if not root:
        root = [_on_bus(disks.root(server.id), server)]
    further = [disk for disk in volumes if disk.boot_order is None]
    # An ISO image is a CD-ROM beside its (empty) root disk.
    there = disks.disks(server.id)
    drives = [disk for disk in there if disk.device is DiskDevice.CDROM]
    extra = extra_disks(disks, server, flavor)
    taken = {disk.name for disk in (*root, *further, *drives)}
    return [*root, *_renamed(extra, taken), *further, *drives]


def extra_disks(
    disks: GuestDisks, server: Server, flavor: Mapping[str, Any]
) -> list[DiskSpec]:
    """Ephemeral disks and swap, made if they are not there."""
    entries = server.block_devices
    found = [
        disks.prepare_ephemeral(server.id, number, size)
        for number, size in enumerate(ephemeral_sizes(entries, flavor))
    ]
    if size := swap_mib(entries, flavor):
        found.append(disks.prepare_swap(server.id, size))
    return found


def _renamed(disks: Sequence[DiskSpec], taken: Collection[str]) -> list[DiskSpec]:
    """A volume may have the place of a disk that came with a larger flavor."""
    used = {*taken, *(disk.name for disk in disks)}
    found = []
    for disk in disks:
        if disk.name in taken:
            name = free_device({f"/dev/{each}" for each in used})
            disk = dataclasses.replace(disk, name=name.removeprefix("/dev/"))
            used.add(disk.name)
        found.append(disk)
    return found


def guest_spec(
    disks: GuestDisks,
    server: Server,
    *,
    flavor: Mapping[str, Any] | None = None,
    rescue: DiskSpec | None = None,
    keeps_places: bool = False,
    volumes: Sequence[DiskSpec] = (),
) -> GuestSpec:
    """The guest as it is to be.  ``flavor``: instead of the server's own; ``rescue``:
    what it boots from instead of its own root disk, which is then the second, or
    (``keeps_places``) stays where it is as all others do."""
    flavor = flavor or server.flavor
    paths = disks.paths(server.id)
    files = BootFiles("", "") if rescue else boot_files(disks, server)
    own = all_disks(disks, server, flavor, volumes)
    if rescue is not None and keeps_places:
        own = _rescued_in_place(own, rescue)
    elif rescue is not None:
        # The user looks at the broken disk from the rescue system.
        broken = dataclasses.replace(own[0], name=RESCUED_NAME, boot_order=None)
        own = [rescue, broken]
    properties = server.image.get("properties", {})
    machine = machine_of(flavor, server.image)
    console = SERIAL_OF.get(machine.emulated, SERIAL)
    arguments = str(
        properties.get("os_command_line") or f"{DEFAULT_KERNEL_ARGUMENTS}{console}"
    )
    return GuestSpec(
        uuid=server.id,
        name=server.instance_name,
        vcpus=flavor["vcpus"],
        memory_mib=flavor["ram"],
        disks=tuple(own),
        nics=tuple(nic_spec(vif) for vif in server.vifs),
        console_log=paths.console_log,
        serial_socket=paths.serial_socket,
        vnc_socket=paths.vnc_socket,
        agent_socket=paths.agent_socket,
        config_drive=_config_drive(server, paths),
        kernel=files.kernel,
        ramdisk=files.ramdisk,
        kernel_arguments=arguments if files.kernel else "",
        machine=machine,
        metadata={
            "name": server.name,
            "project": server.project_id,
            "flavor": str(flavor["name"]),
        },
    )


def _rescued_in_place(own: Sequence[DiskSpec], rescue: DiskSpec) -> list[DiskSpec]:
    name = free_device({f"/dev/{disk.name}" for disk in own}).removeprefix("/dev/")
    others = [dataclasses.replace(disk, boot_order=None) for disk in own]
    return [*others, dataclasses.replace(rescue, name=name, boot_order=1)]


def nic_spec(vif: Mapping[str, Any]) -> NicSpec:
    """One interface."""
    return NicSpec(
        mac=vif["mac"], tap=vif["tap"], mtu=vif.get("mtu"), port_id=vif["port_id"]
    )


def _config_drive(server: Server, paths: GuestPaths) -> str:
    return paths.config_drive if server.config_drive else ""


def _on_bus(disk: DiskSpec, server: Server) -> DiskSpec:
    """The root disk on the bus that its image asks for, if we know it."""
    wanted = server.image.get("properties", {}).get("hw_disk_bus")
    if wanted in (DiskBus.IDE.value, DiskBus.SCSI.value):
        return dataclasses.replace(disk, bus=DiskBus(wanted))
    return disk
