"""The content of running guests' disks: point-in-time copies, pulling in of lazy ones.

Functions for native threads; the waiting is the driver's.
"""

from __future__ import annotations

import time
from xml.etree.ElementTree import Element, SubElement

import libvirt

from compute.agent.drivers.libvirt.connection import Connection, Domain
from compute.agent.drivers.libvirt.device_xml import as_text, copy_target
from compute.agent.drivers.libvirt.devices import disk_names, find_disk
from compute.agent.drivers.libvirt.domains import require, state_of
from compute.agent.guests import (
    ACTIVE_STATES,
    DiskSpec,
    FileSource,
    NbdSource,
    WrongState,
)
from objectstore.kernel.errors import Unavailable

BEGIN_TRIES = 25
BEGIN_PAUSE_SECONDS = 0.2


def require_active(connection: Connection, uuid: str, wanted: str) -> Domain:
    """The domain; ``WrongState`` unless it is active."""
    domain = require(connection, uuid)
    state = state_of(domain)
    if state not in ACTIVE_STATES:
        raise WrongState(uuid, state, wanted)
    return domain


def begin_copy(connection: Connection, uuid: str, name: str, path: str) -> None:
    """Begin to copy what the disk holds now into the new qcow2 file ``path``.

    A copy that a killed agent left running is ended first: its target is gone.
    """
    domain = require_active(connection, uuid, "copy a disk")
    if find_disk(domain, name) is None:
        raise Unavailable(f"Guest {uuid} has no disk {name}")
    if is_copying(domain):
        domain.abortJob()
    interrupt_pulls(domain)
    for attempt in range(1, BEGIN_TRIES + 1):
        try:
            domain.backupBegin(_copy_xml(name, path), None, 0)
            return
        except libvirt.libvirtError as error:
            # The end of the job before it comes a moment after it was asked for.
            ended = error.get_error_code() != libvirt.VIR_ERR_OPERATION_INVALID
            if ended or attempt == BEGIN_TRIES:
                raise
        time.sleep(BEGIN_PAUSE_SECONDS)


def interrupt_pulls(domain: Domain) -> None:
    """End what pulls lazy disks in: libvirt allows nothing else with a disk meanwhile.

    What came in stays; the next ``pull`` goes on from there.
    """
    for name in disk_names(domain):
        job = domain.blockJobInfo(name, 0)
        if job and job["type"] == libvirt.VIR_DOMAIN_BLOCK_JOB_TYPE_PULL:
            domain.blockJobAbort(name, 0)


def save_memory(connection: Connection, uuid: str) -> None:
    """Suspend the guest to disk."""
    domain = require(connection, uuid)
    interrupt_pulls(domain)
    domain.managedSave()


def _copy_xml(name: str, path: str) -> str:
    backup = Element("domainbackup", mode="push")
    disks = SubElement(backup, "disks")
    disk = SubElement(disks, "disk", name=name, backup="yes", type="file")
    SubElement(disk, "driver", type="qcow2")
    SubElement(disk, "target", file=path)
    return as_text(backup)


def is_copying(domain: Domain) -> bool:
    """Whether a copy is under way."""
    try:
        facts = domain.jobStats()
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_OPERATION_INVALID:
            return False  # not active any more
        raise
    return bool(
        facts.get("type", libvirt.VIR_DOMAIN_JOB_NONE) != libvirt.VIR_DOMAIN_JOB_NONE
        and facts.get("operation") == libvirt.VIR_DOMAIN_JOB_OPERATION_BACKUP
    )


def copy_is_done(connection: Connection, uuid: str) -> bool:
    """Whether the copy has come to its end; ``Unavailable`` when to a bad one."""
    domain = require(connection, uuid)
    if is_copying(domain):
        return False
    facts = domain.jobStats(libvirt.VIR_DOMAIN_JOB_STATS_COMPLETED)
    if facts.get("type") != libvirt.VIR_DOMAIN_JOB_COMPLETED:
        reason = facts.get("errmsg", "the guest ended, or its disk failed")
        raise Unavailable(f"The copy of guest {uuid}'s disk failed: {reason}")
    return True


