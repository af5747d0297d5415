"""A new guest: disks, ports, config drive, start."""

from __future__ import annotations

from compute.agent.host import Work
from compute.agent.sagas.parts import (
    bind_ports,
    destroy_guest,
    prepare_disks,
    remove_disks,
    start_guest,
    wait_for_ports,
    write_config_drive,
)
from compute.agent.sagas.volumes import prepare_volumes
from compute.core.jobs.saga import Saga, Step
from compute.instance.client import release_ports


def _disks(work: Work) -> None:
    prepare_disks(work, work.server.image_id, lazy=work.kit.lazy)


def _give_ports_back(work: Work) -> None:
    release_ports(work.neighbours.network, work.server)
    work.set_vifs([])


BUILD: Saga[Work] = Saga(
    "build",
    (
        Step("volumes", prepare_volumes, light=True),
        Step("disks", _disks, undo=remove_disks),
        Step("ports", bind_ports, undo=_give_ports_back),
        Step("wires", wait_for_ports, light=True),
        Step("drive", write_config_drive, light=True),
        Step("start", start_guest, undo=destroy_guest, light=True),
    ),
)
