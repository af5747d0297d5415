"""``/v3/role_assignments``: who has which role where, as given or in effect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from compute.core.api.frame import ApiCall, Route
from compute.core.api.query import Query
from compute.core.errors import BadRequest
from compute.core.sql.database import Connection
from compute.identity import tables
from compute.identity.api.replies import Document, link, many
from compute.identity.effective import Line, as_lines, effective_lines
from compute.identity.model import DOMAIN, GROUP, PROJECT, SYSTEM, USER, Assignment
from compute.identity.parts import Parts
from compute.identity.store import assignments, tree
from compute.identity.store.subjects import groups, projects, roles, users
from objectstore.kernel.reply import Reply

_INHERITED_TO = "scope.OS-INHERIT:inherited_to"


@dataclass(frozen=True, slots=True)
class Filters:
    """What is asked for; "" where nothing was said."""

    user_id: str
    group_id: str
    role_id: str
    project_id: str
    domain_id: str
    system: bool
    inherited: bool
    effective: bool
    names: bool
    subtree: bool


def parse_filters(query: Query) -> Filters:
    """Raises ``BadRequest`` for filters that contradict each other."""
    filters = Filters(
        user_id=query.one("user.id"),
        group_id=query.one("group.id"),
        role_id=query.one("role.id"),
        project_id=query.one("scope.project.id"),
        domain_id=query.one("scope.domain.id"),
        system="scope.system" in query,
        inherited=_INHERITED_TO in query,
        effective=_said(query, "effective"),
        names=_said(query, "include_names"),
        subtree=_said(query, "include_subtree"),
    )
    if filters.effective and filters.group_id:
        raise BadRequest(
            "Combining effective and group filter will always result in an empty list."
        )
    if filters.effective and filters.domain_id and filters.inherited:
        raise BadRequest(
            "Combining effective, domain and inherited filters will always"
            " result in an empty list."
        )
    if filters.user_id and filters.group_id:
        raise BadRequest("Specify a user or group, not both")
    if len([part for part in (filters.project_id, filters.domain_id) if part]) > 1:
        raise BadRequest("Specify a domain or project, not both")
    if filters.subtree and not filters.project_id:
        raise BadRequest(
            "scope.project.id must be specified if include_subtree is also specified"
        )
    return filters


def _said(query: Query, name: str) -> bool:
    """``?effective`` alone means yes, as does anything but a no."""
    return name in query and query.one(name).lower() not in ("0", "false")


class RoleAssignmentsApi:
    """The operation."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def routes(self) -> list[Route]:
        """Where it is."""
        return [Route("GET", "/v3/role_assignments", self.list)]

    def list(self, call: ApiCall) -> Reply:
        """The assignments, filtered."""
        filters = parse_filters(call.query)
        self._authorize(call, filters)
        own_domain = call.context.domain_id

        def load(connection: Connection) -> list[Document]:
            lines = _lines(connection, filters, own_domain, self._parts.now())
            names = _names(connection, lines) if filters.names else {}
            return [_document(call, line, names) for line in lines]

        return many(call, "role_assignments", self._parts.read(load))

    def _authorize(self, call: ApiCall, filters: Filters) -> None:
        target = {
            "target.domain_id": call.context.domain_id,
            "target.user.id": filters.user_id,
        }
        rule = "identity:list_role_assignments"
        if filters.subtree:
            rule = "identity:list_role_assignments_for_tree"
            found = self._parts.read(
                lambda connection: projects.find(connection, filters.project_id)
            )
            if found is not None:
                target["target.project.id"] = found.id
                target["target.project.domain_id"] = found.domain_id
        self._parts.enforce(call.context, rule, target)


def _lines(
    connection: Connection, filters: Filters, own_domain: str, now: float
) -> list[Line]:
    rows = tables.assignments.c
    wanted_projects = {filters.project_id}
    if filters.subtree:
        below = tree.subtree(connection, filters.project_id)
        wanted_projects |= {project.id for project in below}
    conditions: list[Any] = []
    if filters.inherited:
        conditions.append(rows.inherited.is_(True))
    if not filters.effective:
        # In effect, any of these may come from an assignment that names another.
        for column, kind, value in (
            (rows.actor_id, USER, filters.user_id),
            (rows.actor_id, GROUP, filters.group_id),
        ):
            if value:
                conditions += [rows.actor_kind == kind, column == value]
        if filters.role_id:
            conditions.append(rows.role_id == filters.role_id)
    elif filters.user_id:
        held = assignments.of_user(connection, filters.user_id, now)
        return _matching(
            connection,
            _in_effect(connection, held, now),
            filters,
            wanted_projects,
            own_domain,
        )
    held = assignments.where(connection, *conditions)
    lines = _in_effect(connection, held, now) if filters.effective else as_lines(held)
    return _matching(connection, lines, filters, wanted_projects, own_domain)


