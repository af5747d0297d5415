"""A guest's volume moves to another volume host while the guest writes to it.

    mirror   all that it holds is there too, and whatever is written goes to both
    settle   the volume room says that the volume is there now
    record   so does the server: who starts the guest anew has it there
    turn     the guest uses it there, and nothing else
    free     the former way to it ends

Up to ``settle`` the volume is where it was.  From there to ``turn`` both places hold
the same.  A mirror that breaks, or a guest that ends before it has gone over, is found
by ``turn``, and all goes back: where it was there is all that the guest wrote.
"""

from __future__ import annotations

import dataclasses

from compute.agent.guests import DiskSpec, GuestMissing
from compute.agent.host import Work
from compute.agent.sagas.volumes import (
    device_in,
    free_attachment,
    not_for_ever,
    required_device,
)
from compute.agent.volumes import connected_disk
from compute.core.jobs.saga import GiveUp, Saga, Step
from compute.instance.client import ATTACHED
from objectstore.kernel.errors import Rejected

TURNED = "turned"
"""In the job's progress: the guest has gone over, and never comes back."""


def _new(work: Work) -> str:
    return str(work.arguments["attachment_id"])


def _former(work: Work) -> str:
    return str(work.arguments["old_attachment_id"])


def _disk(work: Work) -> DiskSpec:
    device = dataclasses.replace(required_device(work), attachment_id=_new(work))
    return connected_disk(work.kit, work.neighbours.volumes, work.server, device)


def _mirror(work: Work) -> None:
    not_for_ever(work, _mirror_once)


def _mirror_once(work: Work) -> None:
    device = required_device(work)
    try:
        work.kit.hypervisor.mirror_disk(work.uuid, device.name, _disk(work))
    except Rejected as error:  # WrongState, or the migration was ended
        raise GiveUp(str(error)) from error


def _end_mirror(work: Work) -> None:
    device = device_in(work)
    if device is None or work.progress.get(TURNED):
        return
    try:
        work.kit.hypervisor.end_mirror(work.uuid, device.name)
    except GuestMissing:
        return


def _settle(work: Work) -> None:
    """The mirror may have ended while nobody looked: it is looked at again."""
    not_for_ever(work, _mirror_once)
    work.neighbours.volumes.settle(_new(work))


def _unsettle(work: Work) -> None:
    if work.progress.get(TURNED):
        return
    try:
        work.neighbours.volumes.unsettle(_new(work))
    except Rejected as error:
        if error.status != 404:
            raise


def _record(work: Work) -> None:
    work.set_device(required_device(work).id, attachment_id=_new(work))


def _unrecord(work: Work) -> None:
    device = device_in(work)
    if device is not None and not work.progress.get(TURNED):
        work.set_device(device.id, attachment_id=_former(work))


def _turn(work: Work) -> None:
    device = required_device(work)
    try:
        is_there = work.kit.hypervisor.turn_disk(work.uuid, device.name, _disk(work))
    except GuestMissing:
        is_there = True  # it has it there when it starts
    if not is_there:
        raise GiveUp("The mirror or the guest has ended: the volume stays where it was")
    work.progress[TURNED] = True


def _free(work: Work) -> None:
    free_attachment(work, _former(work))
    device = device_in(work)
    if device is not None:
        work.set_device(device.id, state=ATTACHED)


def _stay(work: Work) -> None:
    if work.progress.get(TURNED):
        return
    free_attachment(work, _new(work))
    device = device_in(work)
    if device is not None:
        work.set_device(device.id, state=ATTACHED)


MOVE_VOLUME: Saga[Work] = Saga(
    "move_volume",
    (
        Step("begin", lambda work: None, undo=_stay),
        Step("mirror", _mirror, undo=_end_mirror),
        Step("settle", _settle, undo=_unsettle),
        Step("record", _record, undo=_unrecord),
        Step("turn", _turn),
        Step("free", _free),
    ),
    # Once the guest writes there, there is no way back.
    cancellable=False,
)
