"""Makes trusts so that none is left over, whenever a process dies.

Before a trust is asked for, that is noted (decision 28), with the moment at which it is
to end (``marked_end``).  The transaction that uses the trust takes the note away; one
that is still there later tells which trust to look for and to end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from compute.core.context import RequestContext
from compute.core.errors import Forbidden
from compute.core.rooms.authority import ATTEMPT_SECONDS, marked_end
from compute.core.sql.database import Connection
from compute.orchestration.engine.trusts import drop_quietly
from compute.orchestration.model import TrustAttempt
from compute.orchestration.parts import Parts
from objectstore.kernel.errors import Unavailable

T = TypeVar("T")

# In one step of the upkeep.
ATTEMPTS_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Lent:
    """A trust that no stack has yet."""

    trust_id: str
    attempt_id: str


def with_trust(
    parts: Parts, context: RequestContext, write: Callable[[Connection, str], T]
) -> T:
    """Do a transaction that is given a new trust of the caller's; when it is refused,
    the trust is ended again."""
    lent = _entrust(parts, context)

    def settle(connection: Connection) -> T:
        found = write(connection, lent.trust_id)
        attempts = parts.stores.attempts
        if not attempts.delete(connection, lent.attempt_id):
            raise Unavailable("this took too long; ask again")
        return found

    try:
        return parts.run(settle)
    except Exception:
        _end(parts, lent)
        raise


def end_lost(parts: Parts) -> int:
    """End the trusts of those that died before they used them; how many were looked
    for.  ``Unavailable`` when identity is away."""
    attempts = parts.stores.attempts
    before = parts.now() - ATTEMPT_SECONDS
    old = parts.read(
        lambda connection: attempts.where(
            connection, attempts.columns.created_at < before
        )[:ATTEMPTS_AT_ONCE]
    )
    for attempt in old:
        for trust_id in parts.authority.ending_at(attempt.expires_at):
            parts.authority.drop(trust_id)
        _forget(parts, attempt.id)
    return len(old)


def _entrust(parts: Parts, context: RequestContext) -> Lent:
    now = parts.now()
    ends_at = marked_end(now, parts.random)
    attempt = TrustAttempt(parts.identifiers.uuid(), ends_at, now)
    parts.run(lambda connection: parts.stores.attempts.insert(connection, attempt))
    try:
        trust_id = parts.authority.entrust(context, attempt.expires_at)
    except Forbidden:
        _forget(parts, attempt.id)
        raise
    return Lent(trust_id, attempt.id)


def _end(parts: Parts, lent: Lent) -> None:
    """What failed may be written after all: then the note is gone."""
    attempts = parts.stores.attempts
    is_unused = parts.read(
        lambda connection: attempts.find(connection, lent.attempt_id)
    )
    if is_unused and drop_quietly(parts, lent.trust_id):
        _forget(parts, lent.attempt_id)


def _forget(parts: Parts, attempt_id: str) -> None:
    attempts = parts.stores.attempts
    parts.run(lambda connection: attempts.delete(connection, attempt_id))
