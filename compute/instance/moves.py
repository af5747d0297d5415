"""What follows what when a server moves between hosts.  Pure.

A move is a chain of jobs, each on one of the two hosts, its steps undone when it
fails; ``move_rules.after`` says what the server, the ``Migration`` and the claimed
places are when one has ended, and which job comes next:

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

from compute.instance.records import Migration, Server


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
