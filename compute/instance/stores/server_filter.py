"""Which servers a list wants, and in which order it may have them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from compute.instance.records import Server
from compute.instance.tables import SERVERS

Predicate = Callable[[Server], bool]

SORT_COLUMNS = {
    "uuid": "id",
    "display_name": "name",
    "display_description": "description",
    "created_at": "created_at",
    "updated_at": "updated_at",
    "launched_at": "launched_at",
    "terminated_at": "terminated_at",
    "availability_zone": "availability_zone",
    "host": "host",
    "node": "host",
    "hostname": "hostname",
    "image_ref": "image_id",
    "instance_type_id": "flavor_id",
    "key_name": "key_name",
    "power_state": "power_state",
    "project_id": "project_id",
    "user_id": "user_id",
    "vm_state": "vm_state",
    "task_state": "task_state",
    "progress": "progress",
    "access_ip_v4": "access_ipv4",
    "access_ip_v6": "access_ipv6",
    "config_drive": "config_drive",
    "locked": "locked",
    "root_device_name": "root_device",
    "launch_index": "launch_index",
}
"""Sort key of the API -> column."""


_ESCAPE = "/"


@dataclass(frozen=True, slots=True)
class States:
    """A vm_state, with that task_state or (None) with any but these others."""

    vm_state: str
    task_state: str | None = None
    others: Collection[str] = ()

    def clause(self) -> sa.ColumnElement[bool]:
        """As SQL."""
        is_it = SERVERS.c.vm_state == self.vm_state
        if self.task_state is not None:
            return sa.and_(is_it, SERVERS.c.task_state == self.task_state)
        return sa.and_(is_it, SERVERS.c.task_state.not_in(self.others))


@dataclass(frozen=True, slots=True)
class Hint:
    """Every server that is wanted has one of these texts, in which ``.`` is any
    character, somewhere in that column.  Others may have, too: a database's LIKE may
    take capitals for small letters."""

    column: str
    texts: tuple[str, ...]

    def clause(self) -> sa.ColumnElement[bool]:
        """As SQL."""
        column: sa.ColumnElement[Any] = SERVERS.c[self.column]
        if isinstance(column.type, sa.JSON):
            column = sa.cast(column, sa.Text)
        patterns = (f"%{_for_like(text)}%" for text in self.texts)
        return sa.or_(*(column.like(each, escape=_ESCAPE) for each in patterns))


def _for_like(text: str) -> str:
    for special in (_ESCAPE, "%", "_"):
        text = text.replace(special, _ESCAPE + special)
    return text.replace(".", "_")


@dataclass(frozen=True, slots=True)
class ServerFilter:
    """Which servers.  ``equal``: columns; ``states``: any of these; ``matches``: what
    SQL cannot tell, and ``hints``: what it can tell of that."""

    equal: Mapping[str, Any] = field(default_factory=dict)
    states: tuple[States, ...] | None = None
    deleted: bool | None = False
    changed_since: float | None = None
    changed_before: float | None = None
    ran: tuple[float, float] | None = None  # at any moment from one to the other
    matches: Predicate | None = None
    hints: tuple[Hint, ...] = ()

    def clauses(self) -> list[sa.ColumnElement[bool]]:
        """As SQL."""
        columns = SERVERS.c
        found: list[sa.ColumnElement[bool]] = [
            columns[name] == value for name, value in self.equal.items()
        ]
        if self.states is not None:
            states = (each.clause() for each in self.states)
            found.append(sa.or_(sa.false(), *states))
        found += [hint.clause() for hint in self.hints]
        if self.deleted is not None:
            found.append(columns.deleted == self.deleted)
        if self.changed_since is not None:
            found.append(columns.updated_at >= self.changed_since)
        if self.changed_before is not None:
            found.append(columns.updated_at <= self.changed_before)
        if self.ran is not None:
            start, end = self.ran
            ended = columns.terminated_at
            found += [columns.launched_at <= end, (ended >= start) | ended.is_(None)]
        return found