def _in_effect(
    connection: Connection, held: list[Assignment], now: float
) -> list[Line]:
    group_ids = {item.actor_id for item in held if item.actor_kind == GROUP}
    members = {
        group_id: assignments.members_of(connection, group_id, now)
        for group_id in group_ids
    }
    below: list[Any] = []
    if any(item.inherited for item in held):
        below = projects.where(connection, tables.projects.c.is_domain.is_(False))
    lines = effective_lines(held, members, below, assignments.implications(connection))
    # Roles of domains only bring others: they are in no token.
    of_domains = {
        role.id for role in roles.where(connection, tables.roles.c.domain_id != "")
    }
    return [line for line in lines if line.assignment.role_id not in of_domains]


def _matching(
    connection: Connection,
    lines: Iterable[Line],
    filters: Filters,
    wanted_projects: set[str],
    own_domain: str,
) -> list[Line]:
    own_targets: set[str] | None = None
    if own_domain:
        inside = tree.in_domain(connection, own_domain)
        own_targets = {own_domain, *(project.id for project in inside)}
    found = []
    for line in lines:
        item = line.assignment
        if filters.user_id and (item.actor_kind, item.actor_id) != (
            USER,
            filters.user_id,
        ):
            continue
        if filters.role_id and item.role_id != filters.role_id:
            continue
        if filters.project_id and not (
            item.target_kind == PROJECT and item.target_id in wanted_projects
        ):
            continue
        if filters.domain_id and (item.target_kind, item.target_id) != (
            DOMAIN,
            filters.domain_id,
        ):
            continue
        if filters.system and item.target_kind != SYSTEM:
            continue
        if own_targets is not None and item.target_id not in own_targets:
            continue
        found.append(line)
    return found


# ---- how it is shown -----------------------------------------------------------


def _names(connection: Connection, lines: list[Line]) -> Mapping[str, Document]:
    """Each id's name, and its domain's id and name."""
    found: dict[str, Document] = {}
    items = [line.assignment for line in lines]
    owned: dict[str, Any] = {}
    owned.update(users.by_keys(connection, {item.actor_id for item in items}))
    owned.update(groups.by_keys(connection, {item.actor_id for item in items}))
    owned.update(projects.by_keys(connection, {item.target_id for item in items}))
    owned.update(roles.by_keys(connection, {item.role_id for item in items}))
    domains = projects.by_keys(connection, {item.domain_id for item in owned.values()})
    for key, record in owned.items():
        found[key] = {"name": record.name}
        domain = domains.get(record.domain_id)
        if domain is not None:
            found[key]["domain"] = {"id": domain.id, "name": domain.name}
    return found


def _document(call: ApiCall, line: Line, names: Mapping[str, Document]) -> Document:
    item = line.assignment

    def shown(identifier: str) -> Document:
        return {"id": identifier, **names.get(identifier, {})}

    scope: Document = {}
    if item.target_kind == SYSTEM:
        scope["system"] = {"all": True}
    else:
        scope[item.target_kind] = shown(item.target_id)
    if item.inherited or line.inherited_from is not None:
        scope["OS-INHERIT:inherited_to"] = "projects"
    links = {"assignment": link(call, _path(line))}
    if line.group_id:
        links["membership"] = link(
            call, f"groups/{line.group_id}/users/{item.actor_id}"
        )
    if line.prior_role_id:
        links["prior_role"] = link(
            call, f"roles/{line.prior_role_id}/implies/{item.role_id}"
        )
    return {
        item.actor_kind: shown(item.actor_id),
        "role": shown(item.role_id),
        "scope": scope,
        "links": links,
    }


def _path(line: Line) -> str:
    """Where the assignment itself is, from which the line follows."""
    item = line.assignment
    actor = f"groups/{line.group_id}" if line.group_id else ""
    actor = actor or f"{item.actor_kind}s/{item.actor_id}"
    role = line.prior_role_id or item.role_id
    if item.target_kind == SYSTEM:
        return f"system/{actor}/roles/{role}"
    kind, target = line.inherited_from or (item.target_kind, item.target_id)
    path = f"{kind}s/{target}/{actor}/roles/{role}"
    if item.inherited or line.inherited_from is not None:
        return f"OS-INHERIT/{path}/inherited_to_projects"
    return path
