"""Makes trusts so that none is left over, whenever a process dies.

Before a trust is asked for, its end is owed as a job (decision 28), which finds it by
the moment at which it ends (``marked_end``).  The transaction that uses the trust takes
that job back.
"""

from __future__ import annotations

from dataclasses import dataclass

from compute.alarm.outbox import owe_lost_trust
from compute.alarm.parts import Parts
from compute.core.context import RequestContext
from compute.core.errors import Forbidden
from compute.core.jobs.store import PENDING
from compute.core.rooms.authority import ATTEMPT_SECONDS, marked_end
from compute.core.sql.database import Connection
from objectstore.kernel.errors import Unavailable

USED = "it is used"


@dataclass(frozen=True, slots=True)
class Lent:
    """A trust that no alarm has yet."""

    trust_id: str
    job_id: str


def lend(parts: Parts, context: RequestContext) -> Lent:
    """A new trust of the caller's; it ends by itself unless it is kept.
    ``Forbidden`` when his token cannot make one."""
    now = parts.now()
    ends_at = marked_end(now, parts.random)
    job_id = parts.identifiers.uuid()
    parts.run(
        lambda connection: owe_lost_trust(
            connection, parts, job_id, ends_at, now + ATTEMPT_SECONDS
        )
    )
    try:
        return Lent(parts.authority.entrust(context, ends_at), job_id)
    except Forbidden:
        parts.run(lambda connection: _take_back(connection, parts, job_id))
        raise


def keep(connection: Connection, parts: Parts, lent: Lent) -> None:
    """An alarm has it now, once this has committed."""
    job = parts.stores.jobs.get(connection, lent.job_id)
    if job is None or job.state != PENDING:
        raise Unavailable("this took too long; ask again")
    _take_back(connection, parts, lent.job_id)


def _take_back(connection: Connection, parts: Parts, job_id: str) -> None:
    parts.stores.jobs.abandon(connection, job_id, parts.now(), USED)
