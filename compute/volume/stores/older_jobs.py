"""Jobs that a process of a release before has ordered: SQL.

It knew one volume host, and did not say its name.  The migration of the database named
it in the jobs that there were; a process that still ran went on to order others.
"""

from __future__ import annotations

import sqlalchemy as sa

from compute.core.sql.database import Connection
from compute.volume.tables import JOBS, VOLUMES

OLDER_QUEUE = "@volume-host"


def adopt(connection: Connection, host: str, queue: str) -> None:
    """Let the host do those of its own volumes, and of what is on none."""
    elsewhere = sa.select(VOLUMES.c.id).where(VOLUMES.c.host.not_in((host, "")))
    theirs = JOBS.c.subject_id.in_(elsewhere)
    found = sa.update(JOBS).where(JOBS.c.queue == OLDER_QUEUE, ~theirs)
    connection.execute(found.values(queue=queue))
