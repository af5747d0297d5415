"""A server's record as the hypervisor wants it: the guest's specification."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from compute.agent.disks.port import BootFiles, GuestDisks, GuestPaths
from compute.agent.hypervisor import DiskBus, DiskDevice, DiskSpec, GuestSpec, NicSpec
from compute.instance.client import Server

ROOT_NAME, RESCUED_NAME = "vda", "vdb"
# An emulated timer is late on a busy machine; Linux would take it for broken.
DEFAULT_KERNEL_ARGUMENTS = "root=/dev/vda console=tty0 console=ttyS0 no_timer_check"


def boot_files(disks: GuestDisks, server: Server) -> BootFiles:
    """Kernel and ramdisk that the server's image names."""
    properties = server.image.get("properties", {})
    return disks.prepare_boot_files(
        server.id,
        str(properties.get("kernel_id") or ""),
        str(properties.get("ramdisk_id") or ""),
    )


def all_disks(
    disks: GuestDisks, server: Server, flavor: Mapping[str, Any]
) -> list[DiskSpec]:
    """The root disk that is there, and the flavor's other disks."""
    found = [_on_bus(disks.root(server.id), server)]
    if flavor["ephemeral"]:
        found.append(disks.prepare_ephemeral(server.id, 0, flavor["ephemeral"]))
    if flavor["swap"]:
        found.append(disks.prepare_swap(server.id, flavor["swap"]))
    # An ISO image is a CD-ROM beside its (empty) root disk.
    there = disks.disks(server.id)
    return found + [disk for disk in there if disk.device is DiskDevice.CDROM]


def guest_spec(
    disks: GuestDisks,
    server: Server,
    *,
    flavor: Mapping[str, Any] | None = None,
    rescue: DiskSpec | None = None,
) -> GuestSpec:
    """The guest as it is to be.  ``flavor``: instead of the server's own;
    ``rescue``: what it boots from instead of its own root disk."""
    flavor = flavor or server.flavor
    paths = disks.paths(server.id)
    files = BootFiles("", "") if rescue else boot_files(disks, server)
    own = all_disks(disks, server, flavor)
    if rescue is not None:
        # The user looks at the broken disk from the rescue system.
        broken = dataclasses.replace(own[0], name=RESCUED_NAME, boot_order=None)
        own = [rescue, broken]
    properties = server.image.get("properties", {})
    arguments = str(properties.get("os_command_line") or DEFAULT_KERNEL_ARGUMENTS)
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
        uefi=properties.get("hw_firmware_type") == "uefi",
        metadata={
            "name": server.name,
            "project": server.project_id,
            "flavor": str(flavor["name"]),
        },
    )


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
