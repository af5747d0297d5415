"""A nested stack that is kept when its resource goes: a stack of its own from then on.

It has the name that it had, and nobody's trust: whoever updates or deletes it next
lends it his.
"""

from __future__ import annotations

from compute.core.sql.database import Connection
from compute.orchestration.parts import Parts


def leave(connection: Connection, parts: Parts, stack_id: str) -> None:
    """Let the nested stack be an outermost one; nothing when there is none."""
    stacks = parts.stores.stacks
    if stacks.change(connection, stack_id, owner_id="", owner_row=""):
        _move(connection, parts, stack_id, stack_id, 0)


def _move(
    connection: Connection, parts: Parts, stack_id: str, root_id: str, depth: int
) -> None:
    stacks = parts.stores.stacks
    stacks.change(connection, stack_id, root_id=root_id, depth=depth, trust_id="")
    for each in stacks.where(connection, stacks.columns.owner_id == stack_id):
        _move(connection, parts, each.id, root_id, depth + 1)
