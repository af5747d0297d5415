"""The end of each job of a move, and what agents ask and tell of one.

``moves.py`` decides; here it is written, with the claimed places and the next job, in
the transaction that ends the job.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.core.context import RequestContext
from compute.core.errors import NotFound
from compute.core.sql.database import Connection
from compute.instance.move_rules import after
from compute.instance.moves import (
    CLEANING,
    LETS_IN,
    After,
    Claims,
    Ended,
    Side,
    Status,
    stays,
)
from compute.instance.parts import Parts, host_topic
from compute.instance.records import Migration, Server
from compute.instance.service.admission import admission, digest_of
from compute.instance.service.left_behind import remove_left
from compute.instance.states import TaskState

FIGURE_NAMES = tuple(
    f"{what}_{part}"
    for what in ("memory", "disk")
    for part in ("total", "processed", "remaining")
)
# The jobs that go through the other host's door, by its token.
VISITING = frozenset({"migrate_in", "live_migrate"})
# Columns that tell what a migration is, kept as they were by whatever follows.
_NOTED = {
    ("resize", False): Status.FINISHED,
    ("resize", True): Status.ERROR,
    ("confirm_resize", False): Status.CONFIRMED,
    ("revert_resize", False): Status.REVERTED,
    ("revert_resize", True): Status.ERROR,
}


class MoveEnds:
    """Writes the ends."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._stores = parts.stores

    # ---- jobs ------------------------------------------------------------------

    def settle(
        self, connection: Connection, server: Server | None, job: Ended
    ) -> list[str]:
        """A job of a move has ended; the topics to publish.  ``server`` None: it is
        deleted."""
        now = self._parts.clock.time()
        uuid = str(job.arguments.get("migration", ""))
        migration = self._stores.migrations.get(connection, uuid)
        if migration is None:
            return []
        if job.kind in CLEANING:
            if job.kind == "remove_moved" and not job.error:
                self._stores.hosts.release(connection, migration.uuid)
            return []
        if server is None or server.task_state == TaskState.DELETING.value:
            return []  # it was cancelled for that: the deletion goes on
        then = after(server, migration, job, now)
        if then.status is not None:
            self._stores.migrations.set(
                connection, migration.uuid, now, status=then.status.value
            )
        self._settle_claims(connection, server, migration, then)
        values = dict(then.values)
        if "host" in values:
            values["availability_zone"] = self._parts.placer.zone(values["host"])
        if values:
            server = self._stores.servers.update(connection, server, now, **values)
        self._tell(connection, server, job, now)
        return self._follow(connection, server, migration, job, then)

    def _settle_claims(
        self,
        connection: Connection,
        server: Server,
        migration: Migration,
        then: After,
    ) -> None:
        hosts = self._stores.hosts
        if then.claims is Claims.BACK:
            hosts.release(connection, server.id)
            hosts.hand_over(connection, migration.uuid, server.id)

    def _follow(
        self,
        connection: Connection,
        server: Server,
        migration: Migration,
        job: Ended,
        then: After,
    ) -> list[str]:
        if not then.follow:
            return []
        if then.follow == "remove_moved":
            return remove_left(self._parts, connection, server, migration)
        here, there = migration.source, migration.dest
        if then.side is Side.DEST:
            here, there = there, here
        arguments: dict[str, Any] = {
            "action": job.arguments.get("action"),
            "request_id": job.arguments.get("request_id", ""),
            "migration": migration.uuid,
            **then.arguments,
        }
        if then.follow in VISITING:
            arguments |= admission(self._parts, connection, migration.uuid, there)
        self._stores.jobs.add(
            connection,
            job_id=self._parts.identifiers.uuid(),
            kind=then.follow,
            queue=here,
            subject_id=server.id,
            arguments=arguments,
            now=self._parts.clock.time(),
        )
        return [host_topic(here)]

    def _tell(
        self, connection: Connection, server: Server, job: Ended, now: float
    ) -> None:
        kind = f"server.{job.kind}.{'error' if job.error else 'end'}"
        self._stores.events.append(connection, RequestContext(), now, kind, server.id)

    def note(
        self, connection: Connection, server: Server, kind: str, has_failed: bool
    ) -> list[str]:
        """A resize where the server is, or the confirmation of any, has ended."""
        resize = server.resize or {}
        uuid = str(resize.get("migration", ""))
        migration = self._stores.migrations.get(connection, uuid)
        status = _NOTED.get((kind, has_failed))
        if migration is None or status is None:
            return []
        now = self._parts.clock.time()
        self._stores.migrations.set(connection, uuid, now, status=status.value)
        if status is Status.CONFIRMED and not stays(migration):
            return remove_left(self._parts, connection, server, migration)
        return []

    def give_up(self, connection: Connection, server: Server) -> None:
        """No job of the server's move is left: its place is the old one again."""
        now = self._parts.clock.time()
        for migration in self._stores.migrations.open_of(connection, server.id):
            if migration.status == Status.FINISHED.value:
                continue  # that waits for the user, not for a job
            self._stores.migrations.set(
                connection, migration.uuid, now, status=Status.ERROR.value
            )
            if not stays(migration) and server.host == migration.source:
                self._settle_claims(
                    connection, server, migration, After(claims=Claims.BACK)
                )
                remove_left(self._parts, connection, server, migration)

    # ---- agents ----------------------------------------------------------------

    def admitted(self, token: str) -> Migration:
        """The migration whose token that is, while it lets anybody in.
        ``NotFound``."""
        found = self._parts.database.read(
            lambda connection: self._stores.migrations.of_token(
                connection, digest_of(token)
            )
        )
        if found is None or Status(found.status) not in LETS_IN:
            raise NotFound("The token opens nothing")
        return found

    def note_figures(self, uuid: str, figures: Mapping[str, int]) -> bool:
        """How far it is; whether it is to be completed by force."""

        def write(connection: Connection) -> Migration | None:
            found = self._stores.migrations.get(connection, uuid)
            if found is not None and dict(found.figures) != dict(figures):
                now = self._parts.clock.time()
                self._stores.migrations.set(
                    connection, uuid, now, figures=dict(figures)
                )
            return found

        found = self._parts.database.run(write)
        if found is None:
            raise NotFound(f"There is no migration {uuid}")
        return found.hurried
