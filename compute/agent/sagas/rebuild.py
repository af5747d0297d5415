"""A fresh root disk for a guest that keeps its name, ports and place."""

from __future__ import annotations

from compute.agent.host import Work
from compute.agent.sagas.parts import end_guest, start_guest, write_config_drive
from compute.core.saga import Saga, Step


def _root(work: Work) -> None:
    work.kit.disks.rebuild_root(
        work.uuid,
        work.server.image_id,
        work.server.flavor["disk"],
        lazy=work.kit.lazy,
    )


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
