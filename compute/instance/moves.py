"""What follows what when a server moves between hosts.  Pure.

A move is a chain of jobs, each on one of the two hosts, its steps undone when it
fails; ``after`` says what the server, the ``Migration`` and the claimed places are
when one has ended, and which job comes next:

    cold     migrate_out@source -> migrate_in@dest -> drop_packed@source
             (fails: migrate_back@source)              ... VERIFY_RESIZE ...
    confirm  confirm_resize@dest -> remove_moved@source
    revert   revert_out@dest -> revert_in@source -> remove_moved@dest
    live     live_prepare@dest -> live_migrate@source -> live_finish@dest
             (fails: live_undo@dest)      -> remove_moved@source
    evacuate evacuate@dest -> remove_moved@source (when that host is back)

While a migration is open both places are claimed: one under the server's id (where
it goes to), one under the migration's (where it came from).  The second is given back
by ``remove_moved``, when nothing of the server is left there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Any

from compute.instance.model import PowerState, TaskState, VmState
from compute.instance.records import Migration, Server
from compute.instance.rules import fault, flavor_values


class Kind(StrEnum):
    """``Migration.type``."""

    COLD = "migration"
    RESIZE = "resize"
    LIVE = "live-migration"
    EVACUATION = "evacuation"


class Status(StrEnum):
    """``Migration.status``, in the words that clients know."""

    ACCEPTED = "accepted"
    PREPARING = "preparing"
    PRE_MIGRATING = "pre-migrating"
    MIGRATING = "migrating"
    RUNNING = "running"
    POST_MIGRATING = "post-migrating"
    FINISHED = "finished"  # waits to be confirmed or reverted
    REVERTING = "reverting"
    CONFIRMED = "confirmed"
    REVERTED = "reverted"
    DONE = "done"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    ERROR = "error"


_S = Status
ENDED = frozenset(
    {_S.CONFIRMED, _S.REVERTED, _S.DONE, _S.COMPLETED, _S.CANCELLED, _S.ERROR}
)
"""Nothing more is to come of it."""
IN_PROGRESS = frozenset({_S.PREPARING, _S.RUNNING, _S.POST_MIGRATING})
"""What the list of a server's live migrations shows."""
LETS_IN = frozenset({_S.PREPARING, _S.MIGRATING, _S.RUNNING})
"""While its token opens the other host's door."""

# The kinds of job that are parts of a move, confirm_resize among them.
MOVE_KINDS = frozenset(
    {
        "migrate_out",
        "migrate_in",
        "migrate_back",
        "drop_packed",
        "resize",
        "confirm_resize",
        "revert_resize",
        "revert_out",
        "revert_in",
        "evacuate",
        "live_prepare",
        "live_migrate",
        "live_finish",
        "live_undo",
        "remove_moved",
    }
)
STAYING = frozenset({"resize", "confirm_resize", "revert_resize"})
"""Those whose end is any action's; the migration is only told of it."""
# Jobs that look after what a server left behind: they say nothing of the server, and
# are done although it may be deleted.
CLEANING = frozenset({"drop_packed", "remove_moved"})
MOVED = "moved"
"""A failed job's progress says by this key that the guest is at its destination."""


class Side(Enum):
    """One of the two hosts."""

    SOURCE = "source"
    DEST = "dest"


class Claims(Enum):
    """What becomes of the two claimed places."""

    BOTH = "both"
    BACK = "back"  # the server is where it was: give the new place back
    FREE = "free"  # nothing of it is left behind: give the old place back


@dataclass(frozen=True, slots=True)
class Ended:
    """A job that has ended.  ``error`` "": well."""

    kind: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    progress: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    details: str = ""
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class After:
    """What is so then.  ``values``: columns of the server; ``status`` of the
    migration, None: as before; ``follow``: the next job's kind, on which side."""

    values: Mapping[str, Any] = field(default_factory=dict)
    status: Status | None = None
    claims: Claims = Claims.BOTH
    follow: str = ""
    side: Side = Side.SOURCE
    arguments: Mapping[str, Any] = field(default_factory=dict)


IDLE = {"task_state": TaskState.NONE.value}


def after(server: Server, migration: Migration, job: Ended, now: float) -> After:
    """What a part of a move has made of things."""
    if job.error and not job.progress.get(MOVED):
        return _failed(server, migration, job, now)
    return _succeeded(server, migration, job, now)


