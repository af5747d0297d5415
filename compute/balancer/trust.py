"""Secrets that a load balancer may use: entrusted by who asks, given back when unused.

A row says what is entrusted to which load balancer; it is there before the key manager
hears of it, and goes after it has heard that it is over, so nothing is forgotten by
whoever dies in between.  In between it is marked as one that goes, and nobody may count
on it.  References with other hosts may lead to the same secret: it is used as long as
one of them is.  Keys themselves are never kept here.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

import sqlalchemy as sa

from compute.balancer import tables
from compute.balancer.certificates import authorities, bundle, revoked
from compute.balancer.frame.work import BalancerDatabase, Work
from compute.balancer.model import PENDING_DELETE, Tree
from compute.balancer.tls_files import TlsFile, tls_files, tree_files
from compute.balancer.tls_rules import AUTHORITIES, CERTIFICATE, REFERENCES
from compute.balancer.view import Keys
from compute.core.context import RequestContext
from compute.core.errors import BadRequest, Forbidden, NotFound
from compute.secret.client import SecretClient, Use, thing_id
from objectstore.kernel.errors import RingstackError, Unavailable

# What was entrusted is used soon, or the request has failed.
UNUSED_SECONDS = 120.0
# In place of a row's moment: it is being given back; it has been used, so that it goes
# as soon as it is used no more.
GOING, USED = 0.0, 1.0

_log = logging.getLogger("compute.balancer")


class Trust:
    """The room's way to the key manager."""

    def __init__(self, database: BalancerDatabase, secrets: SecretClient) -> None:
        self._database = database
        self._secrets = secrets

    def entrust(
        self, context: RequestContext, balancer_id: str, references: Mapping[str, str]
    ) -> None:
        """Let the load balancer use what the caller may read.  ``BadRequest`` for what
        he may not, or what is not what it should be."""
        for reference, kind in references.items():
            try:
                self._check(context, reference, kind)
            except (NotFound, Forbidden):
                raise BadRequest(
                    f"Could not retrieve certificate: {reference[:255]}"
                ) from None
        self._database.write(
            context, lambda work: _remember(work, balancer_id, references)
        )
        for reference in references:
            self._secrets.entrust(context, reference, _use(balancer_id))

    def keys(self, tree: Tree) -> Keys:
        """What the load balancer's host needs.  ``Unavailable``: ask again."""
        files = {}
        for file in tree_files(tree):
            try:
                files[file.name] = self._content(tree.balancer.id, file).decode()
            except (NotFound, Forbidden, BadRequest) as error:
                text = f"{file.attribute} {file.reference[:255]}: {error.text}"
                return Keys(text, {})
        return Keys("", files)

    def release_unused(self, context: RequestContext) -> None:
        """Give back what nothing uses any more; what fails is tried again."""
        if not any(self._database.read(context, _sorted_out)):
            return
        for balancer_id, reference in self._database.write(context, _going):
            try:
                self._secrets.release(reference, _use(balancer_id))
            except RingstackError as error:
                _log.warning("a secret of load balancer %s: %s", balancer_id, error)
                continue
            self._forget(context, balancer_id, reference)

    def _forget(
        self, context: RequestContext, balancer_id: str, reference: str
    ) -> None:
        table = tables.trusts
        gone = sa.and_(
            table.c.balancer_id == balancer_id, table.c.reference == reference
        )

        def forget(work: Work) -> None:
            work.connection.execute(table.delete().where(gone))

        self._database.write(context, forget)

    def _check(self, context: RequestContext, reference: str, kind: str) -> None:
        if kind == CERTIFICATE:
            found = self._secrets.certificate(context, reference)
            bundle(self._secrets.opened(found))
        elif kind == AUTHORITIES:
            authorities(self._secrets.payload(context, reference))
        else:
            revoked(self._secrets.payload(context, reference))

    def _content(self, balancer_id: str, file: TlsFile) -> bytes:
        kind, use = REFERENCES[file.attribute], _use(balancer_id)
        if kind == CERTIFICATE:
            found = self._secrets.entrusted_certificate(file.reference, use)
            return bundle(self._secrets.opened(found))
        content = self._secrets.entrusted_payload(file.reference, use)
        return authorities(content) if kind == AUTHORITIES else revoked(content)


def _use(balancer_id: str) -> Use:
    return Use("load-balancer", "loadbalancer", balancer_id)


def _remember(work: Work, balancer_id: str, references: Mapping[str, str]) -> None:
    table = tables.trusts
    rows = work.rows(table.select().where(table.c.balancer_id == balancer_id))
    going = {thing_id(row["reference"]) for row in rows if row["at"] == GOING}
    if not going.isdisjoint(map(thing_id, references)):
        raise Unavailable("the secret is just given back; ask again")
    for reference in references:
        key = {"balancer_id": balancer_id, "reference": reference}
        known = work.connection.execute(
            table.update().filter_by(**key).values(at=work.now)
        )
        if known.rowcount == 0:
            work.connection.execute(table.insert().values(**key, at=work.now))


Pair = tuple[str, str]
"""A load balancer, and a reference."""


def _sorted_out(work: Work) -> tuple[list[Pair], list[Pair]]:
    """What nothing uses any more, and what is used for the first time.  What is being
    deleted uses nothing: no process is begun with it."""
    rows = work.rows(tables.trusts.select())
    if not rows:
        return [], []
    used = {
        (row["balancer_id"], thing_id(file.reference))
        for part in (tables.listeners, tables.pools)
        for row in work.rows(
            sa.select(part.c.id, part.c.balancer_id, part.c.tls).where(
                part.c.balancer_id.in_({row["balancer_id"] for row in rows}),
                part.c.provisioning_status != PENDING_DELETE,
            )
        )
        for file in tls_files(row["id"], row["tls"] or {})
    }
    unused, begun = [], []
    for row in rows:
        pair = (row["balancer_id"], row["reference"])
        is_used = (row["balancer_id"], thing_id(row["reference"])) in used
        if is_used and row["at"] > USED:
            begun.append(pair)
        elif not is_used and row["at"] < work.now - UNUSED_SECONDS:
            unused.append(pair)
    return unused, begun


def _going(work: Work) -> list[Pair]:
    """What nothing uses any more; all is marked as what it is."""
    unused, begun = _sorted_out(work)
    for pairs, at in ((unused, GOING), (begun, USED)):
        for balancer_id, reference in pairs:
            one = {"balancer_id": balancer_id, "reference": reference}
            marked = tables.trusts.update().filter_by(**one).values(at=at)
            work.connection.execute(marked)
    return unused
