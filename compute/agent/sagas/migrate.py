"""A stopped guest's way to another host, and back: each saga is one host's part.

The source keeps its disk until the user confirms, so a revert gives back what was
there; what travels is a copy that stands alone (``disks.packing``).  The destination
fetches it, so that no host ever writes on another.
"""

from __future__ import annotations

from compute.agent.disks.port import PackedFile
from compute.agent.host import Work
from compute.agent.moves.visit import Visit
from compute.agent.sagas.parts import (
    destroy_guest,
    remove_disks,
    return_ports,
    start_as_before,
    start_guest,
    start_with,
    stop_guest,
    take_ports,
    wait_for_ports,
    was_running,
)
from compute.core.jobs.saga import Saga, Step


def journey(work: Work) -> str:
    """The migration's id, by which packed files are called."""
    return str(work.arguments["migration"])


def visit(work: Work) -> Visit:
    """The other host, whose door the job's token opens."""
    url = str(work.arguments["url"])
    host, token = str(work.arguments["peer"]), str(work.arguments["move_token"])
    neighbours = work.neighbours
    return Visit(neighbours.peers(url), neighbours.connect, url, host, token)


def _remember(work: Work) -> None:
    was_running(work)


def _start_again(work: Work) -> None:
    if was_running(work):
        start_guest(work)


def _pack(work: Work) -> None:
    packed = work.kit.disks.pack(work.uuid, journey(work))
    work.progress["packed"] = [each.to_json() for each in packed]


def drop_packed(work: Work) -> None:
    """What was made for the journey is not needed any more."""
    work.kit.disks.drop_packed(work.uuid, journey(work))


def _fetch(work: Work) -> None:
    other = visit(work)
    # What comes in is told by its checksum: a file that a killed attempt received
    # is received again.
    for value in work.arguments["packed"]:
        packed = PackedFile.from_json(value)
        work.kit.disks.receive(work.uuid, packed, other.file(packed.name))


def _start_here(work: Work) -> None:
    if work.arguments.get("was_running"):
        resize = work.server.resize or {}
        start_with(work, resize.get("new_flavor", work.server.flavor))


def _start_back(work: Work) -> None:
    if work.arguments.get("was_running"):
        start_guest(work)


MIGRATE_OUT: Saga[Work] = Saga(
    "migrate_out",
    (
        Step("look", _remember),
        Step("stop", stop_guest, undo=_start_again),
        Step("pack", _pack, undo=drop_packed),
    ),
)
MIGRATE_IN: Saga[Work] = Saga(
    "migrate_in",
    (
        Step("fetch", _fetch, undo=remove_disks),
        Step("ports", take_ports),
        Step("wires", wait_for_ports),
        Step("start", _start_here, undo=destroy_guest),
    ),
)
MIGRATE_BACK: Saga[Work] = Saga(
    "migrate_back",
    (
        Step("packed", drop_packed),
        Step("ports", take_ports),
        Step("wires", wait_for_ports),
        Step("start", _start_back),
    ),
    cancellable=False,
)
DROP_PACKED: Saga[Work] = Saga(
    "drop_packed", (Step("packed", drop_packed),), cancellable=False
)
REVERT_OUT: Saga[Work] = Saga("revert_out", (Step("stop", stop_guest),))
REVERT_IN: Saga[Work] = Saga(
    "revert_in",
    (
        Step("ports", take_ports, undo=return_ports),
        Step("wires", wait_for_ports),
        Step("start", start_as_before),
    ),
)
