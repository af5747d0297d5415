"""A copy of an exported disk as it is at one moment, made by the daemon that serves it.

A mirror: the daemon copies all there is and lets every later write go to both; when
both are equal it is told to stop, and the copy stays as it was then.  (Its plain backup
job would fill the copy's holes with zeroes.)
"""

from __future__ import annotations

from pathlib import Path

from compute.core.disks.copy_job import JOB, TARGET, clear_copy, copy_job
from compute.core.disks.qmp import order
from compute.core.disks.storage_daemon import NODE, Place
from objectstore.kernel import concurrency
from objectstore.kernel.errors import Unavailable

POLL_SECONDS = 0.05
POLL_SECONDS_MAX = 0.5
TARGET_OPTIONS = {"node-name": TARGET, "discard": "unmap", "detect-zeroes": "unmap"}


def copy_live(place: Place, target: Path) -> None:
    """Copy into the file, which has the disk's size.  One at a time for each disk.
    ``Unavailable``."""
    clear_copy(place)
    file = {"driver": "file", "filename": str(target), "discard": "unmap"}
    node = {"driver": "raw", "file": file, **TARGET_OPTIONS}
    order(place.monitor, "blockdev-add", node)
    try:
        begin_mirror(place)
        wait_until(place, "ready")
        order(place.monitor, "block-job-cancel", {"device": JOB, "force": False})
        wait_until(place, "concluded")
    finally:
        clear_copy(place)


def begin_mirror(place: Place) -> None:
    """Let the daemon's disk be mirrored to the node ``TARGET``, which is there."""
    mirror = {
        "job-id": JOB,
        "device": NODE,
        "target": TARGET,
        "sync": "full",
        # However fast the guest writes, the end is reached.
        "copy-mode": "write-blocking",
        "auto-dismiss": False,
    }
    order(place.monitor, "blockdev-mirror", mirror)


def wait_until(place: Place, status: str) -> None:
    """Until the mirror has come so far; ``Unavailable`` when it has failed."""
    pause = POLL_SECONDS
    while True:
        job = copy_job(place)
        if job is None or job.get("error"):
            said = job["error"] if job else "it is gone"
            raise Unavailable(f"a copy of a volume failed: {said}")
        if job["status"] in (status, "concluded"):
            return
        concurrency.sleep(pause)
        pause = min(2 * pause, POLL_SECONDS_MAX)
