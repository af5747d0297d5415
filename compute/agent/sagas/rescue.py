"""Boot a guest from another disk to mend its own."""

from __future__ import annotations

from compute.agent.guest_spec import guest_spec
from compute.agent.host import Work
from compute.agent.sagas.parts import end_guest, start_guest, stop_guest
from compute.core.saga import Saga, Step


def _disk(work: Work) -> None:
    work.kit.disks.prepare_rescue(work.uuid, str(work.arguments["image_id"]))


def _drop_disk(work: Work) -> None:
    work.kit.disks.drop_rescue(work.uuid)


def _start(work: Work) -> None:
    disks = work.kit.disks
    disk = disks.prepare_rescue(work.uuid, str(work.arguments["image_id"]))
    work.kit.hypervisor.start(guest_spec(disks, work.server, rescue=disk))


RESCUE: Saga[Work] = Saga(
    "rescue",
    (
        Step("stop", stop_guest),
        Step("disk", _disk, undo=_drop_disk),
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
