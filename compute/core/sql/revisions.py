"""Compare and swap: a record changes only if nobody changed it since it was read.

Every record that several may change has a whole number ``revision``, which grows by
one with each change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from compute.core.errors import Stale
from compute.core.sql.database import Connection


def update_revision(
    connection: Connection,
    rows: sa.Table,
    key: Mapping[str, Any],
    revision: int,
    values: Mapping[str, Any],
) -> int:
    """Set ``values`` in the row of that key if it is still at ``revision``.

    Returns the new revision; raises ``Stale`` when the row has moved on or is gone.
    """
    where = [rows.c[name] == value for name, value in key.items()]
    statement = (
        sa.update(rows)
        .where(*where, rows.c.revision == revision)
        .values(**values, revision=revision + 1)
    )
    if connection.execute(statement).rowcount != 1:
        shown = ", ".join(str(value) for value in key.values())
        raise Stale(f"{shown} was changed by somebody else meanwhile")
    return revision + 1
