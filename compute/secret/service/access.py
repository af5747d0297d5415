"""Access lists: who reads a secret or a container."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from compute.core.context import RequestContext
from compute.core.sql.database import Connection
from compute.secret.model import SECRETS, Access, Container, Secret
from compute.secret.parts import Parts
from compute.secret.service.finding import find_container, find_secret


class AccessService:
    """Those of secrets, or of containers (``kind``)."""

    def __init__(self, parts: Parts, kind: str) -> None:
        self._parts = parts
        self._is_secret = kind == SECRETS

    def show(self, context: RequestContext, subject_id: str) -> Access:
        """As it is."""
        return self._parts.read(
            lambda connection: self._find(connection, context, subject_id, "get").access
        )

    def change(
        self,
        context: RequestContext,
        subject_id: str,
        users: tuple[str, ...] | None,
        project_access: bool | None,
        *,
        anew: bool,
    ) -> None:
        """What is None is as it was or, when it is said ``anew``, as it is usually."""
        now = self._parts.now()

        def changed(there: Access) -> Access:
            base = Access() if anew else there
            return Access(
                base.project_access if project_access is None else project_access,
                base.users if users is None else users,
                now if there.created_at is None else there.created_at,
                now,
            )

        self._save(context, subject_id, "put_patch", changed)

    def drop(self, context: RequestContext, subject_id: str) -> None:
        """As if nothing had been said."""
        self._save(context, subject_id, "delete", lambda _: Access())

    def _save(
        self,
        context: RequestContext,
        subject_id: str,
        act: str,
        change: Callable[[Access], Access],
    ) -> None:
        stores = self._parts.stores

        def write(connection: Connection) -> None:
            found = self._find(connection, context, subject_id, act)
            access = change(found.access)
            stores.set_readers(connection, found.id, access.users)
            if isinstance(found, Secret):
                saved = dataclasses.replace(found, access=access)
                stores.save_secret(connection, saved)
            else:
                stores.save_container(
                    connection, dataclasses.replace(found, access=access)
                )

        self._parts.run(write)

    def _find(
        self, connection: Connection, context: RequestContext, subject_id: str, act: str
    ) -> Secret | Container:
        parts = self._parts
        if self._is_secret:
            rule = f"secret_acls:{act}"
            return find_secret(connection, parts, context, subject_id, rule)
        rule = f"container_acls:{act}"
        return find_container(connection, parts, context, subject_id, rule)
