"""The room's rows.  SQL only.

What users give and what resources hold is sealed in its rows
(``compute/core/keys/sealing.py``); whoever asks here gets it as it was given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import sqlalchemy as sa

from compute.core.jobs.store import LEASE_SECONDS, JobStore
from compute.core.keys.sealed_rows import SealedRows
from compute.core.keys.sealing import SealedColumns, Vault
from compute.core.sql.database import Connection
from compute.core.sql.rows import Rows, values_of
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


class Stores:
    """All of the room's tables."""

    def __init__(self, vault: Vault, lease_seconds: float = LEASE_SECONDS) -> None:
        self.stacks = _sealed(Stack, tables.stacks, vault)
        self.resources = _sealed(Resource, tables.resources, vault)
        self.events = Rows(Event, tables.happenings)
        self.snapshots = _sealed(Snapshot, tables.snapshots, vault)
        self.configs = _sealed(SoftwareConfig, tables.configs, vault)
        self.deployments = _sealed(SoftwareDeployment, tables.deployments, vault)
        self.attempts = Rows(TrustAttempt, tables.trust_attempts)
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
        values = values_of(event)
        del values["number"]
        connection.execute(tables.happenings.insert().values(**values))


def _sealed(kind: type[R], table: sa.Table, vault: Vault) -> SealedRows[R]:
    return SealedRows(kind, table, SEALED[table.name], vault)