def _succeeded(server: Server, migration: Migration, job: Ended, now: float) -> After:
    resize = server.resize or {}
    values: dict[str, Any]
    match job.kind:
        case "migrate_out":
            return After(
                {"task_state": TaskState.RESIZE_MOVING.value},
                _S.MIGRATING,
                follow="migrate_in",
                side=Side.DEST,
                arguments={
                    "packed": job.progress.get("packed", []),
                    "was_running": bool(job.progress.get("was_running")),
                },
            )
        case "migrate_in":
            return After(
                {
                    **IDLE,
                    **flavor_values(resize["new_flavor"]),
                    "host": migration.dest,
                    "vm_state": VmState.RESIZED.value,
                    "power_state": _power(bool(job.arguments.get("was_running"))),
                    "progress": 100,
                },
                _S.FINISHED,
                follow="drop_packed",
            )
        case "migrate_back":
            values = {
                **IDLE,
                "resize": None,
                "power_state": _power(bool(job.arguments.get("was_running"))),
            }
            return After(values, _S.ERROR, Claims.BACK)
        case "revert_out":
            return After({}, _S.REVERTING, follow="revert_in")
        case "revert_in":
            values = {
                **IDLE,
                **flavor_values(resize["old_flavor"]),
                "host": migration.source,
                "resize": None,
                "vm_state": resize["old_vm_state"],
                "power_state": _power(resize["old_vm_state"] == VmState.ACTIVE.value),
            }
            return After(
                values,
                _S.REVERTED,
                Claims.BACK,
                follow="remove_moved",
                side=Side.DEST,
            )
        case "evacuate":
            stopped = bool(job.arguments.get("was_stopped"))
            vm_state = VmState.STOPPED if stopped else VmState.ACTIVE
            values = {
                **IDLE,
                "host": migration.dest,
                "vm_state": vm_state.value,
                "power_state": _power(not stopped),
                "fault": None,
                "progress": 100,
                "launched_at": now,
            }
            return After(values, _S.DONE, follow="remove_moved")
        case "live_prepare":
            return After(
                {},
                _S.RUNNING,
                follow="live_migrate",
                arguments={"landing": job.progress.get("landing", {})},
            )
        case "live_migrate":
            return After({}, _S.POST_MIGRATING, follow="live_finish", side=Side.DEST)
        case "live_finish":
            return After(
                {**IDLE, "host": migration.dest, "progress": 100},
                _S.COMPLETED,
                follow="remove_moved",
            )
        case "live_undo" if job.progress.get(MOVED):
            # The guest had arrived after all: there is nothing to undo.
            return After({}, _S.POST_MIGRATING, follow="live_finish", side=Side.DEST)
        case "live_undo":
            return After({**IDLE}, _ending(job), Claims.BACK)
        case "remove_moved":
            return After(claims=Claims.FREE)
    return After()


def _failed(server: Server, migration: Migration, job: Ended, now: float) -> After:
    broken = {
        **IDLE,
        "vm_state": VmState.ERROR.value,
        "fault": fault(job.error, now, job.details),
    }
    ended = _S.CANCELLED if job.cancelled else _S.ERROR
    match job.kind:
        case "migrate_out":
            return After({**IDLE, "resize": None}, ended, Claims.BACK)
        case "migrate_in":
            return After(
                follow="migrate_back",
                arguments={"was_running": bool(job.arguments.get("was_running"))},
            )
        case "migrate_back":
            return After({**broken, "resize": None}, _S.ERROR, Claims.BACK)
        case "revert_out" | "revert_in":
            # It stays where its newest disk is.
            return After(broken, _S.ERROR, follow="remove_moved")
        case "evacuate":
            return After(broken, _S.ERROR, Claims.BACK)
        case "live_prepare":
            return After({**IDLE}, ended, Claims.BACK)
        case "live_migrate":
            # Not before the destination is clear is it at its end.
            return After(
                follow="live_undo", side=Side.DEST, arguments={"ends": ended.value}
            )
        case "live_finish":
            values = {**broken, "host": migration.dest}
            return After(values, _S.ERROR, follow="remove_moved")
        case "live_undo":
            return After({**IDLE}, _ending(job), Claims.BACK)
    return After()


def _ending(job: Ended) -> Status:
    return Status(job.arguments.get("ends", _S.ERROR.value))


def _power(running: bool) -> int:
    return int(PowerState.RUNNING if running else PowerState.SHUTDOWN)


def stays(migration: Migration) -> bool:
    """Whether it is a resize where the server is."""
    return migration.source == migration.dest


def is_open(migration: Migration) -> bool:
    """Whether something is still to come of it."""
    return Status(migration.status) not in ENDED


def other_hosts(server: Server, migration: Migration) -> list[str]:
    """Where something of the server may be, beside its own host."""
    hosts = {migration.source, migration.dest} - {server.host, ""}
    return sorted(hosts)
