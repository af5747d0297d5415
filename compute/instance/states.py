"""What a server can be: stably, meanwhile, and as the hypervisor sees it.

``VmState`` is what the server has stably become, ``TaskState`` what is under way with
it ("" when nothing is).  The ``status`` that users see follows from both
(``statuses.py``); which action leads from one to the other is in ``model.py``.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum


class VmState(StrEnum):
    """What a server has stably become."""

    BUILDING = "building"
    ACTIVE = "active"
    PAUSED = "paused"
    SUSPENDED = "suspended"
    STOPPED = "stopped"
    RESCUED = "rescued"
    RESIZED = "resized"  # waits to be confirmed or reverted
    SHELVED = "shelved"
    SHELVED_OFFLOADED = "shelved_offloaded"
    SOFT_DELETED = "soft-delete"
    ERROR = "error"
    DELETED = "deleted"


class TaskState(StrEnum):
    """What is under way.  The values are what clients poll for."""

    NONE = ""
    SPAWNING = "spawning"
    POWERING_ON = "powering-on"
    POWERING_OFF = "powering-off"
    REBOOTING = "rebooting"
    REBOOTING_HARD = "rebooting_hard"
    PAUSING = "pausing"
    UNPAUSING = "unpausing"
    SUSPENDING = "suspending"
    RESUMING = "resuming"
    REBUILDING = "rebuilding"
    RESIZING = "resize_prep"
    RESIZE_MOVING = "resize_migrating"  # the disks are on their way
    CONFIRMING = "resize_confirming"
    REVERTING = "resize_reverting"
    RESCUING = "rescuing"
    UNRESCUING = "unrescuing"
    SNAPSHOT = "image_snapshot"
    SHELVING = "shelving"
    OFFLOADING = "shelving_offloading"
    UNSHELVING = "unshelving"
    SOFT_DELETING = "soft-deleting"
    DELETING = "deleting"
    RESTORING = "restoring"
    MIGRATING = "migrating"  # moving while it runs


class PowerState(IntEnum):
    """What the hypervisor last said."""

    NOSTATE = 0
    RUNNING = 1
    PAUSED = 3
    SHUTDOWN = 4
    CRASHED = 6
    SUSPENDED = 7
