"""``/v3/users``."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall, Route, empty_reply
from compute.identity import tables
from compute.identity.api import shapes
from compute.identity.api.documents import (
    federated_document,
    group_document,
    project_documents,
    user_document,
)
from compute.identity.api.reading import load, page_reply
from compute.identity.api.replies import (
    changes_of,
    one,
    own_domain,
    short,
    without,
)
from compute.identity.changes import users as changes
from compute.identity.federation.subjects import identities_of
from compute.identity.model import User
from compute.identity.parts import Parts
from compute.identity.store import assignments, reach
from compute.identity.store.filters import (
    flag_condition,
    moment_conditions,
    text_conditions,
)
from compute.identity.store.subjects import groups, users
from objectstore.kernel.reply import Reply

_PROPERTIES = {
    "name": shapes.NAME,
    "domain_id": shapes.ID,
    "default_project_id": shapes.OPTIONAL_ID,
    "description": shapes.TEXT,
    "enabled": shapes.FLAG,
    "password": {"type": ["string", "null"], "maxLength": 4096},
    "options": shapes.OPTIONS,
}
_CREATE = shapes.body("user", _PROPERTIES, ["name"])
_UPDATE = shapes.body("user", _PROPERTIES)
_PASSWORD = shapes.body(
    "user",
    {
        "original_password": {"type": "string", "maxLength": 4096},
        "password": {"type": "string", "maxLength": 4096},
    },
    ["original_password", "password"],
)
EXPIRES = "password_expires_at"
_KNOWN = (*_PROPERTIES, EXPIRES, "original_password")


class UsersApi:
    """The operations."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("GET", "/v3/users", self.list),
            Route("POST", "/v3/users", self.create),
            Route("GET", "/v3/users/{user_id}", self.show),
            Route("PATCH", "/v3/users/{user_id}", self.update),
            Route("DELETE", "/v3/users/{user_id}", self.delete),
            Route("POST", "/v3/users/{user_id}/password", self.password, public=True),
            Route("GET", "/v3/users/{user_id}/groups", self.groups),
            Route("GET", "/v3/users/{user_id}/projects", self.projects),
        ]

    def list(self, call: ApiCall) -> Reply:
        """The users, filtered."""
        context, rows = call.context, tables.users.c
        domain_id = call.query.one("domain_id") or context.domain_id
        self._parts.enforce(
            context, "identity:list_users", {"target.domain_id": domain_id}
        )
        conditions = text_conditions(
            call.query, {"name": rows.name, "domain_id": rows.domain_id}
        )
        conditions += flag_condition(call.query, "enabled", rows.enabled)
        conditions += moment_conditions(call.query, EXPIRES, rows.password_expires_at)
        if domain_id:
            conditions.append(rows.domain_id == domain_id)
        return page_reply(self._parts, call, "users", users, conditions, user_document)

    def create(self, call: ApiCall) -> Reply:
        """A new user."""
        wanted = call.json(_CREATE)["user"]
        domain_id = wanted.get("domain_id") or own_domain(call)
        target = {"target.user.domain_id": domain_id}
        self._parts.enforce(call.context, "identity:create_user", target)
        extra = without(wanted, _KNOWN)
        user = changes.create(self._parts, call.context, domain_id, wanted, extra)
        return one(201, "user", user_document(call, user))

    def show(self, call: ApiCall) -> Reply:
        """One user."""
        user = self._user(call, "get_user")
        known = self._parts.read(lambda connection: identities_of(connection, user.id))
        document = user_document(call, user)
        if known:
            document["federated"] = federated_document(known)
        return one(200, "user", document)

    def update(self, call: ApiCall) -> Reply:
        """Change a user."""
        user = self._user(call, "update_user")
        wanted = changes_of(call, _UPDATE, "user", user.id)
        extra = without(wanted, _KNOWN)
        changed = changes.update(self._parts, call.context, user, wanted, extra)
        return one(200, "user", user_document(call, changed))

    def delete(self, call: ApiCall) -> Reply:
        """Take a user away with all that is his."""
        user = self._user(call, "delete_user")
        changes.delete(self._parts, call.context, user)
        return empty_reply()

    def password(self, call: ApiCall) -> Reply:
        """Users change their own password, knowing the old one: no token needed, so
        that an expired one can be changed."""
        wanted = call.json(_PASSWORD)["user"]
        changes.change_password(
            self._parts,
            call.context,
            call.parameters["user_id"],
            wanted["original_password"],
            wanted["password"],
        )
        return empty_reply()

    def groups(self, call: ApiCall) -> Reply:
        """The user's groups."""
        user = self._user(call, "list_groups_for_user")
        found = self._parts.read(
            lambda connection: groups.by_keys(
                connection,
                assignments.groups_of(connection, user.id, self._parts.now()),
            )
        )
        own = call.context.domain_id
        documents = [
            group_document(call, group)
            for group in found.values()
            if own in ("", group.domain_id)
        ]
        return short(call, "groups", documents)

    def projects(self, call: ApiCall) -> Reply:
        """The projects on which the user has a role."""
        user = self._user(call, "list_user_projects")
        found = self._parts.read(
            lambda connection: project_documents(
                call,
                connection,
                reach.reachable_projects(connection, user.id, self._parts.now()),
            )
        )
        return short(call, "projects", found)

    def _user(self, call: ApiCall, operation: str) -> User:
        return load(self._parts, call, operation, users, "user_id", _target)


def _target(user: User) -> dict[str, Any]:
    return {"target.user.id": user.id, "target.user.domain_id": user.domain_id}
