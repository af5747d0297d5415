"""What was done to servers, quotas that differ from the usual, console tokens: SQL."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa

from compute.core.context import RequestContext
from compute.core.sql.database import Connection
from compute.instance.records import ActionRecord, ConsoleToken
from compute.instance.tables import ACTION_RECORDS, CONSOLE_TOKENS, QUOTAS

_QUOTAS_OF = sa.select(QUOTAS.c.owner, QUOTAS.c.resource, QUOTAS.c.ceiling).where(
    QUOTAS.c.owner.in_(sa.bindparam("owners", expanding=True))
)


class ActionStore:
    """The history of actions, inside the caller's transactions."""

    def begin(
        self,
        connection: Connection,
        context: RequestContext,
        server_id: str,
        action: str,
        now: float,
    ) -> int:
        """A new action; its number."""
        result = connection.execute(
            ACTION_RECORDS.insert().values(
                server_id=server_id,
                request_id=context.request_id,
                user_id=context.user_id,
                project_id=context.project_id,
                action=action,
                start_time=now,
                updated_at=now,
                events=[],
            )
        )
        key = result.inserted_primary_key
        assert key is not None
        return int(key[0])

    def get(self, connection: Connection, number: int) -> ActionRecord | None:
        """One."""
        row = connection.execute(
            ACTION_RECORDS.select().where(ACTION_RECORDS.c.number == number)
        ).first()
        return None if row is None else ActionRecord(**row._mapping)

    def set(self, connection: Connection, number: int, **values: Any) -> None:
        """Change one."""
        connection.execute(
            sa.update(ACTION_RECORDS)
            .where(ACTION_RECORDS.c.number == number)
            .values(**values)
        )

    def add_event(
        self,
        connection: Connection,
        number: int,
        event: Mapping[str, Any],
        now: float,
        message: str | None,
    ) -> None:
        """Something was done for the action."""
        found = self.get(connection, number)
        if found is not None:
            events = [*found.events, dict(event)]
            self.set(
                connection,
                number,
                events=events,
                updated_at=now,
                message=message or found.message,
            )

    def of_server(self, connection: Connection, server_id: str) -> list[ActionRecord]:
        """The newest first."""
        rows = connection.execute(
            ACTION_RECORDS.select()
            .where(ACTION_RECORDS.c.server_id == server_id)
            .order_by(ACTION_RECORDS.c.number.desc())
        )
        return [ActionRecord(**row._mapping) for row in rows]


class QuotaStore:
    """Limits that an administrator has set, inside the caller's transactions."""

    def of(self, connection: Connection, owner: str) -> dict[str, int]:
        """Resource to limit."""
        return self.of_each(connection, [owner])[owner]

    def of_each(
        self, connection: Connection, owners: Collection[str]
    ) -> dict[str, dict[str, int]]:
        """Resource to limit, for each of these owners."""
        found: dict[str, dict[str, int]] = {owner: {} for owner in owners}
        values = {"owners": list(found)}
        for owner, resource, ceiling in connection.execute(_QUOTAS_OF, values):
            found[owner][resource] = ceiling
        return found

    def set(
        self, connection: Connection, owner: str, limits: Mapping[str, int]
    ) -> None:
        """Set some."""
        for resource, ceiling in limits.items():
            key = [QUOTAS.c.owner == owner, QUOTAS.c.resource == resource]
            connection.execute(sa.delete(QUOTAS).where(*key))
            connection.execute(
                QUOTAS.insert().values(owner=owner, resource=resource, ceiling=ceiling)
            )

    def forget(self, connection: Connection, owner: str) -> None:
        """Back to the usual ones."""
        connection.execute(sa.delete(QUOTAS).where(QUOTAS.c.owner == owner))


class ConsoleTokenStore:
    """Leave to look at consoles, inside the caller's transactions."""

    def add(self, connection: Connection, token: ConsoleToken) -> None:
        """A new one."""
        connection.execute(
            CONSOLE_TOKENS.insert().values(
                digest=token.digest,
                server_id=token.server_id,
                host=token.host,
                kind=token.kind,
                expires_at=token.expires_at,
            )
        )

    def find(
        self, connection: Connection, digest: str, now: float
    ) -> ConsoleToken | None:
        """One that is still good."""
        row = connection.execute(
            CONSOLE_TOKENS.select().where(
                CONSOLE_TOKENS.c.digest == digest, CONSOLE_TOKENS.c.expires_at > now
            )
        ).first()
        return None if row is None else ConsoleToken(**row._mapping)

    def forget(self, connection: Connection, server_id: str) -> None:
        """A server's tokens open nothing any more."""
        connection.execute(
            sa.delete(CONSOLE_TOKENS).where(CONSOLE_TOKENS.c.server_id == server_id)
        )

    def forget_expired(self, connection: Connection, now: float) -> None:
        """Those that are past their time."""
        connection.execute(
            sa.delete(CONSOLE_TOKENS).where(CONSOLE_TOKENS.c.expires_at <= now)
        )
