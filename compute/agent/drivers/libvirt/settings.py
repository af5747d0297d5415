"""How the agent uses libvirt."""

from __future__ import annotations

from dataclasses import dataclass

from objectstore.kernel.settings import option

PRIVATE = "private"
"""The connection's name for a libvirtd of the agent's own."""


@dataclass(frozen=True, slots=True)
class LibvirtSettings:
    """Settings of the libvirt driver."""

    uri: str = option(
        PRIVATE,
        "'private' (the agent starts a libvirtd of its own) or a libvirt URI, such "
        "as qemu:///system",
    )
    virt_type: str = option(
        "auto", "'kvm', 'qemu' (emulation), or 'auto': kvm when a trial guest runs"
    )
    disk_cache: str = option(
        "writeback", "QEMU's cache mode of disks: writeback, none, writethrough ..."
    )
    pull_bytes_per_second: int = option(
        64 << 20,
        "How fast what a lazy disk has not read yet is brought in (0: no limit)",
        minimum=0,
    )
