"""A volume more, or less, or another one in its place, larger, faster or slower.  The
API has reserved it.

A guest that is not active gets or loses its disk at its next start: the server's
record says which it has.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from compute.agent.guests import GuestMissing
from compute.agent.host import Work
from compute.agent.sagas.parts import is_active
from compute.agent.volumes import connected_disk, reconnected
from compute.core.jobs.saga import GiveUp, Saga, Step, TryAgain
from compute.instance.client import (
    ATTACHED,
    BlockDevice,
    attachment_of,
    devices_of,
    is_coming,
    release_attachment,
)
from objectstore.kernel.errors import Unavailable

# How often a guest is asked to let go of a disk, or its disk copied, before all stays
# as it was.
TRIES_MAX = 3
# How long between two looks at a volume that is being made from an image.
MAKING_SECONDS = 0.5
_GIB = 1 << 30


def device_in(work: Work) -> BlockDevice | None:
    """The server's device that the job is about, if it has it still."""
    wanted = str(work.arguments["device_id"])
    devices = devices_of(work.server.block_devices)
    return next((each for each in devices if each.id == wanted), None)


def required_device(work: Work) -> BlockDevice:
    """``device_in``; ``GiveUp`` when it has not."""
    device = device_in(work)
    if device is None:
        raise GiveUp("The server does not have the volume any more")
    return device


# ---- a new server's ------------------------------------------------------------


def prepare_volumes(work: Work) -> None:
    """After it: every volume of a new server is there, and attached to it."""
    volumes = work.neighbours.volumes
    for device in devices_of(work.server.block_devices):
        if not device.is_volume or device.attachment_id:
            continue
        if is_coming(volumes, device):
            raise TryAgain(f"volume {device.volume_id} is being made", MAKING_SECONDS)
        attachment_id = attachment_of(volumes, work.uuid, device.volume_id)
        work.set_device(device.id, attachment_id=attachment_id)


# ---- attach --------------------------------------------------------------------


def _plug(work: Work) -> None:
    """Not for ever: a host that does not reach the volume never may."""
    not_for_ever(work, _plug_once)


def _plug_once(work: Work) -> None:
    device = required_device(work)
    disk = connected_disk(work.kit, work.neighbours.volumes, work.server, device)
    try:
        work.kit.hypervisor.attach_disk(work.uuid, disk)
        # One that was there already has the limits of an earlier answer.
        work.kit.hypervisor.limit_disk(work.uuid, device.name, disk.limits)
    except GuestMissing:
        return  # it has the disk when it starts


def _complete(work: Work) -> None:
    device = required_device(work)
    work.neighbours.volumes.complete_attachment(device.attachment_id)
    work.set_device(device.id, state=ATTACHED)


def _release(work: Work) -> None:
    device = device_in(work)
    if device is not None:
        work.kit.relays.close(device.attachment_id)
        release_attachment(work.neighbours.volumes, device.attachment_id)
        work.drop_device(device.id)


def close_relays(work: Work) -> None:
    """The guest is gone from this host: so is its way to volumes of others."""
    for device in devices_of(work.server.block_devices):
        if device.attachment_id:
            work.kit.relays.close(device.attachment_id)


def _unplug(work: Work) -> None:
    device = device_in(work)
    if device is None:
        return
    try:
        work.kit.hypervisor.detach_disk(work.uuid, device.name)
    except GuestMissing:
        return  # a guest that is not here has no disk


ATTACH_VOLUME: Saga[Work] = Saga(
    "attach_volume",
    (
        Step("begin", lambda work: None, undo=_release),
        Step("plug", _plug, undo=_unplug),
        Step("complete", _complete),
    ),
)


# ---- detach --------------------------------------------------------------------


def _ask_out(work: Work) -> None:
    """Not for ever: a guest may keep its disk, and then the server does."""
    not_for_ever(work, _unplug)


def not_for_ever(work: Work, act: Callable[[Work], None]) -> None:
    """What is not possible now is tried some times, and no more."""
    try:
        act(work)
    except Unavailable as error:
        tries = int(work.progress.get("tries", 0)) + 1
        work.progress["tries"] = tries
        if tries >= TRIES_MAX:
            raise GiveUp(str(error)) from error
        raise


