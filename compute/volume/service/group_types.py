"""Which group type somebody means, and may use; operators make them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from compute.core.context import RequestContext
from compute.core.errors import BadRequest, Conflict, NotFound
from compute.core.sql.database import Connection, Duplicate
from compute.volume.group_records import GroupType
from compute.volume.parts import Parts

MANAGE, SPECS = "group:group_types_manage", "group:access_group_types_specs"


class GroupTypes:
    """Each call is one transaction."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._rows = parts.stores.group_types

    def visible(self, context: RequestContext) -> list[GroupType]:
        """All that the caller may know of."""
        found = self._parts.database.read(self._rows.all)
        return [each for each in found if self._is_visible(context, each)]

    def get(
        self, connection: Connection, context: RequestContext, key: str
    ) -> GroupType:
        """By id, or by name; ``NotFound``."""
        found = self._rows.get(connection, key)
        if found is None:
            found = next(iter(self._rows.all(connection, name=key)), None)
        if found is None or not self._is_visible(context, found):
            raise NotFound(f"Group type {key} could not be found.")
        return found

    def create(self, context: RequestContext, values: Mapping[str, Any]) -> GroupType:
        """A new one; ``Conflict``."""
        parts = self._parts
        parts.enforce(context, MANAGE)
        now = parts.clock.time()
        made = GroupType(
            id=parts.identifiers.uuid(), created_at=now, updated_at=now, **values
        )

        def write(connection: Connection) -> None:
            self._rows.add(connection, made)
            parts.tell(connection, context, "group_type.create", made.id)

        try:
            parts.change(write)
        except Duplicate:
            raise _exists(made.name) from None
        return made

    def change(
        self,
        context: RequestContext,
        key: str,
        rule: str,
        decide: Callable[[GroupType], Mapping[str, Any]],
    ) -> GroupType:
        """Set what ``decide`` says; ``Conflict`` for a name that another one has."""
        parts = self._parts
        parts.enforce(context, rule)

        def write(connection: Connection) -> GroupType:
            found = self.get(connection, context, key)
            values = {**decide(found), "updated_at": parts.clock.time()}
            parts.tell(connection, context, "group_type.update", found.id)
            return self._rows.change(connection, found, **values)

        try:
            return parts.change(write)
        except Duplicate:
            raise _exists("that name") from None

    def delete(self, context: RequestContext, key: str) -> None:
        """One that no group is of."""
        parts = self._parts
        parts.enforce(context, MANAGE)

        def write(connection: Connection) -> None:
            found = self.get(connection, context, key)
            if parts.stores.groups.all(connection, group_type_id=found.id):
                raise BadRequest("Target group type is still in use.")
            self._rows.delete(connection, found.id)
            parts.tell(connection, context, "group_type.delete", found.id)

        parts.change(write)

    @staticmethod
    def _is_visible(context: RequestContext, found: GroupType) -> bool:
        return (
            found.is_public or context.has_role("admin") or context.has_role("service")
        )


def _exists(name: str) -> Conflict:
    return Conflict(f"Group Type {name} already exists.")
