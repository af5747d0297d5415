"""A running guest's disk on two places at once, until the guest goes over to one.

Writes are *synchronous*: once all that the disk held is on both, the guest hears that
something is written when it is written twice.  So whichever of them is asked, at any
moment, it has all that the guest was told of.  A mirror that breaks ends that: then
the first one has more.  So of a guest that has ended it must be known whether it had
gone over, and libvirt writes that down itself when it happens: in the definition on
disk, if that has the disk with the source that the guest uses (``_note``).

Functions for native threads; the waiting is the driver's.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

import libvirt

from compute.agent.drivers.libvirt.connection import Connection, Domain
from compute.agent.drivers.libvirt.copies import copy_job, reads_from, require_active
from compute.agent.drivers.libvirt.device_xml import as_text, copy_target
from compute.agent.drivers.libvirt.devices import disk_in, find_disk
from compute.agent.drivers.libvirt.domains import kept_definition_of, require
from compute.agent.guests import DiskSpec
from objectstore.kernel.errors import Unavailable

# What only a running guest's disk has, or what may be another's in the definition.
_RUNNING_ONES = ("mirror", "alias", "backingStore", "address")
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
    """Let the guest use the second one; whether it does, or did when it ended."""
    domain = require(connection, uuid)
    if not domain.isActive():
        kept = disk_in(kept_definition_of(domain), name)
        return kept is not None and reads_from(kept, disk.source)
    element = find_disk(domain, name)
    if element is None or reads_from(element, disk.source):
        return True
    if copy_job(domain, name) is None:
        return False
    _note(domain, element)
    domain.blockJobAbort(name, libvirt.VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT)
    return True


def _note(domain: Domain, element: Element) -> None:
    """Let the definition on disk have the disk as the guest has it: a disk that was
    plugged in later is not in it."""
    target = element.find("target")
    name = "" if target is None else target.get("dev", "")
    kept = disk_in(kept_definition_of(domain), name)
    if kept is not None and _place_of(kept) == _place_of(element):
        return
    for tag in _RUNNING_ONES:
        for found in element.findall(tag):
            element.remove(found)
    act = domain.attachDeviceFlags if kept is None else domain.updateDeviceFlags
    act(as_text(element), libvirt.VIR_DOMAIN_AFFECT_CONFIG)


def _place_of(element: Element) -> tuple[str, ...]:
    source = element.find("source")
    host = None if source is None else source.find("host")
    found = {**({} if source is None else source.attrib)}
    socket = "" if host is None else host.get("socket", "")
    return found.get("file", ""), found.get("name", ""), socket
