"""Boot a guest from another disk to mend its own.

The disk is made before the guest is stopped: where there is no room for it, the guest
never notices.  A rescue that fails later gives the guest back as it was.
"""

from __future__ import annotations

from compute.agent.guest_spec import guest_spec
from compute.agent.host import Work
from compute.agent.sagas.parts import (
    connected_volumes,
    end_guest,
    start_guest,
    stop_guest,
    was_running,
)
from compute.core.jobs.saga import Saga, Step


def _disk(work: Work) -> None:
    work.kit.disks.prepare_rescue(work.uuid, str(work.arguments["image_id"]))


def _drop_disk(work: Work) -> None:
    work.kit.disks.drop_rescue(work.uuid)


def _start(work: Work) -> None:
    disks = work.kit.disks
    disk = disks.prepare_rescue(work.uuid, str(work.arguments["image_id"]))
    keeps_places = bool(work.arguments.get("keeps_places"))
    spec = guest_spec(
        disks,
        work.server,
        rescue=disk,
        keeps_places=keeps_places,
        volumes=connected_volumes(work) if keeps_places else (),
    )
    work.kit.hypervisor.start(spec)


def _remember(work: Work) -> None:
    was_running(work)


def _start_again(work: Work) -> None:
    if was_running(work):
        start_guest(work)


RESCUE: Saga[Work] = Saga(
    "rescue",
    (
        Step("look", _remember),
        Step("disk", _disk, undo=_drop_disk),
        Step("stop", stop_guest, undo=_start_again),
        Step("start", _start, undo=end_guest),
    ),
)
UNRESCUE: Saga[Work] = Saga(
    "unrescue",
    (
        Step("stop", end_guest),
        Step("disk", _drop_disk),
        Step("start", start_guest),
    ),
)
