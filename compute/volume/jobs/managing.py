"""Disks that become volumes and snapshots, and those that cease to be: jobs.

Nothing is copied: a disk changes its place.  What goes wrong puts it back.
"""

from __future__ import annotations

from contextlib import suppress

from compute.core.jobs.saga import Saga, Step
from compute.volume.drivers.port import SNAPSHOT, VOLUME
from compute.volume.jobs.work import Work, for_good
from objectstore.kernel.errors import Rejected


def _disk(work: Work) -> str:
    """The volume's, or the snapshot's."""
    if snapshot_id := work.argument("snapshot_id"):
        return f"{SNAPSHOT}{snapshot_id}"
    return f"{VOLUME}{work.argument('volume_id')}"


def _name(work: Work) -> str:
    """Its name among the unmanaged ones; of what is let go, the one that it has."""
    return str(work.argument("reference")) or _disk(work)


def _adopt(work: Work) -> None:
    with for_good():
        work.parts.driver.unmanaged.adopt(_name(work), _disk(work), work.size_bytes)


def _release(work: Work) -> None:
    with for_good():
        work.parts.driver.unmanaged.release(_disk(work), _name(work))


def _give_back(work: Work) -> None:
    with suppress(Rejected):  # it was never taken
        work.parts.driver.unmanaged.release(_disk(work), _name(work))


def _take_back(work: Work) -> None:
    with suppress(Rejected):  # it never went
        work.parts.driver.unmanaged.adopt(_name(work), _disk(work), 0)


def _sagas(what: str) -> tuple[Saga[Work], ...]:
    adopt = Step("adopt", _adopt, undo=_give_back)
    release = Step("release", _release, undo=_take_back)
    return (
        Saga(f"manage_{what}", (adopt,), cancellable=False),
        Saga(f"unmanage_{what}", (release,), cancellable=False),
    )


SAGAS = (*_sagas("volume"), *_sagas("snapshot"))
