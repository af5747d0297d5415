"""Which tokens ended before their time: durable events, known in every process.

An event says: tokens of this *subject* that were issued at or before that moment are
no longer good.  Subjects are one token (its audit id), all of a user, a project, a
domain, a user in a project, an application credential, a trust, whoever came by an
identity provider or one protocol of it.  Checking a token is
looking up its subjects in a dictionary.

Events are written in the transaction of the change that they follow from.  The
process that wrote them knows them at once, others when they look again, a few
seconds later at most.  They are read again by time with an overlap, not by
number: transactions do not commit in the order of their numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import sqlalchemy as sa

from compute.core.sql.database import Connection, Database
from compute.identity import tables
from compute.identity.tokens.facts import TokenFacts
from objectstore.kernel.clock import Clock

# Longer than any transaction, or difference between the clocks of our hosts.
OVERLAP_SECONDS = 120.0

TOKEN = "token"
USER = "user"
PROJECT = "project"
DOMAIN = "domain"
USER_IN_SCOPE = "user_in_scope"
APPLICATION_CREDENTIAL = "app_credential"
TRUST = "trust"
PROVIDER = "provider"
PROTOCOL = "protocol"


class Subject(NamedTuple):
    """Whose tokens end."""

    kind: str
    name: str


def subjects_of(facts: TokenFacts, domains: Iterable[str] = ()) -> Iterable[Subject]:
    """Everything whose end would be this token's end; ``domains`` are those that its
    user and its project belong to."""
    yield Subject(TOKEN, facts.audit_ids[0])
    yield Subject(USER, facts.user_id)
    if facts.scope:
        yield user_in_scope(facts.user_id, facts.scope, facts.scope_id)
    if facts.project_id:
        yield Subject(PROJECT, facts.project_id)
    if facts.domain_id:
        yield Subject(DOMAIN, facts.domain_id)
    for domain in domains:
        yield Subject(DOMAIN, domain)
    if facts.application_credential_id:
        yield Subject(APPLICATION_CREDENTIAL, facts.application_credential_id)
    if facts.trust_id:
        yield Subject(TRUST, facts.trust_id)
    if facts.provider_id:
        yield Subject(PROVIDER, facts.provider_id)
        yield Subject(PROTOCOL, f"{facts.provider_id}/{facts.protocol_id}")


def user_in_scope(user_id: str, scope: str, scope_id: str) -> Subject:
    """A user's tokens of one scope."""
    return Subject(USER_IN_SCOPE, f"{user_id}/{scope}/{scope_id}")


def revoke(connection: Connection, subject: Subject, now: float) -> None:
    """End the subject's tokens, in the caller's transaction."""
    connection.execute(
        tables.revocations.insert().values(
            kind=subject.kind,
            subject=subject.name,
            issued_before=now,
            revoked_at=now,
        )
    )


class Revocations:
    """What this process knows of revoked tokens."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        refresh_seconds: float,
        keep_seconds: float,
    ) -> None:
        """``keep_seconds``: no token lives longer, so no event matters longer."""
        self._database = database
        self._clock = clock
        self._refresh_seconds = refresh_seconds
        self._keep_seconds = keep_seconds
        self._ended: dict[Subject, float] = {}
        self._read_until = 0.0
        self._looked = float("-inf")

    def is_revoked(self, facts: TokenFacts, domains: Iterable[str] = ()) -> bool:
        """Whether it ended before its time."""
        if self._clock.monotonic() - self._looked >= self._refresh_seconds:
            self.refresh()
        issued = facts.issued_at
        return any(
            self._ended.get(subject, 0.0) >= issued
            for subject in subjects_of(facts, domains)
        )

    def refresh(self) -> None:
        """Read what is new."""
        looked, now = self._clock.monotonic(), self._clock.time()
        since = max(self._read_until - OVERLAP_SECONDS, now - self._keep_seconds)
        rows = tables.revocations.c
        found = self._database.read(
            lambda connection: connection.execute(
                sa.select(rows.kind, rows.subject, rows.issued_before).where(
                    rows.revoked_at >= since
                )
            ).all()
        )
        for kind, name, issued_before in found:
            subject = Subject(kind, name)
            if issued_before > self._ended.get(subject, 0.0):
                self._ended[subject] = issued_before
        self._forget_old(now)
        self._read_until = now
        self._looked = looked

    def _forget_old(self, now: float) -> None:
        oldest = now - self._keep_seconds
        for subject in [key for key, at in self._ended.items() if at < oldest]:
            del self._ended[subject]

    def prune(self, connection: Connection, now: float) -> int:
        """Delete events that no token can be old enough for; how many."""
        statement = tables.revocations.delete().where(
            tables.revocations.c.revoked_at < now - self._keep_seconds
        )
        return connection.execute(statement).rowcount
