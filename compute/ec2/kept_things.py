"""What this API keeps by itself, as no other room has a place for it (decision 84).

Network ACLs, sets of DHCP options, versions of prefix lists, tasks that replace roots,
tags of placement groups: a row each, of one project, under its id in EC2's form.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import sqlalchemy as sa

from compute.core.identifiers import Identifiers, ec2_id
from compute.core.sql.database import Connection, Database
from compute.ec2 import tables
from compute.ec2.frame.errors import Ec2Error
from compute.ec2.frame.signed import Signer
from compute.ec2.rights import READERS, WRITERS, allow
from objectstore.kernel.clock import Clock

# Of one kind, in a project; AWS's limits are from 100 to 200.
THINGS_MAX = 200
_columns = tables.kept_things.c
Content = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """One of them; ``kind``: what its id begins with, ``vpc``: that it is of, or ""."""

    project_id: str
    id: str
    kind: str
    vpc: str
    content: Content
    tags: Mapping[str, str]
    client_token: str
    created_at: float


Change = Callable[[Kept], Kept]


class KeptThings:
    """Of all projects; everybody is given those of his own."""

    def __init__(
        self, database: Database, clock: Clock, identifiers: Identifiers
    ) -> None:
        self._database = database
        self._clock = clock
        self._identifiers = identifiers

    def all(self, signer: Signer, kind: str) -> dict[str, Kept]:
        """The project's of one kind by their ids."""
        allow(signer, READERS)
        return self._database.read(lambda each: _of_kind(each, signer, kind))

    def add(
        self,
        signer: Signer,
        kind: str,
        content: Content,
        tags: Mapping[str, str],
        *,
        vpc: str = "",
        token: str = "",
        vpcs: Collection[str] = ("",),
    ) -> Kept:
        """A new one, or that which the same order made before.  ``vpcs``: those that
        are there; what is of others is room for new ones.  ``Ec2Error``."""
        allow(signer, WRITERS)
        identifier = ec2_id(kind, self._identifiers.uuid())
        made = self._new(signer, identifier, vpc, content, tags, token)

        def write(connection: Connection) -> Kept:
            there = _of_kind(connection, signer, kind)
            for each in there.values():
                if token and each.client_token == token:
                    return each
            gone = [each.id for each in there.values() if each.vpc not in vpcs]
            _make_room(connection, signer, len(there), gone)
            _write(connection, made)
            return made

        return self._database.run(write)

    def change(
        self,
        signer: Signer,
        identifier: str,
        change: Change,
        *,
        begins: Content | None = None,
        vpc: str = "",
        things: Collection[str] = (),
    ) -> Kept | None:
        """Another in its place; one that has no row yet is as it ``begins``.  None: it
        is not there.  ``things``: the ids of those that are there whether they have
        rows or not; the rows of others are room for new ones.  ``Ec2Error``."""
        allow(signer, WRITERS)

        def write(connection: Connection) -> Kept | None:
            now = _one(connection, signer, identifier)
            if now is None and begins is not None:
                now = self._new(signer, identifier, vpc, begins, {}, "")
                there = _of_kind(connection, signer, now.kind)
                gone = [each for each in there if each not in things]
                _make_room(connection, signer, len(there), gone)
            if now is None:
                return None
            changed = change(now)
            _delete(connection, signer, identifier)
            _write(connection, changed)
            return changed

        return self._database.run(write)

    def drop(self, signer: Signer, identifiers: Collection[str]) -> None:
        """Take them away, as far as they are there."""
        allow(signer, WRITERS)

        def write(connection: Connection) -> None:
            for each in identifiers:
                _delete(connection, signer, each)

        self._database.run(write)

    def _new(
        self,
        signer: Signer,
        identifier: str,
        vpc: str,
        content: Content,
        tags: Mapping[str, str],
        token: str,
    ) -> Kept:
        kind, now = identifier.rpartition("-")[0], self._clock.time()
        return Kept(signer.project_id, identifier, kind, vpc, content, tags, token, now)


def retagged(change: Callable[[dict[str, str]], dict[str, str]]) -> Change:
    """The same with other tags."""
    return lambda kept: replace(kept, tags=change(dict(kept.tags)))


def _of_kind(connection: Connection, signer: Signer, kind: str) -> dict[str, Kept]:
    select = tables.kept_things.select().where(
        _columns.project_id == signer.project_id, _columns.kind == kind
    )
    return {row.id: Kept(**row._asdict()) for row in connection.execute(select)}


def _make_room(
    connection: Connection, signer: Signer, count: int, gone: Collection[str]
) -> None:
    """Of so many, for one more.  ``Ec2Error``."""
    if count < THINGS_MAX:
        return
    if count - len(gone) >= THINGS_MAX:
        text = f"A project may have {THINGS_MAX} of these"
        raise Ec2Error("ResourceLimitExceeded", text)
    for each in gone:
        _delete(connection, signer, each)


def _mine(signer: Signer, identifier: str) -> sa.ColumnElement[bool]:
    return sa.and_(_columns.project_id == signer.project_id, _columns.id == identifier)


def _one(connection: Connection, signer: Signer, identifier: str) -> Kept | None:
    select = tables.kept_things.select().where(_mine(signer, identifier))
    row = connection.execute(select).one_or_none()
    return None if row is None else Kept(**row._asdict())


def _write(connection: Connection, kept: Kept) -> None:
    connection.execute(tables.kept_things.insert().values(**asdict(kept)))


def _delete(connection: Connection, signer: Signer, identifier: str) -> None:
    connection.execute(sa.delete(tables.kept_things).where(_mine(signer, identifier)))
