"""By whose trust a stack is worked on, and the end of those that nobody needs any more.

Whoever orders what a stack is to be lends his rights to that and to nothing else.  So
while an update is under way, or has failed, there are resources of two authors: each is
signalled with the rights of its own.  A nested stack has the trust of the operation
that wanted it to be as it is; the outermost one keeps and ends them all.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from compute.core.sql.database import Connection
from compute.orchestration.errors import Busy
from compute.orchestration.model import Resource, Stack
from compute.orchestration.parts import Parts
from compute.orchestration.states import IN_PROGRESS
from objectstore.kernel.errors import Unavailable

# In ``previous``: whose the resources are that the operations from SINCE on, and before
# UNTIL, brought up to date.
TRUST, SINCE, UNTIL = "trust_id", "since", "until"

_log = logging.getLogger("compute.orchestration")


def authorship(stack: Stack) -> dict[str, Any]:
    """What is to be remembered of the present author when another takes over."""
    since = stack.previous.get(UNTIL, 0)
    return {TRUST: stack.trust_id, SINCE: since, UNTIL: stack.generation + 1}


def wanted_before(previous: Mapping[str, Any]) -> dict[str, Any]:
    """``previous`` without the authorship."""
    known = (TRUST, SINCE, UNTIL)
    return {name: value for name, value in previous.items() if name not in known}


def trust_for(stack: Stack, row: Resource) -> str:
    """The trust of whoever wanted the resource as it is; ``Busy`` when that was ended
    with an update before the one that failed."""
    previous = stack.previous
    if row.generation >= previous.get(UNTIL, 0):
        return stack.trust_id
    if row.generation >= previous[SINCE]:
        return str(previous[TRUST])
    raise Busy(f"Stack {stack.name} must be updated before {row.name} can do more")


def lend(connection: Connection, parts: Parts, stack_id: str, trust_id: str) -> None:
    """A nested stack, and all in it, is wanted as it is by another author now."""
    stacks = parts.stores.stacks
    if stacks.change(connection, stack_id, trust_id=trust_id):
        inside = stacks.where(connection, stacks.columns.owner_id == stack_id)
        for each in inside:
            lend(connection, parts, each.id, trust_id)


def drop_quietly(parts: Parts, trust_id: str) -> bool:
    """End one; False, and a word to the operator, when that is not possible now."""
    try:
        parts.authority.drop(trust_id)
    except Unavailable as error:
        _log.warning("trust %s stays for now: %s", trust_id, error)
        return False
    return True


def drop_old(parts: Parts, stack_id: str) -> bool:
    """End those of operations that are over; False when one could not be ended."""
    stacks = parts.stores.stacks
    stack = parts.read(lambda connection: stacks.find(connection, stack_id))
    if stack is None or stack.status == IN_PROGRESS:
        return True
    needed = stack.previous.get(TRUST)
    old = {each for each in stack.old_trusts if each not in ("", needed)}
    if not old:
        return True
    dropped = {each for each in old if drop_quietly(parts, each)}

    def write(connection: Connection) -> None:
        found = stacks.find(connection, stack_id)
        if found is not None:
            left = [each for each in found.old_trusts if each not in dropped]
            stacks.change(connection, stack_id, old_trusts=left)

    parts.run(write)
    return dropped == old
