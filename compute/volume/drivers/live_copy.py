"""A copy of an exported disk as it is at one moment, made by the daemon that serves it.

A mirror: the daemon copies all there is and lets every later write go to both; when
both are equal it is told to stop, and the copy stays as it was then.  (Its plain backup
job would fill the copy's holes with zeroes.)
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from compute.core.qmp import OrderRefused, order
from compute.core.storage_daemon import NODE, Place
from objectstore.kernel import concurrency
from objectstore.kernel.errors import Unavailable

JOB, TARGET = "copy", "copy-target"
POLL_SECONDS = 0.05
POLL_SECONDS_MAX = 0.5


def copy_live(place: Place, target: Path) -> None:
    """Copy into the file, which has the disk's size.  One at a time for each disk.
    ``Unavailable``."""
    _clear(place)
    file = {"driver": "file", "filename": str(target), "discard": "unmap"}
    node = {
        "driver": "raw",
        "node-name": TARGET,
        "discard": "unmap",
        "detect-zeroes": "unmap",
        "file": file,
    }
    order(place.monitor, "blockdev-add", node)
    try:
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
        _wait(place, "ready")
        order(place.monitor, "block-job-cancel", {"device": JOB, "force": False})
        _wait(place, "concluded")
    finally:
        _clear(place)


def _wait(place: Place, status: str) -> None:
    pause = POLL_SECONDS
    while True:
        job = _job(place)
        if job is None or job.get("error"):
            said = job["error"] if job else "it is gone"
            raise Unavailable(f"a copy of a volume failed: {said}")
        if job["status"] in (status, "concluded"):
            return
        concurrency.sleep(pause)
        pause = min(2 * pause, POLL_SECONDS_MAX)


def _clear(place: Place) -> None:
    """Take away what a copy left, be it one of before our restart."""
    job = _job(place)
    if job is not None:
        with suppress(OrderRefused):
            order(place.monitor, "block-job-cancel", {"device": JOB, "force": True})
        while job is not None and job["status"] != "concluded":
            concurrency.sleep(POLL_SECONDS)
            job = _job(place)
        with suppress(OrderRefused):
            order(place.monitor, "job-dismiss", {"id": JOB})
    with suppress(OrderRefused):
        order(place.monitor, "blockdev-del", {"node-name": TARGET})


def _job(place: Place) -> dict[str, Any] | None:
    jobs = order(place.monitor, "query-jobs")
    return next((each for each in jobs if each["id"] == JOB), None)
