"""How a stack stands, and what may be asked of it then: one table.  Pure.

A stack, and each of its resources, has the action that was begun last and how that
goes: ``CREATE`` ``IN_PROGRESS``, and in the end ``COMPLETE`` or ``FAILED``.
"""

from __future__ import annotations

from collections.abc import Mapping

from compute.orchestration.errors import Busy

CREATE, UPDATE, DELETE, ROLLBACK = "CREATE", "UPDATE", "DELETE", "ROLLBACK"
SUSPEND, RESUME, CHECK = "SUSPEND", "RESUME", "CHECK"
SNAPSHOT, RESTORE, ADOPT = "SNAPSHOT", "RESTORE", "ADOPT"
# Of a resource that nothing was done about yet; no stack's.
INIT = "INIT"
ACTIONS = (
    CREATE,
    UPDATE,
    DELETE,
    ROLLBACK,
    SUSPEND,
    RESUME,
    CHECK,
    SNAPSHOT,
    RESTORE,
    ADOPT,
)
IN_PROGRESS, COMPLETE, FAILED = "IN_PROGRESS", "COMPLETE", "FAILED"
STATUSES = (IN_PROGRESS, COMPLETE, FAILED)

State = tuple[str, str]
ALL: frozenset[State] = frozenset(
    (action, status) for action in ACTIONS for status in STATUSES
)
_AT_REST = frozenset(state for state in ALL if state[1] != IN_PROGRESS)
_THERE = frozenset(state for state in _AT_REST if state[0] != DELETE)
_WELL = frozenset(state for state in _THERE if state[1] == COMPLETE)

# Actions that do the same to each resource; the others make the wanted ones the ones
# that are there.
SWEEPING = frozenset({SUSPEND, RESUME, CHECK, SNAPSHOT})

ALLOWED: Mapping[str, frozenset[State]] = {
    "update": _THERE - {(SUSPEND, COMPLETE)},
    # A deletion that is under way, or failed, may be asked for again.
    "delete": ALL - {(DELETE, COMPLETE)},
    "suspend": _THERE,
    "resume": frozenset(state for state in _THERE if state[0] in (SUSPEND, RESUME)),
    "check": _THERE,
    "snapshot": _WELL,
    "restore": _THERE - {(SUSPEND, COMPLETE)},
    "abandon": _THERE,
    "cancel_update": frozenset({(UPDATE, IN_PROGRESS)}),
    "cancel_without_rollback": frozenset(
        {(CREATE, IN_PROGRESS), (UPDATE, IN_PROGRESS)}
    ),
}
"""Which request is answered by 2xx in which state; in every other state by 409."""


def check_allowed(request: str, name: str, state: State) -> None:
    """``Busy`` (409) unless the table allows it."""
    if state in ALLOWED[request]:
        return
    action, status = state
    if status == IN_PROGRESS:
        raise Busy(f"Stack {name} already has an action ({action}) in progress.")
    raise Busy(
        f"The stack {name} is in the state {action}_{status}: {request} is not possible"
    )
