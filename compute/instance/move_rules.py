"""What a server, its migration and its places are when a job of a move has ended.

Pure: two tables, one rule for each kind of job, for its good end and its bad one.
``moves.py`` shows the chains that they make.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from compute.instance.moves import MOVED, After, Claims, Ended, Side, Status
from compute.instance.records import Migration, Server
from compute.instance.rules import fault, flavor_values
from compute.instance.states import PowerState, TaskState, VmState

_S = Status
IDLE = {"task_state": TaskState.NONE.value}


def after(server: Server, migration: Migration, job: Ended, now: float) -> After:
    """What a part of a move has made of things."""
    has_failed = bool(job.error) and not job.progress.get(MOVED)
    rules = _WHEN_FAILED if has_failed else _WHEN_DONE
    rule = rules.get(job.kind)
    return After() if rule is None else rule(server, migration, job, now)


# ---- when it is done -----------------------------------------------------------


def _sent(server: Server, migration: Migration, job: Ended, now: float) -> After:
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


def _arrived(server: Server, migration: Migration, job: Ended, now: float) -> After:
    values = {
        **IDLE,
        **flavor_values((server.resize or {})["new_flavor"]),
        "host": migration.dest,
        "vm_state": VmState.RESIZED.value,
        "power_state": _power(bool(job.arguments.get("was_running"))),
        "progress": 100,
    }
    return After(values, _S.FINISHED, follow="drop_packed")


def _is_back(server: Server, migration: Migration, job: Ended, now: float) -> After:
    running = bool(job.arguments.get("was_running"))
    values = {**IDLE, "resize": None, "power_state": _power(running)}
    return After(values, _S.ERROR, Claims.BACK)


def _leaves_again(
    server: Server, migration: Migration, job: Ended, now: float
) -> After:
    return After({}, _S.REVERTING, follow="revert_in")


def _reverted(server: Server, migration: Migration, job: Ended, now: float) -> After:
    resize = server.resize or {}
    values = {
        **IDLE,
        **flavor_values(resize["old_flavor"]),
        "host": migration.source,
        "resize": None,
        "vm_state": resize["old_vm_state"],
        "power_state": _power(resize["old_vm_state"] == VmState.ACTIVE.value),
    }
    return After(
        values, _S.REVERTED, Claims.BACK, follow="remove_moved", side=Side.DEST
    )


def _evacuated(server: Server, migration: Migration, job: Ended, now: float) -> After:
    stopped = bool(job.arguments.get("was_stopped"))
    values = {
        **IDLE,
        "host": migration.dest,
        "vm_state": (VmState.STOPPED if stopped else VmState.ACTIVE).value,
        "power_state": _power(not stopped),
        "fault": None,
        "progress": 100,
        "launched_at": now,
    }
    return After(values, _S.DONE, follow="remove_moved")


def _is_ready(server: Server, migration: Migration, job: Ended, now: float) -> After:
    landing = {"landing": job.progress.get("landing", {})}
    return After({}, _S.RUNNING, follow="live_migrate", arguments=landing)


def _has_moved(server: Server, migration: Migration, job: Ended, now: float) -> After:
    return After({}, _S.POST_MIGRATING, follow="live_finish", side=Side.DEST)


def _lives_there(server: Server, migration: Migration, job: Ended, now: float) -> After:
    values = {**IDLE, "host": migration.dest, "progress": 100}
    return After(values, _S.COMPLETED, follow="remove_moved")


def _undone(server: Server, migration: Migration, job: Ended, now: float) -> After:
    if job.progress.get(MOVED):
        # The guest had arrived after all: there is nothing to undo.
        return _has_moved(server, migration, job, now)
    return After({**IDLE}, _ending(job), Claims.BACK)


_Rule = Callable[[Server, Migration, Ended, float], After]
_WHEN_DONE: Mapping[str, _Rule] = {
    "migrate_out": _sent,
    "migrate_in": _arrived,
    "migrate_back": _is_back,
    "revert_out": _leaves_again,
    "revert_in": _reverted,
    "evacuate": _evacuated,
    "live_prepare": _is_ready,
    "live_migrate": _has_moved,
    "live_finish": _lives_there,
    "live_undo": _undone,
}


# ---- when it has failed --------------------------------------------------------


def _broken(job: Ended, now: float) -> dict[str, Any]:
    return {
        **IDLE,
        "vm_state": VmState.ERROR.value,
        "fault": fault(job.error, now, job.details),
    }


def _never_left(server: Server, migration: Migration, job: Ended, now: float) -> After:
    return After({**IDLE, "resize": None}, _ended(job), Claims.BACK)


def _goes_back(server: Server, migration: Migration, job: Ended, now: float) -> After:
    running = {"was_running": bool(job.arguments.get("was_running"))}
    return After(follow="migrate_back", arguments=running)


def _lost_at_home(
    server: Server, migration: Migration, job: Ended, now: float
) -> After:
    return After({**_broken(job, now), "resize": None}, _S.ERROR, Claims.BACK)


def _not_reverted(
    server: Server, migration: Migration, job: Ended, now: float
) -> After:
    # It stays where its newest disk is.
    return After(_broken(job, now), _S.ERROR, follow="remove_moved")


def _not_evacuated(
    server: Server, migration: Migration, job: Ended, now: float
) -> After:
    return After(_broken(job, now), _S.ERROR, Claims.BACK)


def _not_ready(server: Server, migration: Migration, job: Ended, now: float) -> After:
    return After({**IDLE}, _ended(job), Claims.BACK)


def _stayed(server: Server, migration: Migration, job: Ended, now: float) -> After:
    # Not before the destination is clear is it at its end.
    ends = {"ends": _ended(job).value}
    return After(follow="live_undo", side=Side.DEST, arguments=ends)


def _lost_on_arrival(
    server: Server, migration: Migration, job: Ended, now: float
) -> After:
    values = {**_broken(job, now), "host": migration.dest}
    return After(values, _S.ERROR, follow="remove_moved")


def _not_undone(server: Server, migration: Migration, job: Ended, now: float) -> After:
    return After({**IDLE}, _ending(job), Claims.BACK)


_WHEN_FAILED: Mapping[str, _Rule] = {
    "migrate_out": _never_left,
    "migrate_in": _goes_back,
    "migrate_back": _lost_at_home,
    "revert_out": _not_reverted,
    "revert_in": _not_reverted,
    "evacuate": _not_evacuated,
    "live_prepare": _not_ready,
    "live_migrate": _stayed,
    "live_finish": _lost_on_arrival,
    "live_undo": _not_undone,
}


def _ended(job: Ended) -> Status:
    return _S.CANCELLED if job.cancelled else _S.ERROR


def _ending(job: Ended) -> Status:
    return Status(job.arguments.get("ends", _S.ERROR.value))


def _power(running: bool) -> int:
    return int(PowerState.RUNNING if running else PowerState.SHUTDOWN)
