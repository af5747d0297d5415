"""What to do next so that a stack's resources become those that are wanted.  Pure.

First whatever is wanted is made or brought up to date, each once what it needs is;
then what is wanted no more is deleted, each once what needed it is gone.  Everything
is seen from the rows: a process that dies, and another that goes on, see the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from compute.orchestration.model import Resource
from compute.orchestration.planning.graph import Graph, ready, reverse
from compute.orchestration.states import (
    CHECK,
    COMPLETE,
    DELETE,
    FAILED,
    IN_PROGRESS,
    SUSPEND,
)


@dataclass(frozen=True, slots=True)
class Plan:
    """``make``: names to be made, or held against their rows; ``go_on``: rows whose act
    is under way; ``remove``: rows to begin to delete, ``sweep``: to begin the stack's
    action on.  ``outcome``: "" while there is something to do or to wait for."""

    make: Sequence[str] = ()
    go_on: Sequence[Resource] = ()
    remove: Sequence[Resource] = ()
    sweep: Sequence[Resource] = ()
    outcome: str = ""
    reason: str = ""


def converge(graph: Graph, rows: Sequence[Resource], generation: int) -> Plan:
    """The next steps of an operation that makes the graph's resources and no others."""
    fresh = [row for row in rows if row.generation == generation]
    under_way = [row for row in fresh if row.status == IN_PROGRESS]
    failed = [row for row in fresh if row.status == FAILED]
    if failed:
        return _failed(failed, under_way)
    current = [row for row in fresh if row.name in graph and not row.obsolete]
    done = {row.name for row in current if row.status == COMPLETE}
    if len(done) < len(graph):
        started = {row.name for row in under_way if not row.obsolete}
        make = [name for name in ready(graph, done) if name not in started]
        return Plan(make=make, go_on=under_way)
    surplus = [row for row in rows if row.obsolete or row.name not in graph]
    if not surplus:
        return Plan(outcome=COMPLETE)
    return Plan(go_on=under_way, remove=_removable(surplus, under_way))


def _removable(
    surplus: Sequence[Resource], under_way: Sequence[Resource]
) -> list[Resource]:
    """Those to begin to delete: nothing that goes as well still needs them."""
    leaving = [row for row in under_way if row.action == DELETE]
    return [
        row for row in surplus if row not in leaving and not _is_needed(row, surplus)
    ]


def sweep(rows: Sequence[Resource], generation: int, action: str) -> Plan:
    """The next steps of an operation that does the same to each resource: SUSPEND those
    first that need others, any other action those first that are needed."""
    present = {row.name: row for row in rows if not row.obsolete}
    fresh = [row for row in present.values() if row.generation == generation]
    under_way = [row for row in fresh if row.status == IN_PROGRESS]
    failed = [row for row in fresh if row.status == FAILED]
    ended = {row.name for row in fresh if row not in under_way}
    # A check looks at all of them, however the first ones are.
    goes_on = len(ended) < len(present) and (not failed or action == CHECK)
    if goes_on:
        begun = ended | {row.name for row in under_way}
        free = ready(_order(present, action), ended)
        begin = [present[name] for name in free if name not in begun]
        return Plan(go_on=under_way, sweep=begin)
    return _failed(failed, under_way) if failed else Plan(outcome=COMPLETE)


def _order(present: Mapping[str, Resource], action: str) -> Graph:
    """By name, which of the resources come before it."""
    needs: Graph = {
        name: frozenset(row.requires) & present.keys() for name, row in present.items()
    }
    return reverse(needs) if action == SUSPEND else needs


def _is_needed(row: Resource, others: Sequence[Resource]) -> bool:
    """Whether one that is also to be deleted still needs it."""
    return any(row.name in other.requires for other in others if other.id != row.id)


def _failed(failed: Sequence[Resource], under_way: Sequence[Resource]) -> Plan:
    """Nothing new is begun; what is under way may come to its end."""
    if under_way:
        return Plan(go_on=under_way)
    first = min(failed, key=lambda row: row.updated_at)
    reason = f"Resource {first.action} failed: {first.reason}"
    return Plan(outcome=FAILED, reason=reason)
