"""What a server leaves on hosts that are no longer its own: jobs that remove it."""

from __future__ import annotations

from compute.core.sql.database import Connection
from compute.instance.moves import Status, is_open, other_hosts
from compute.instance.parts import Parts, host_topic
from compute.instance.records import Migration, Server


def remove_left(
    parts: Parts, connection: Connection, server: Server, migration: Migration
) -> list[str]:
    """See to it that both ends but the server's own host are cleared; the topics to
    publish.  The jobs wait for hosts that are away."""
    topics = []
    for host in other_hosts(server, migration):
        parts.stores.jobs.add(
            connection,
            job_id=parts.identifiers.uuid(),
            kind="remove_moved",
            queue=host,
            subject_id=server.id,
            arguments={"migration": migration.uuid},
            now=parts.clock.time(),
        )
        topics.append(host_topic(host))
    return topics


def end_moves(parts: Parts, connection: Connection, server: Server) -> None:
    """The server is deleted, or forgets what was under way: its open migrations end
    here, and what they left is removed."""
    now = parts.clock.time()
    for migration in parts.stores.migrations.open_of(connection, server.id):
        assert is_open(migration)
        parts.stores.migrations.set(
            connection, migration.uuid, now, status=Status.ERROR.value
        )
        remove_left(parts, connection, server, migration)
