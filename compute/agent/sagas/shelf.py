"""Off the host, and back: the second half of shelving, and unshelving."""

from __future__ import annotations

from compute.agent.host import Work
from compute.agent.sagas.delete import forget_image
from compute.agent.sagas.parts import (
    bind_ports,
    destroy_guest,
    prepare_disks,
    remove_disks,
    start_guest,
    wait_for_ports,
    write_config_drive,
)
from compute.agent.sagas.volumes import close_relays
from compute.core.jobs.saga import Saga, Step
from compute.instance.client import unhost_ports


def _unhost(work: Work) -> None:
    unhost_ports(work.neighbours.network, work.server)


def _is_offloaded(work: Work) -> bool:
    return bool(work.arguments.get("offloaded"))


def _disks(work: Work) -> None:
    if _is_offloaded(work):
        # Not lazily: the image is deleted at the end.
        image_id = work.server.shelved_image_id or work.server.image_id
        prepare_disks(work, image_id, lazy=False)


def _disks_back(work: Work) -> None:
    if _is_offloaded(work):
        remove_disks(work)


def _ports(work: Work) -> None:
    if _is_offloaded(work):
        bind_ports(work)


def _ports_back(work: Work) -> None:
    if _is_offloaded(work):
        _unhost(work)


def _drive(work: Work) -> None:
    if _is_offloaded(work):
        write_config_drive(work)


def _guest_back(work: Work) -> None:
    if _is_offloaded(work):
        destroy_guest(work)


def _forget(work: Work) -> None:
    forget_image(work, work.server.shelved_image_id)


SHELVE_OFFLOAD: Saga[Work] = Saga(
    "shelve_offload",
    (
        Step("guest", destroy_guest),
        Step("relays", close_relays),
        Step("ports", _unhost),
        Step("disks", remove_disks),
    ),
    cancellable=False,
)
UNSHELVE: Saga[Work] = Saga(
    "unshelve",
    (
        Step("disks", _disks, undo=_disks_back),
        Step("ports", _ports, undo=_ports_back),
        Step("wires", wait_for_ports),
        Step("drive", _drive),
        Step("start", start_guest, undo=_guest_back),
        Step("image", _forget),
    ),
)
