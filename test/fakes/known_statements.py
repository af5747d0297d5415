"""SQL statements that are compiled once for all databases of a test process.

SQLAlchemy keeps what it has compiled beside each engine.  A process of the product has
one or two of them; tests make a database each, and compiled every statement anew.
"""

from __future__ import annotations

import functools
from typing import Any

import sqlalchemy as sa

# Beyond that all is forgotten: some tests make statements without end.
STATEMENTS_MAX = 20_000


class _KnownStatements(dict[Any, Any]):
    """By the kind of the database in the place of one engine's dialect, with which
    SQLAlchemy's keys begin."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(_of_a_kind(key), default)

    def __setitem__(self, key: Any, compiled: Any) -> None:
        if len(self) >= STATEMENTS_MAX:
            self.clear()
        super().__setitem__(_of_a_kind(key), compiled)


def _of_a_kind(key: Any) -> Any:
    dialect, *statement = key
    return (type(dialect), dialect.server_version_info, *statement)


@functools.cache
def keep_statements() -> None:
    """From now on no engine of this process compiles what another has compiled."""
    known = _KnownStatements()

    @sa.event.listens_for(sa.Engine, "engine_connect")
    def begin(connection: sa.Connection) -> None:
        connection.execution_options(compiled_cache=known)
