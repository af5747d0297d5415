"""``/v3/groups`` and who is in them."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall, Route, empty_reply
from compute.core.errors import NotFound
from compute.core.sql.database import Connection
from compute.identity import tables
from compute.identity.api import shapes
from compute.identity.api.documents import group_document, user_document
from compute.identity.api.reading import load, page_reply
from compute.identity.api.replies import (
    changes_of,
    one,
    own_domain,
    short,
    without,
)
from compute.identity.api.users import EXPIRES
from compute.identity.changes import groups as changes
from compute.identity.model import Group, User
from compute.identity.parts import Parts
from compute.identity.store import assignments
from compute.identity.store.filters import moment_conditions, text_conditions
from compute.identity.store.subjects import groups, users
from objectstore.kernel.reply import Reply

_PROPERTIES = {
    "name": shapes.NAME,
    "domain_id": shapes.ID,
    "description": shapes.TEXT,
}
_CREATE = shapes.body("group", _PROPERTIES, ["name"])
_UPDATE = shapes.body("group", _PROPERTIES)
_KNOWN = tuple(_PROPERTIES)
_MEMBER = "/v3/groups/{group_id}/users/{user_id}"


class GroupsApi:
    """The operations."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("GET", "/v3/groups", self.list),
            Route("POST", "/v3/groups", self.create),
            Route("GET", "/v3/groups/{group_id}", self.show),
            Route("PATCH", "/v3/groups/{group_id}", self.update),
            Route("DELETE", "/v3/groups/{group_id}", self.delete),
            Route("GET", "/v3/groups/{group_id}/users", self.members),
            Route("PUT", _MEMBER, self.add),
            Route("GET", _MEMBER, self.contains),
            Route("DELETE", _MEMBER, self.remove),
        ]

    def list(self, call: ApiCall) -> Reply:
        """The groups, filtered."""
        context, rows = call.context, tables.groups.c
        domain_id = call.query.one("domain_id") or context.domain_id
        self._parts.enforce(
            context, "identity:list_groups", {"target.domain_id": domain_id}
        )
        conditions = text_conditions(
            call.query, {"name": rows.name, "domain_id": rows.domain_id}
        )
        if domain_id:
            conditions.append(rows.domain_id == domain_id)
        return page_reply(
            self._parts, call, "groups", groups, conditions, group_document
        )

    def create(self, call: ApiCall) -> Reply:
        """A new group."""
        wanted = call.json(_CREATE)["group"]
        domain_id = wanted.get("domain_id") or own_domain(call)
        target = {"target.group.domain_id": domain_id}
        self._parts.enforce(call.context, "identity:create_group", target)
        extra = without(wanted, _KNOWN)
        group = changes.create(self._parts, call.context, domain_id, wanted, extra)
        return one(201, "group", group_document(call, group))

    def show(self, call: ApiCall) -> Reply:
        """One group."""
        return one(200, "group", group_document(call, self._group(call, "get_group")))

    def update(self, call: ApiCall) -> Reply:
        """Change a group."""
        group = self._group(call, "update_group")
        wanted = changes_of(call, _UPDATE, "group", group.id)
        extra = without(wanted, _KNOWN)
        changed = changes.update(self._parts, call.context, group, wanted, extra)
        return one(200, "group", group_document(call, changed))

    def delete(self, call: ApiCall) -> Reply:
        """Take a group away; its members stay users."""
        group = self._group(call, "delete_group")
        changes.delete(self._parts, call.context, group)
        return empty_reply()

    def members(self, call: ApiCall) -> Reply:
        """The users of a group."""
        group = self._group(call, "list_users_in_group")
        rows = tables.users.c
        conditions = text_conditions(call.query, {"name": rows.name})
        conditions += moment_conditions(call.query, EXPIRES, rows.password_expires_at)

        if call.context.domain_id:
            # Members may be of any domain; those of others are not theirs to see.
            conditions.append(rows.domain_id == call.context.domain_id)

        def load(connection: Connection) -> list[User]:
            inside = rows.id.in_(
                assignments.members_of(connection, group.id, self._parts.now())
            )
            return users.where(connection, inside, *conditions)

        found = self._parts.read(load)
        return short(call, "users", [user_document(call, user) for user in found])

    def add(self, call: ApiCall) -> Reply:
        """Put a user into a group."""
        group, user = self._pair(call, "add_user_to_group")
        changes.add_member(self._parts, call.context, group, user)
        return empty_reply()

    def contains(self, call: ApiCall) -> Reply:
        """Whether a user is in a group."""
        group, user = self._pair(call, "check_user_in_group")
        known = self._parts.read(
            lambda connection: assignments.groups_of(
                connection, user.id, self._parts.now()
            )
        )
        if group.id not in known:
            raise NotFound(f"User {user.id} not found in group {group.id}.")
        return empty_reply()

    def remove(self, call: ApiCall) -> Reply:
        """Take a user out of a group."""
        group, user = self._pair(call, "remove_user_from_group")
        changes.remove_member(self._parts, call.context, group, user)
        return empty_reply()

    def _group(self, call: ApiCall, operation: str) -> Group:
        return load(self._parts, call, operation, groups, "group_id", _target)

    def _pair(self, call: ApiCall, operation: str) -> tuple[Group, User]:
        group_id, user_id = call.parameters["group_id"], call.parameters["user_id"]

        def load(connection: Connection) -> tuple[Group | None, User | None]:
            return groups.find(connection, group_id), users.find(connection, user_id)

        group, user = self._parts.read(load)
        target: dict[str, Any] = {}
        if group is not None and user is not None:
            target = {
                "target.group.domain_id": group.domain_id,
                "target.user.domain_id": user.domain_id,
                "target.user.id": user.id,
            }
        self._parts.enforce(call.context, f"identity:{operation}", target)
        if group is None:
            raise groups.missing(group_id)
        if user is None:
            raise users.missing(user_id)
        return group, user


def _target(group: Group) -> dict[str, Any]:
    return {"target.group.domain_id": group.domain_id}
