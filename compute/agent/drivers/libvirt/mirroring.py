"""A running guest's disk on two places at once, until the guest goes over to one.

Writes are *synchronous*: once all that the disk held is on both, the guest hears that
something is written when it is written twice.  So whichever of them is asked, at any
moment, it has all that the guest was told of.

Functions for native threads; the waiting is the driver's.
"""

from __future__ import annotations

import libvirt

from compute.agent.drivers.libvirt.connection import Connection
from compute.agent.drivers.libvirt.copies import copy_job, reads_from, require_active
from compute.agent.drivers.libvirt.device_xml import as_text, copy_target
from compute.agent.drivers.libvirt.devices import find_disk
from compute.agent.drivers.libvirt.domains import require
from compute.agent.guests import DiskSpec
from objectstore.kernel.errors import Unavailable

_FLAGS = (
    libvirt.VIR_DOMAIN_BLOCK_COPY_REUSE_EXT
    | libvirt.VIR_DOMAIN_BLOCK_COPY_TRANSIENT_JOB
    | libvirt.VIR_DOMAIN_BLOCK_COPY_SYNCHRONOUS_WRITES
)


def begin_mirror(connection: Connection, uuid: str, name: str, disk: DiskSpec) -> bool:
    """Begin, or go on with what a killed agent left; whether there is anything to wait
    for."""
    domain = require_active(connection, uuid, "mirror a disk")
    element = find_disk(domain, name)
    if element is None:
        raise Unavailable(f"Guest {uuid} has no disk {name}")
    if reads_from(element, disk.source):
        return False
    if copy_job(domain, name) is None:
        domain.blockCopy(name, as_text(copy_target(disk)), {}, _FLAGS)
    return True


def is_mirrored(connection: Connection, uuid: str, name: str) -> bool:
    """Whether both hold the same; ``Unavailable`` when the mirror has ended."""
    domain = require_active(connection, uuid, "mirror a disk")
    element = find_disk(domain, name)
    mirror = None if element is None else element.find("mirror")
    if mirror is None:
        raise Unavailable(f"The mirror of guest {uuid}'s disk {name} failed")
    return mirror.get("ready") == "yes"


def turn(connection: Connection, uuid: str, name: str, disk: DiskSpec) -> bool:
    """Let the guest use the second one; whether it does (one that is not active: from
    its next start on)."""
    domain = require(connection, uuid)
    element = find_disk(domain, name) if domain.isActive() else None
    if element is None or reads_from(element, disk.source):
        return True
    if copy_job(domain, name) is None:
        return False
    domain.blockJobAbort(name, libvirt.VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT)
    return True
