"""Tags of key pairs, for which the compute room has no place.

A row belongs to one key of one name: when somebody takes that away, wherever he does,
and makes another, the tags are not the other's.  Rows of keys that are gone go with the
user's next change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from compute.core.database import Connection, Database
from compute.ec2 import tables
from compute.ec2.frame.signed import Signer
from compute.ec2.rights import WRITERS, allow

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
            kept = _found(connection, signer, pairs)
            kept[name] = change(kept.get(name, {}))
            mine = _rows.user_id == signer.user_id
            connection.execute(sa.delete(tables.key_pair_tags).where(mine))
            for each, tags in kept.items():
                if tags and each in prints:
                    connection.execute(
                        tables.key_pair_tags.insert().values(
                            user_id=signer.user_id,
                            name=each,
                            fingerprint=prints[each],
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
