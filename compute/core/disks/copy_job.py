"""The one job by which a storage daemon copies its disk: its state, and its end.

What kind of copy it is, and into which format, is its caller's.  One at a time for each
disk.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from compute.core.disks.qmp import OrderRefused, order
from compute.core.disks.storage_daemon import Place
from objectstore.kernel import concurrency

JOB, TARGET = "copy", "copy-target"
_POLL_SECONDS = 0.05


def copy_job(place: Place) -> dict[str, Any] | None:
    """It as the daemon tells it; None: there is none."""
    jobs = order(place.monitor, "query-jobs")
    return next((each for each in jobs if each["id"] == JOB), None)


def clear_copy(place: Place) -> None:
    """Take away what a copy left, be it one of before our restart."""
    job = copy_job(place)
    if job is not None:
        with suppress(OrderRefused):
            order(place.monitor, "block-job-cancel", {"device": JOB, "force": True})
        while job is not None and job["status"] != "concluded":
            concurrency.sleep(_POLL_SECONDS)
            job = copy_job(place)
        with suppress(OrderRefused):
            order(place.monitor, "job-dismiss", {"id": JOB})
    with suppress(OrderRefused):
        order(place.monitor, "blockdev-del", {"node-name": TARGET})
