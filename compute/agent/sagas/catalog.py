"""Every kind of job that a host does."""

from __future__ import annotations

from compute.agent.host import Work
from compute.agent.sagas.build import BUILD
from compute.agent.sagas.capture import SHELVE, SNAPSHOT
from compute.agent.sagas.delete import DELETE
from compute.agent.sagas.evacuate import EVACUATE, REMOVE_MOVED
from compute.agent.sagas.interfaces import ATTACH_INTERFACE, DETACH_INTERFACE
from compute.agent.sagas.live import LIVE_FINISH, LIVE_MIGRATE, LIVE_PREPARE, LIVE_UNDO
from compute.agent.sagas.migrate import (
    DROP_PACKED,
    MIGRATE_BACK,
    MIGRATE_IN,
    MIGRATE_OUT,
    REVERT_IN,
    REVERT_OUT,
)
from compute.agent.sagas.power import (
    PAUSE,
    REBOOT,
    REBOOT_HARD,
    RESUME,
    SOFT_DELETE,
    START,
    STOP,
    SUSPEND,
    UNPAUSE,
)
from compute.agent.sagas.rebuild import REBUILD
from compute.agent.sagas.rescue import RESCUE, UNRESCUE
from compute.agent.sagas.resize import CONFIRM_RESIZE, RESIZE, REVERT_RESIZE
from compute.agent.sagas.shelf import SHELVE_OFFLOAD, UNSHELVE
from compute.agent.sagas.volume_moves import MOVE_VOLUME
from compute.agent.sagas.volumes import (
    ATTACH_VOLUME,
    DETACH_VOLUME,
    EXTEND_VOLUME,
    LIMIT_VOLUME,
    SWAP_VOLUME,
)
from compute.core.jobs.saga import Saga

SAGAS: dict[str, Saga[Work]] = {
    saga.kind: saga
    for saga in (
        BUILD,
        DELETE,
        START,
        STOP,
        SOFT_DELETE,
        REBOOT,
        REBOOT_HARD,
        PAUSE,
        UNPAUSE,
        SUSPEND,
        RESUME,
        REBUILD,
        RESIZE,
        CONFIRM_RESIZE,
        REVERT_RESIZE,
        SNAPSHOT,
        SHELVE,
        SHELVE_OFFLOAD,
        UNSHELVE,
        RESCUE,
        UNRESCUE,
        MIGRATE_OUT,
        MIGRATE_IN,
        MIGRATE_BACK,
        DROP_PACKED,
        REVERT_OUT,
        REVERT_IN,
        EVACUATE,
        REMOVE_MOVED,
        LIVE_PREPARE,
        LIVE_MIGRATE,
        LIVE_FINISH,
        LIVE_UNDO,
        ATTACH_INTERFACE,
        DETACH_INTERFACE,
        ATTACH_VOLUME,
        DETACH_VOLUME,
        SWAP_VOLUME,
        MOVE_VOLUME,
        EXTEND_VOLUME,
        LIMIT_VOLUME,
    )
}
