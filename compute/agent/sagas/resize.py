"""Another flavor, on the same host.

The guest boots with the new processors and memory at once; its disk grows only when
the user confirms, for a disk that has grown cannot be made small again: so a revert
gives back exactly what was there.  Where disks cannot grow under a guest that runs, it
boots once more then.
"""

from __future__ import annotations

from compute.agent.guests import NotHere
from compute.agent.host import Work
from compute.agent.sagas.parts import (
    is_active,
    start_as_before,
    start_guest,
    start_with,
    stop_guest,
    was_running,
)
from compute.core.jobs.saga import Saga, Step

_GIB = 1 << 30
_ROOT = "vda"


def _remember(work: Work) -> None:
    was_running(work)


def _start_new(work: Work) -> None:
    if was_running(work):
        start_with(work, work.arguments["flavor"])


def _back(work: Work) -> None:
    """The guest as it was, whatever has happened to it."""
    stop_guest(work)
    if was_running(work):
        start_with(work, work.server.flavor)


def _grow(work: Work) -> None:
    size_gib = int(work.server.flavor["disk"])
    resize = work.server.resize or {}
    before = int(resize.get("old_flavor", work.server.flavor)["disk"])
    if size_gib <= before or work.server.is_volume_backed:
        return  # a volume grows when its owner says so
    if is_active(work):
        try:
            work.kit.hypervisor.resize_disk(work.uuid, _ROOT, size_gib * _GIB)
            return
        except NotHere:
            stop_guest(work)
    work.kit.disks.grow_root(work.uuid, size_gib)


def _start_again(work: Work) -> None:
    """A guest whose disk grows only while it does not run."""
    if was_running(work) and not is_active(work):
        start_guest(work)


RESIZE: Saga[Work] = Saga(
    "resize",
    (
        Step("look", _remember),
        Step("stop", stop_guest, undo=_back),
        Step("start", _start_new),
    ),
)
CONFIRM_RESIZE: Saga[Work] = Saga(
    "confirm_resize",
    (Step("look", _remember), Step("grow", _grow), Step("start", _start_again)),
)
REVERT_RESIZE: Saga[Work] = Saga(
    "revert_resize", (Step("stop", stop_guest), Step("start", start_as_before))
)
