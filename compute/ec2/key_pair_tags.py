"""Tags of key pairs, for which the compute room has no place.

A row belongs to one key of one name: when somebody takes that away, wherever he does,
and makes another, the tags are not the other's.  Rows of keys that were taken
away elsewhere go once there are many: a key that is not in a list may have been made
just after it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from compute.core.sql.database import Connection, Database
from compute.ec2 import tables
from compute.ec2.frame.signed import Signer
from compute.ec2.rights import WRITERS, allow

# Of a user; a compute room lets him have fewer keys by default.
ROWS_MAX = 500

_rows = tables.key_pair_tags.c
Pair = Mapping[str, Any]
"""A key pair as the compute room tells of it."""


class KeyPairTags:
    """Of all users; everybody is told of his own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, signer: Signer, pairs: Sequence[Pair]) -> dict[str, dict[str, str]]:
        """The tags of these pairs of the user's, by name."""
        return self._database.read(lambda each: _found(each, signer, pairs))

    def change(
        self,
        signer: Signer,
        pairs: Sequence[Pair],
        name: str,
        change: Callable[[dict[str, str]], dict[str, str]],
    ) -> None:
        """Give one of the user's pairs, which are all these, other tags."""
        allow(signer, WRITERS)
        prints = {pair["name"]: pair["fingerprint"] for pair in pairs}

        def write(connection: Connection) -> None:
            tags = change(_found(connection, signer, pairs).get(name, {}))
            mine = _rows.user_id == signer.user_id
            names = connection.execute(sa.select(_rows.name).where(mine)).scalars()
            there = set(names)
            gone = there - set(prints) if len(there) >= ROWS_MAX else set()
            connection.execute(
                sa.delete(tables.key_pair_tags).where(
                    mine, _rows.name.in_({*gone, name})
                )
            )
            if tags and name in prints:
                connection.execute(
                    tables.key_pair_tags.insert().values(
                        user_id=signer.user_id,
                        name=name,
                        fingerprint=prints[name],
                        tags=tags,
                    )
                )

        self._database.run(write)


def _found(
    connection: Connection, signer: Signer, pairs: Sequence[Pair]
) -> dict[str, dict[str, str]]:
    prints = {pair["name"]: pair["fingerprint"] for pair in pairs}
    select = tables.key_pair_tags.select().where(_rows.user_id == signer.user_id)
    return {
        row.name: dict(row.tags)
        for row in connection.execute(select)
        if prints.get(row.name) == row.fingerprint
    }
