"""Giving roles: users and groups on projects, domains and the system.

One set of operations for every path: ``/v3/projects/{target_id}/users/{actor_id}/
roles/{role_id}`` and its kin, ``/v3/OS-INHERIT/.../inherited_to_projects`` for what
counts below the target only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from compute.core.api.frame import ApiCall, Route, empty_reply
from compute.core.errors import NotFound
from compute.core.sql.database import Connection
from compute.identity import tables
from compute.identity.api.documents import role_document
from compute.identity.api.replies import short
from compute.identity.changes import roles as changes
from compute.identity.model import (
    DOMAIN,
    GROUP,
    PROJECT,
    SYSTEM,
    SYSTEM_ID,
    USER,
    Assignment,
    Role,
)
from compute.identity.parts import Parts, forbidden
from compute.identity.store import assignments
from compute.identity.store.subjects import groups, projects, roles, users
from objectstore.kernel.reply import Reply


@dataclass(frozen=True, slots=True)
class Place:
    """What a path is about."""

    actor_kind: str
    target_kind: str
    inherited: bool

    @property
    def path(self) -> str:
        """Its beginning, up to ``roles``."""
        if self.target_kind == SYSTEM:
            return f"/v3/system/{self.actor_kind}s/{{actor_id}}/roles"
        inner = (
            f"{self.target_kind}s/{{target_id}}/{self.actor_kind}s/{{actor_id}}/roles"
        )
        return f"/v3/OS-INHERIT/{inner}" if self.inherited else f"/v3/{inner}"

    @property
    def end(self) -> str:
        """Its end."""
        return "/inherited_to_projects" if self.inherited else ""

    def rule(self, verb: str) -> str:
        """The policy rule: ``check``, ``list``, ``create`` or ``revoke``."""
        noun = "system_grant" if self.target_kind == SYSTEM else "grant"
        return f"identity:{verb}_{noun}{'s' if verb == 'list' else ''}"


PLACES = [
    Place(actor, target, inherited)
    for actor in (USER, GROUP)
    for target in (PROJECT, DOMAIN, SYSTEM)
    for inherited in (False, True)
    if not (inherited and target == SYSTEM)
]

Operation = Callable[[ApiCall, Place], Reply]


class GrantsApi:
    """The operations."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def routes(self) -> list[Route]:
        """Where they are."""
        found = []
        for place in PLACES:
            one = f"{place.path}/{{role_id}}{place.end}"
            found += [
                Route("GET", place.path + place.end, _bound(self.list, place)),
                Route("GET", one, _bound(self.check, place)),
                Route("PUT", one, _bound(self.grant, place)),
                Route("DELETE", one, _bound(self.ungrant, place)),
            ]
        return found

    def list(self, call: ApiCall, place: Place) -> Reply:
        """The roles that the actor has been given there."""
        wanted, _ = self._assignment(call, place, "list")
        rows = tables.assignments.c

        def load(connection: Connection) -> dict[str, Role]:
            held = assignments.where(
                connection,
                rows.actor_kind == wanted.actor_kind,
                rows.actor_id == wanted.actor_id,
                rows.target_kind == wanted.target_kind,
                rows.target_id == wanted.target_id,
                rows.inherited.is_(place.inherited),
            )
            return roles.by_keys(connection, [item.role_id for item in held])

        found = self._parts.read(load)
        documents = [role_document(call, role) for role in found.values()]
        return short(call, "roles", documents)

    def check(self, call: ApiCall, place: Place) -> Reply:
        """Whether the actor has been given the role there."""
        wanted, _ = self._assignment(call, place, "check")
        if not self._parts.read(
            lambda connection: assignments.exists(connection, wanted)
        ):
            raise NotFound(
                f"Could not find role assignment with role: {wanted.role_id}."
            )
        return empty_reply()

    def grant(self, call: ApiCall, place: Place) -> Reply:
        """Give the role."""
        wanted, role = self._assignment(call, place, "create")
        if role is None:
            raise roles.missing(wanted.role_id)
        changes.grant(self._parts, call.context, wanted, role)
        return empty_reply()

    def ungrant(self, call: ApiCall, place: Place) -> Reply:
        """Take the role away."""
        wanted, _ = self._assignment(call, place, "revoke")
        changes.ungrant(self._parts, call.context, wanted)
        return empty_reply()

    def _assignment(
        self, call: ApiCall, place: Place, verb: str
    ) -> tuple[Assignment, Role | None]:
        """What the path names, all of it there, if the caller may."""
        path = call.parameters
        wanted = Assignment(
            place.actor_kind,
            path["actor_id"],
            place.target_kind,
            path.get("target_id", SYSTEM_ID),
            path.get("role_id", ""),
            place.inherited,
        )

        def load(connection: Connection) -> tuple[dict[str, Any], Role | None]:
            return _policy_target(connection, wanted), roles.find(
                connection, wanted.role_id
            )

        rule = place.rule(verb)
        try:
            target, role = self._parts.read(load)
        except NotFound:
            # Whether it is there is for those to know who may grant everywhere.
            if not self._parts.allows(call.context, rule, {}):
                raise forbidden(rule) from None
            raise
        if role is not None:
            target["target.role.name"] = role.name
        self._parts.enforce(call.context, rule, target)
        if wanted.role_id and role is None:
            raise roles.missing(wanted.role_id)
        return wanted, role


def _policy_target(connection: Connection, wanted: Assignment) -> dict[str, Any]:
    """The domains of actor and target; ``NotFound`` when one is not there."""
    if wanted.actor_kind == USER:
        actor_domain = users.get(connection, wanted.actor_id).domain_id
    else:
        actor_domain = groups.get(connection, wanted.actor_id).domain_id
    found = {"target.actor.domain_id": actor_domain}
    if wanted.target_kind != SYSTEM:
        target = projects.find(connection, wanted.target_id)
        if target is None or target.is_domain != (wanted.target_kind == DOMAIN):
            raise NotFound(
                f"Could not find {wanted.target_kind}: {wanted.target_id[:255]}."
            )
        found["target.target.domain_id"] = target.domain_id or target.id
    return found


def _bound(operation: Operation, place: Place) -> Callable[[ApiCall], Reply]:
    return lambda call: operation(call, place)