def _keep(work: Work) -> None:
    device = device_in(work)
    if device is not None:
        _plug_once(work)
        work.set_device(device.id, state=ATTACHED)


DETACH_VOLUME: Saga[Work] = Saga(
    "detach_volume",
    (
        Step("unplug", _ask_out, undo=_keep),
        Step("release", _release),
    ),
)


# ---- swap ----------------------------------------------------------------------


def _new_device(work: Work, device: BlockDevice) -> BlockDevice:
    return dataclasses.replace(
        device,
        volume_id=str(work.arguments["volume_id"]),
        attachment_id=str(work.arguments["attachment_id"]),
    )


def _copy(work: Work) -> None:
    not_for_ever(work, _copy_once)


def _copy_once(work: Work) -> None:
    device = required_device(work)
    new = _new_device(work, device)
    disk = connected_disk(work.kit, work.neighbours.volumes, work.server, new)
    if is_active(work):
        work.kit.hypervisor.swap_disk(work.uuid, device.name, disk)
        return
    raise GiveUp("The guest does not run: nothing copies its volume")


def _swapped(work: Work) -> None:
    """The new one has its place; the old one is free."""
    device = required_device(work)
    new = _new_device(work, device)
    volumes = work.neighbours.volumes
    volumes.complete_attachment(new.attachment_id)
    work.set_device(
        device.id,
        volume_id=new.volume_id,
        attachment_id=new.attachment_id,
        size=int(work.arguments["size"]),
        state=ATTACHED,
    )


def _free_old(work: Work) -> None:
    free_attachment(work, str(work.arguments["old_attachment_id"]))


def free_attachment(work: Work, attachment_id: str) -> None:
    """End that way to a volume, here and where it leads."""
    work.kit.relays.close(attachment_id)
    release_attachment(work.neighbours.volumes, attachment_id)


def _stay(work: Work) -> None:
    free_attachment(work, str(work.arguments["attachment_id"]))
    device = device_in(work)
    if device is not None:
        work.set_device(device.id, state=ATTACHED)


SWAP_VOLUME: Saga[Work] = Saga(
    "swap_volume",
    (
        Step("begin", lambda work: None, undo=_stay),
        Step("copy", _copy),
        Step("record", _swapped),
        Step("free", _free_old),
    ),
    # Once the guest writes to the new one, there is no way back.
    cancellable=False,
)


# ---- extend --------------------------------------------------------------------


def _grow(work: Work) -> None:
    device = device_in(work)
    if device is None or not is_active(work):
        return
    not_for_ever(work, _grow_once)


def _grow_once(work: Work) -> None:
    """NBD tells sizes only when somebody connects: so the guest's host is cut off and
    connects again.  What the guest reads or writes meanwhile waits.  Its limits may
    grow with it."""
    device = required_device(work)
    disk = reconnected(work.kit, work.neighbours.volumes, work.server, device)
    size_bytes = device.size * _GIB
    work.kit.hypervisor.reconnect_disk(work.uuid, device.name, size_bytes)
    work.kit.hypervisor.limit_disk(work.uuid, device.name, disk.limits)


EXTEND_VOLUME: Saga[Work] = Saga("extend_volume", (Step("grow", _grow),))


# ---- limit ---------------------------------------------------------------------


def _limit(work: Work) -> None:
    device = device_in(work)
    if device is not None and device.attachment_id:
        not_for_ever(work, _limit_once)


def _limit_once(work: Work) -> None:
    """The limits are those of the moment in which it is asked for them: another change
    meanwhile is told anew."""
    device = required_device(work)
    disk = connected_disk(work.kit, work.neighbours.volumes, work.server, device)
    try:
        work.kit.hypervisor.limit_disk(work.uuid, device.name, disk.limits)
    except GuestMissing:
        return  # it has them when it starts


LIMIT_VOLUME: Saga[Work] = Saga("limit_volume", (Step("limit", _limit),))
