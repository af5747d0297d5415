"""Makes trusts, of which none is forgotten, whenever a process dies.

That one is asked for is written before it is (decision 28), with a moment some
centuries away at which this trust is to end and no other: trusts have no field for a
marker.  The transaction that uses the trust takes the note away; a note that is still
there later tells which trust to look for and to end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from compute.core.context import RequestContext
from compute.core.database import Connection
from compute.core.errors import Forbidden
from compute.orchestration.engine.trusts import drop_quietly
from compute.orchestration.model import TrustAttempt
from compute.orchestration.parts import Parts
from objectstore.kernel.errors import Unavailable

T = TypeVar("T")

# A trust that ended before its stack would strand it.
FAR_SECONDS = 500 * 365.25 * 86400
# Of a second each; the last of them is still some centuries before the year 9999.
MARK_BITS = 33
# Whoever asked has got an answer, or is dead, after so long.
ATTEMPT_SECONDS = 600.0
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
    far = int(now + FAR_SECONDS) + parts.random.getrandbits(MARK_BITS)
    attempt = TrustAttempt(parts.identifiers.uuid(), float(far), now)
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