def end_copy(connection: Connection, uuid: str) -> None:
    """Give a copy up."""
    domain = require(connection, uuid)
    if is_copying(domain):
        domain.abortJob()


def pull(connection: Connection, uuid: str, name: str, bytes_per_second: int) -> bool:
    """Start pulling a lazy disk's backing in; whether all of it is here."""
    domain = require_active(connection, uuid, "pull a disk")
    if domain.blockJobInfo(name, 0):
        return False
    element = find_disk(domain, name)
    if element is None:
        raise Unavailable(f"Guest {uuid} has no disk {name}")
    backing = element.find("backingStore")
    if backing is None or backing.get("type") != "network":
        return True
    flags = libvirt.VIR_DOMAIN_BLOCK_PULL_BANDWIDTH_BYTES
    domain.blockPull(name, bytes_per_second, flags)
    return False


def begin_swap(connection: Connection, uuid: str, name: str, disk: DiskSpec) -> bool:
    """Begin to copy a disk to another one; whether there is anything to do.

    A copy that a killed agent left running goes on: its target is the same.
    """
    domain = require_active(connection, uuid, "swap a disk")
    element = find_disk(domain, name)
    if element is None:
        raise Unavailable(f"Guest {uuid} has no disk {name}")
    if reads_from(element, disk.source):
        return False
    if copy_job(domain, name) is None:
        flags = (
            libvirt.VIR_DOMAIN_BLOCK_COPY_REUSE_EXT
            | libvirt.VIR_DOMAIN_BLOCK_COPY_TRANSIENT_JOB
        )
        domain.blockCopy(name, as_text(copy_target(disk)), {}, flags)
    return True


def reads_from(element: Element, source: NbdSource | FileSource) -> bool:
    """Whether the disk stands upon that source already."""
    found = element.find("source")
    if found is None:
        return False
    if isinstance(source, FileSource):
        return found.get("file") == source.path
    host = found.find("host")
    path = "" if host is None else host.get("socket", "")
    return (found.get("name"), path) == (source.export, source.socket_path)


def copy_job(domain: Domain, name: str) -> dict[str, int] | None:
    """What copies the disk elsewhere now."""
    job: dict[str, int] = domain.blockJobInfo(name, 0)
    if job and job["type"] == libvirt.VIR_DOMAIN_BLOCK_JOB_TYPE_COPY:
        return job
    return None


def finish_swap(connection: Connection, uuid: str, name: str) -> bool:
    """Let the guest use the copy, once it is one; whether it does.  ``Unavailable``
    when the copy has failed."""
    domain = require_active(connection, uuid, "swap a disk")
    job = copy_job(domain, name)
    if job is None:
        raise Unavailable(f"The copy of guest {uuid}'s disk {name} failed")
    if not job["end"] or job["cur"] < job["end"]:
        return False
    try:
        domain.blockJobAbort(name, libvirt.VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT)
    except libvirt.libvirtError as error:
        # The last bytes are there before the job says so.
        if error.get_error_code() == libvirt.VIR_ERR_BLOCK_COPY_ACTIVE:
            return False
        raise
    return True


def end_swap(connection: Connection, uuid: str, name: str) -> None:
    """Give a copy up; the guest keeps the disk that it has."""
    domain = require(connection, uuid)
    if domain.isActive() and copy_job(domain, name) is not None:
        domain.blockJobAbort(name, 0)


def resize(connection: Connection, uuid: str, name: str, size_bytes: int) -> None:
    """Let the disk grow, file and device; never smaller."""
    domain = require_active(connection, uuid, "resize a disk")
    capacity = domain.blockInfo(name)[0]
    if size_bytes > capacity:
        interrupt_pulls(domain)
        flags = libvirt.VIR_DOMAIN_BLOCK_RESIZE_BYTES
        domain.blockResize(name, size_bytes, flags)
