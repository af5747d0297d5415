"""The statements of a room's jobs, made once: to make one costs more than to run it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from compute.core.jobs.rows import RUNNING, Job
from compute.core.sql.database import Connection

# Not the columns' own names: an update takes those for values.
WHICH, HOLDER = "which_job", "whose_job"


class JobStatements:
    """Runs them inside the caller's transactions."""

    def __init__(self, jobs: sa.Table) -> None:
        self._jobs = jobs
        self._is_it = jobs.c.id == sa.bindparam(WHICH)
        self._get = jobs.select().where(self._is_it)
        self._is_cancelled = sa.select(jobs.c.cancelled).where(self._is_it)
        # By the names of the columns that they set: a handful.
        self._sets: dict[tuple[str, ...], sa.Update] = {}

    def get(self, connection: Connection, job_id: str) -> Job | None:
        """One job."""
        row = connection.execute(self._get, {WHICH: job_id}).first()
        return None if row is None else Job(**row._mapping)

    def is_cancelled(self, connection: Connection, job_id: str) -> bool:
        """Whether somebody asked for its end."""
        return bool(connection.execute(self._is_cancelled, {WHICH: job_id}).scalar())

    def set(
        self, connection: Connection, job_id: str, values: Mapping[str, Any]
    ) -> None:
        """Change some of its columns."""
        statement = self._set_of(tuple(values))
        connection.execute(statement, {WHICH: job_id, **_named(values)})

    def set_held(
        self,
        connection: Connection,
        job_id: str,
        owner: str,
        values: Mapping[str, Any],
    ) -> bool:
        """Change some of its columns if it runs and is the owner's; whether it is."""
        statement = self._set_of((HOLDER, *values))
        parameters = {WHICH: job_id, HOLDER: owner, **_named(values)}
        return connection.execute(statement, parameters).rowcount == 1

    def _set_of(self, names: tuple[str, ...]) -> sa.Update:
        known = self._sets.get(names)
        if known is None:
            jobs = self._jobs.c
            known = sa.update(self._jobs).where(self._is_it)
            columns = names
            if names[0] == HOLDER:
                columns = names[1:]
                known = known.where(
                    jobs.state == RUNNING, jobs.owner == sa.bindparam(HOLDER)
                )
            new = {name: sa.bindparam(_new(name), type_=jobs[name].type)
                   for name in columns}  # fmt: skip
            known = self._sets[names] = known.values(new)
        return known


def _new(column: str) -> str:
    return f"new_{column}"


def _named(values: Mapping[str, Any]) -> dict[str, Any]:
    return {_new(name): value for name, value in values.items()}
