"""A held disk's content of one moment, copied by the daemon that serves it.

A backup job: it copies what the disk held when the job began, and what is written over
meanwhile it saves first.  So who writes need only be kept quiet for that moment.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

from compute.core.disks.copy_job import JOB, TARGET, clear_copy, copy_job
from compute.core.disks.qmp import order
from compute.core.disks.storage_daemon import NODE, Place
from objectstore.kernel import concurrency
from objectstore.kernel.errors import Unavailable

POLL_SECONDS = 0.1


def copy(place: Place, target: str, still: AbstractContextManager[object]) -> None:
    """Copy into the qcow2 file, which is there and as large.  The copy's moment lies
    inside ``still``.  ``Unavailable``."""
    clear_copy(place)
    node = {
        "driver": "qcow2",
        "node-name": TARGET,
        "discard": "unmap",
        "detect-zeroes": "unmap",
        "file": {"driver": "file", "filename": target},
    }
    order(place.monitor, "blockdev-add", node)
    backup = {
        "job-id": JOB,
        "device": NODE,
        "target": TARGET,
        "sync": "full",
        "auto-dismiss": False,
    }
    try:
        with still:
            order(place.monitor, "blockdev-backup", backup)
        while (job := copy_job(place)) is None or job["status"] != "concluded":
            if job is None:
                raise Unavailable("the copy of a disk is gone")
            concurrency.sleep(POLL_SECONDS)
        if job.get("error"):
            raise Unavailable(f"the copy of a disk failed: {job['error']}")
    finally:
        clear_copy(place)
