"""A fresh root disk for a guest that keeps its name, ports and place."""

from __future__ import annotations

from compute.agent.guests import NbdSource
from compute.agent.host import Work
from compute.agent.sagas.parts import (
    connected_volumes,
    end_guest,
    start_guest,
    write_config_drive,
)
from compute.core.jobs.saga import Saga, Step


def _root(work: Work) -> None:
    if work.server.is_volume_backed:
        _write_volume(work)
        return
    work.kit.disks.rebuild_root(
        work.uuid,
        work.server.image_id,
        work.server.flavor["disk"],
        lazy=work.kit.lazy,
    )


def _write_volume(work: Work) -> None:
    """The root volume from another image, if one was asked for."""
    image_id = str(work.arguments.get("volume_image_id", ""))
    if not image_id:
        return
    for disk in connected_volumes(work):
        if disk.boot_order is not None:
            assert isinstance(disk.source, NbdSource)
            work.kit.disks.write_image(image_id, disk.source)


def _start(work: Work) -> None:
    if not work.arguments.get("was_stopped"):
        start_guest(work)


REBUILD: Saga[Work] = Saga(
    "rebuild",
    (
        Step("stop", end_guest),
        Step("root", _root),
        Step("drive", write_config_drive),
        Step("start", _start),
    ),
    # Half a new disk is no disk: only forwards from here.
    cancellable=False,
)
