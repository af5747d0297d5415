"""A guest's files as its hypervisor is to see them.  What a disk is follows from its
file's name and header alone, so there is no record to disagree with them."""

from __future__ import annotations

from compute.agent.disks import files
from compute.agent.disks.layout import (
    CDROM_FILE,
    ROOT_FILE,
    SWAP_FILE,
    Layout,
    ephemeral_number,
)
from compute.agent.disks.names import ROOT_NAME, SWAP_NAME, ephemeral_name
from compute.agent.disks.overlay import read_backing
from compute.agent.guests import DiskBus, DiskDevice, DiskSpec, FileSource

# Not the first of its bus: a root disk may be on that bus too.
CDROM_NAME = "hdc"


def all_disks(layout: Layout, uuid: str) -> tuple[DiskSpec, ...]:
    """Every disk of the guest that is there."""
    found: list[DiskSpec] = []
    names = files.names_in(layout.directory(uuid))
    if ROOT_FILE in names:
        found.append(overlay_disk(ROOT_NAME, layout.file(uuid, ROOT_FILE)))
    if CDROM_FILE in names:
        found.append(_cdrom(layout.file(uuid, CDROM_FILE)))
    for name in names:
        number = ephemeral_number(name)
        if number is not None:
            found.append(raw_disk(ephemeral_name(number), layout.file(uuid, name)))
    if SWAP_FILE in names:
        found.append(raw_disk(SWAP_NAME, layout.file(uuid, SWAP_FILE)))
    return tuple(found)


def overlay_disk(name: str, path: str) -> DiskSpec:
    """A disk to boot from; lazy while its header names an NBD server below it."""
    backing = read_backing(lambda offset, size: files.read_piece(path, offset, size))
    lazy = None if backing is None else backing.as_nbd()
    return DiskSpec(name, FileSource(path, "qcow2", lazy), boot_order=1)


def raw_disk(name: str, path: str) -> DiskSpec:
    """A disk whose file holds its bytes as they are."""
    return DiskSpec(name, FileSource(path, "raw"))


def _cdrom(path: str) -> DiskSpec:
    return DiskSpec(
        CDROM_NAME,
        FileSource(path, "qcow2"),
        bus=DiskBus.IDE,
        device=DiskDevice.CDROM,
        boot_order=2,  # an empty root disk does not boot: then this
        read_only=True,
    )
