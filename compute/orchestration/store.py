"""The room's rows.  SQL only: one ``Rows`` for each table.

What users give and what resources hold is sealed in its rows
(``compute/core/sealing.py``); whoever asks here gets it as it was given.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from compute.core.database import Connection
from compute.core.jobs import LEASE_SECONDS, JobStore
from compute.core.sealing import SealedColumns, Vault
from compute.orchestration import tables
from compute.orchestration.model import (
    Event,
    Resource,
    Snapshot,
    SoftwareConfig,
    SoftwareDeployment,
    Stack,
    TrustAttempt,
)

R = TypeVar("R")
Condition = sa.ColumnElement[bool]

# What may hold secrets: parameters, scripts, what came of them.  A hidden parameter is
# in all of these: resolved in a resource's properties, written out in the template of a
# group, run by a script.
SEALED: Mapping[str, frozenset[str]] = {
    tables.stacks.name: frozenset(
        {
            "template",
            "files",
            "environment",
            "parameters",
            "previous",
            "trust_id",
            "old_trusts",
            "signal_key",
        }
    ),
    tables.resources.name: frozenset({"properties", "trying", "data", "metadata"}),
    tables.snapshots.name: frozenset({"data"}),
    tables.configs.name: frozenset({"config", "inputs", "options"}),
    tables.deployments.name: frozenset({"input_values", "output_values"}),
}


class Rows(Generic[R]):
    """Records of one kind, inside the caller's transaction."""

    def __init__(self, kind: type[R], table: sa.Table, vault: Vault) -> None:
        self._kind = kind
        names = SEALED.get(table.name, frozenset())
        self.sealed = SealedColumns(table, names, vault)
        self.table = table
        self.columns = table.c

    def get(self, connection: Connection, identifier: str) -> R | None:
        """By its id."""
        found = self.where(connection, self.columns.id == identifier)
        return found[0] if found else None

    def where(
        self,
        connection: Connection,
        *conditions: Condition,
        order: sa.ColumnElement[Any] | None = None,
    ) -> list[R]:
        """Those for which all is true, by their ids or as ``order`` says."""
        select = self.table.select().where(*conditions)
        return self.select(
            connection, select.order_by(self.columns.id if order is None else order)
        )

    def select(self, connection: Connection, select: sa.Select[Any]) -> list[R]:
        """What a select of whole rows finds."""
        return [
            self._kind(**self.sealed.opened(row._asdict()))
            for row in connection.execute(select)
        ]

    def count(self, connection: Connection, *conditions: Condition) -> int:
        """How many there are."""
        select = sa.select(sa.func.count()).select_from(self.table).where(*conditions)
        return int(connection.execute(select).scalar_one())

    def insert(self, connection: Connection, record: R) -> R:
        """A new one."""
        values = {
            field.name: getattr(record, field.name)
            for field in dataclasses.fields(record)  # type: ignore[arg-type]
        }
        connection.execute(self.table.insert().values(**self.sealed.closed(values)))
        return record

    def change(self, connection: Connection, identifier: str, **values: Any) -> bool:
        """Change some of one; whether it is there."""
        statement = sa.update(self.table).where(self.columns.id == identifier)
        closed = self.sealed.closed(values)
        return bool(connection.execute(statement.values(**closed)).rowcount)

    def delete(self, connection: Connection, *conditions: Condition) -> int:
        """Take away those for which all is true; how many."""
        assert conditions, "never all of them"
        statement = sa.delete(self.table).where(*conditions)
        return int(connection.execute(statement).rowcount)


class Stores:
    """All of the room's tables."""

    def __init__(self, vault: Vault, lease_seconds: float = LEASE_SECONDS) -> None:
        self.stacks = Rows(Stack, tables.stacks, vault)
        self.resources = Rows(Resource, tables.resources, vault)
        self.events = Rows(Event, tables.happenings, vault)
        self.snapshots = Rows(Snapshot, tables.snapshots, vault)
        self.configs = Rows(SoftwareConfig, tables.configs, vault)
        self.deployments = Rows(SoftwareDeployment, tables.deployments, vault)
        self.attempts = Rows(TrustAttempt, tables.trust_attempts, vault)
        self.jobs = JobStore(
            tables.jobs, turns_by="project_id", lease_seconds=lease_seconds
        )

    def sealed(self) -> Sequence[SealedColumns]:
        """Of those that have something sealed."""
        return (
            self.stacks.sealed,
            self.resources.sealed,
            self.snapshots.sealed,
            self.configs.sealed,
            self.deployments.sealed,
        )

    def resources_of(self, connection: Connection, stack_id: str) -> list[Resource]:
        """The rows of one stack, the oldest first."""
        rows = self.resources
        return rows.where(
            connection, rows.columns.stack_id == stack_id, order=rows.columns.created_at
        )

    def add_event(self, connection: Connection, event: Event) -> None:
        """Write that something happened; its number comes from the database."""
        values = {
            field.name: getattr(event, field.name)
            for field in dataclasses.fields(event)
            if field.name != "number"
        }
        connection.execute(tables.happenings.insert().values(**values))
