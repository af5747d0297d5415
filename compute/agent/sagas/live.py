"""A guest's way to another host while it runs: each saga is one host's part.

The destination makes ready (empty disks, wires), the source drives, the destination
takes over.  The moment that counts is when the guest is absent at the source: before
it everything can be undone, after it only finished; ``MOVED`` in a job's progress tells
the control plane on which side of it a failed job ended.
"""

from __future__ import annotations

import dataclasses

from compute.agent.guest_spec import guest_spec
from compute.agent.guests import GuestState, Landing, Opener
from compute.agent.host import Work
from compute.agent.sagas.migrate import drop_packed, journey, visit
from compute.agent.sagas.parts import (
    await_volumes,
    connected_volumes,
    destroy_guest,
    forsake_volumes,
    remove_disks,
    take_ports,
    wait_for_ports,
)
from compute.core.jobs.saga import GiveUp, Saga, Step, TryAgain
from compute.instance.client import (
    MOVED,
    VmState,
    await_ports,
    forsake_ports,
    guest_volumes,
    move_ports,
    release_attachment,
)

# How often a move that is under way is looked at.
LOOK_SECONDS = 0.25


# ---- at the destination, before ---------------------------------------------


def _room(work: Work) -> None:
    """Empty disks of the right shape, and whatever is copied whole."""
    other = visit(work)
    shape = other.shape()
    disks = work.kit.disks
    disks.make_room(work.uuid, shape.disks)
    for packed in shape.files:
        disks.receive(work.uuid, packed, other.file(packed.name))
    paths = dataclasses.asdict(disks.paths(work.uuid))
    files = {
        disk.name: str(getattr(disk.source, "path", ""))
        for disk in disks.disks(work.uuid)
    }
    landing = {"host": work.kit.name, "paths": paths, "disks": files}
    work.progress["landing"] = landing


def _await_volumes(work: Work) -> None:
    """Both hosts are served; QEMU sees to it that one writes at a time: the guest's
    own until it stops there, the new one from then on."""
    work.progress["landing"]["volumes"] = await_volumes(work)


def _await_ports(work: Work) -> None:
    await_ports(work.neighbours.network, work.server, work.kit.name)


def _forsake_ports(work: Work) -> None:
    forsake_ports(work.neighbours.network, work.server, work.kit.name)


def _wires(work: Work) -> None:
    wait_for_ports(work, at_destination=True)


# ---- at the source ----------------------------------------------------------


def _way(work: Work) -> Opener:
    return visit(work).stream


def _move(work: Work) -> None:
    """One look at it: the step is repeated until the guest is gone."""
    instances, hypervisor = work.neighbours.instances, work.kit.hypervisor
    landing = Landing(**work.arguments["landing"])
    progress = hypervisor.move(work.uuid, landing, _way(work))
    is_hurried = instances.note_move(journey(work), dict(progress.figures))
    if progress.done:
        work.progress[MOVED] = True
        return
    if is_hurried and not work.progress.get("hurried"):
        hypervisor.hurry_move(work.uuid)
        work.progress["hurried"] = True
    raise TryAgain("the guest is on its way", LOOK_SECONDS)


def _stop_move(work: Work) -> None:
    if not work.kit.hypervisor.stop_move(work.uuid):
        work.progress[MOVED] = True
        return
    drop_packed(work)


def _hand_ports_over(work: Work) -> None:
    host = str(work.arguments["landing"]["host"])
    move_ports(work.neighbours.network, work.server, host)


# ---- at the destination, after ----------------------------------------------


def _take_volumes(work: Work) -> None:
    """The server has its volumes by the attachments of this host; the others end, and
    with them the ways to where it was."""
    volumes, here = work.neighbours.volumes, work.kit.name
    for device in guest_volumes(work.server.block_devices):
        found = list(
            volumes.list_attachments(volume_id=device.volume_id, server_id=work.uuid)
        )
        ours = next((each for each in found if each.host == here), None)
        if ours is None:
            continue  # as a guest that starts here, it takes what it has along
        volumes.complete_attachment(ours.id)
        if device.attachment_id != ours.id:
            work.set_device(device.id, attachment_id=ours.id)
        for each in found:
            if each.id != ours.id:
                release_attachment(volumes, each.id)


def _welcome(work: Work) -> None:
    spec = guest_spec(work.kit.disks, work.server, volumes=connected_volumes(work))
    paused = work.server.vm_state == VmState.PAUSED.value
    work.kit.hypervisor.welcome(spec, paused=paused)


def _look(work: Work) -> None:
    """Perhaps it came, and only the telling of it failed."""
    if work.kit.hypervisor.state(work.uuid) is GuestState.RUNNING:
        work.progress[MOVED] = True
        raise GiveUp("the guest has arrived: there is nothing to undo")


LIVE_PREPARE: Saga[Work] = Saga(
    "live_prepare",
    (
        Step("room", _room, undo=remove_disks),
        Step("volumes", _await_volumes, undo=forsake_volumes),
        Step("ports", _await_ports, undo=_forsake_ports),
        Step("wires", _wires),
    ),
)
LIVE_MIGRATE: Saga[Work] = Saga(
    "live_migrate",
    (
        Step("move", _move, undo=_stop_move),
        # At once: until then the guest's frames are sent to where it was.
        Step("ports", _hand_ports_over),
    ),
)
LIVE_FINISH: Saga[Work] = Saga(
    "live_finish",
    (
        Step("ports", take_ports),
        Step("volumes", _take_volumes),
        Step("welcome", _welcome),
    ),
    cancellable=False,
)
LIVE_UNDO: Saga[Work] = Saga(
    "live_undo",
    (
        Step("look", _look),
        Step("guest", destroy_guest),
        Step("volumes", forsake_volumes),
        Step("ports", _forsake_ports),
        Step("disks", remove_disks),
    ),
    cancellable=False,
)
