"""A guest built anew where its old host is down; and what is left on hosts that a
server has moved away from."""

from __future__ import annotations

from compute.agent.host import Work
from compute.agent.sagas.parts import (
    destroy_guest,
    forsake_volumes,
    prepare_disks,
    remove_disks,
    return_ports,
    start_guest,
    take_ports,
    wait_for_ports,
    write_config_drive,
)
from compute.agent.sagas.volumes import close_relays
from compute.agent.volumes import close_idle_relays, forsake_disks
from compute.core.jobs.saga import Saga, Step


def _disks(work: Work) -> None:
    prepare_disks(work, work.server.image_id, lazy=work.kit.lazy)


def _start(work: Work) -> None:
    if not work.arguments.get("was_stopped"):
        start_guest(work)


def _remove(work: Work) -> None:
    """The server may have come back to this host since the job was written."""
    now = work.neighbours.instances.server(work.uuid)
    if not now.deleted and now.host == work.kit.name:
        return
    destroy_guest(work)
    volumes = work.neighbours.volumes
    forsake_disks(work.kit, volumes, now, left=True)
    close_relays(work)
    close_idle_relays(work.kit, volumes)
    remove_disks(work)


EVACUATE: Saga[Work] = Saga(
    "evacuate",
    (
        Step("disks", _disks, undo=remove_disks),
        # Those of a live move that its host's death cut short.
        Step("volumes", forsake_volumes),
        Step("ports", take_ports, undo=return_ports),
        Step("wires", wait_for_ports),
        Step("drive", write_config_drive),
        Step("start", _start, undo=destroy_guest),
    ),
)
REMOVE_MOVED: Saga[Work] = Saga(
    "remove_moved", (Step("remove", _remove),), cancellable=False
)
