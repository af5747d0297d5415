"""Creating, changing and deleting projects and domains.

A project belongs to one domain and has a parent: the domain, or another project of
it.  Names are unique in the domain, those of domains everywhere.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from compute.core.context import RequestContext
from compute.core.errors import BadRequest, Conflict, Forbidden
from compute.core.sql.database import Connection, Duplicate
from compute.identity import tables
from compute.identity.changes.groups import forget_group
from compute.identity.changes.names import check_domain
from compute.identity.changes.revoking import run_revoking
from compute.identity.changes.users import forget_user
from compute.identity.federation.changes import forget_provider
from compute.identity.federation.subjects import identity_providers
from compute.identity.model import DEFAULT_DOMAIN_ID, DOMAIN, PROJECT, Project
from compute.identity.parts import Parts
from compute.identity.store import assignments, tree
from compute.identity.store.subjects import groups, projects, roles, users
from compute.identity.tokens import revocation
from compute.identity.tokens.revocation import Subject

IMMUTABLE = "immutable"
_TAKEN = "it is not permitted to have two projects with the same name in a domain"


def create(
    parts: Parts,
    context: RequestContext,
    project: Project,
    tags: Sequence[str] = (),
) -> Project:
    """A new project or domain (its places checked here); ``Conflict`` when the name is
    taken."""

    def write(connection: Connection) -> Project:
        placed = project if project.is_domain else _placed(connection, project)
        projects.insert(connection, placed)
        tree.TAGS.set(connection, placed.id, tags)
        kind = "domain.create" if placed.is_domain else "project.create"
        parts.note(connection, context, kind, placed.id)
        return placed

    try:
        return parts.run(write)
    except Duplicate:
        raise _conflict(project) from None


def update(
    parts: Parts,
    context: RequestContext,
    project: Project,
    wanted: Mapping[str, Any],
    extra: Mapping[str, Any],
) -> Project:
    """Change it.  Disabling ends the tokens for it and for what is in it."""
    for name in ("domain_id", "parent_id", "is_domain"):
        before = getattr(project, name)
        if name in wanted and (wanted[name] or "") != (before or ""):
            raise BadRequest(f"Change of {name} is not allowed")
    values = {name: wanted[name] for name in ("enabled",) if name in wanted}
    if "name" in wanted:
        values["name"] = wanted["name"].strip()
    if "description" in wanted:
        values["description"] = wanted["description"] or ""
    if "options" in wanted:
        values["options"] = merged_options(project.options, wanted["options"])
    refuse_immutable(project.options, values)
    disables = wanted.get("enabled") is False
    if disables and project.id == DEFAULT_DOMAIN_ID:
        raise Forbidden("The default domain cannot be disabled.")

    def write(connection: Connection) -> tuple[Project, list[Subject]]:
        changed = projects.update(connection, project.id, values, extra)
        if "tags" in wanted:
            tree.TAGS.set(connection, project.id, wanted["tags"])
        kind = "domain.update" if project.is_domain else "project.update"
        parts.note(connection, context, kind, project.id, {"fields": sorted(values)})
        return changed, [_subject(project)] if disables else []

    try:
        return run_revoking(parts, write)
    except Duplicate:
        raise _conflict(project) from None


def delete_project(parts: Parts, context: RequestContext, project: Project) -> None:
    """Take a project away; ``Forbidden`` while others are below it."""
    refuse_immutable(project.options, {"name": ""})

    def write(connection: Connection) -> tuple[None, list[Subject]]:
        if tree.children(connection, [project.id]):
            raise Forbidden(
                f"Cannot delete project {project.id} since it is not a leaf in the "
                "hierarchy."
            )
        forget_project(connection, project.id)
        parts.note(connection, context, "project.delete", project.id)
        return None, [_subject(project)]

    run_revoking(parts, write)


def delete_domain(parts: Parts, context: RequestContext, domain: Project) -> None:
    """Take a disabled domain away with everything in it."""
    if domain.id == DEFAULT_DOMAIN_ID:
        raise Forbidden("The default domain cannot be deleted.")
    if domain.enabled:
        raise Forbidden(
            "Cannot delete a domain that is enabled, please disable it first."
        )
    refuse_immutable(domain.options, {"name": ""})

    def write(connection: Connection) -> tuple[None, list[Subject]]:
        ended = [_subject(domain)]
        rows = tables.identity_providers
        for provider in identity_providers.where(
            connection, rows.c.domain_id == domain.id
        ):
            ended += forget_provider(connection, provider.id)
        for user in users.where(connection, tables.users.c.domain_id == domain.id):
            forget_user(connection, user.id)
        for group in groups.where(connection, tables.groups.c.domain_id == domain.id):
            forget_group(connection, group.id)
        for role in roles.where(connection, tables.roles.c.domain_id == domain.id):
            forget_role(connection, role.id)
        for project in tree.in_domain(connection, domain.id):
            forget_project(connection, project.id)
        assignments.remove_target(connection, DOMAIN, domain.id)
        limits = tables.limits
        connection.execute(limits.delete().where(limits.c.domain_id == domain.id))
        projects.remove(connection, domain.id)
        parts.note(connection, context, "domain.delete", domain.id)
        return None, ended

    run_revoking(parts, write)


def forget_project(connection: Connection, project_id: str) -> None:
    """Delete the project's row and every row that hangs on it."""
    projects.remove(connection, project_id)
    tree.TAGS.set(connection, project_id, [])
    assignments.remove_target(connection, PROJECT, project_id)
    for rows in (
        tables.credentials,
        tables.application_credentials,
        tables.trusts,
        tables.limits,
        tables.endpoint_projects,
        tables.endpoint_group_projects,
    ):
        connection.execute(rows.delete().where(rows.c.project_id == project_id))


def forget_role(connection: Connection, role_id: str) -> None:
    """Delete the role's row, its assignments and implications."""
    roles.remove(connection, role_id)
    assignments.remove_role(connection, role_id)
    rows = tables.implied_roles.c
    assignments.unimply(
        connection, (rows.prior_id == role_id) | (rows.implied_id == role_id)
    )


def set_tags(
    parts: Parts, context: RequestContext, project: Project, tags: Iterable[str]
) -> list[str]:
    """Replace a project's tags; the tags as they are then."""
    wanted = sorted(set(tags))

    def write(connection: Connection) -> list[str]:
        projects.get(connection, project.id)
        tree.TAGS.set(connection, project.id, wanted)
        parts.note(connection, context, "project.tags", project.id)
        return wanted

    return parts.run(write)


def merged_options(
    before: Mapping[str, Any], wanted: Mapping[str, Any]
) -> dict[str, Any]:
    """The options of a project or role after a change; null takes one away."""
    options = dict(before)
    for name, value in wanted.items():
        if name != IMMUTABLE or not isinstance(value, bool | None):
            raise BadRequest(f"options: only {IMMUTABLE} (true or false) is known")
        if value is None:
            options.pop(name, None)
        else:
            options[name] = value
    return options


def refuse_immutable(before: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """An immutable thing changes only by ceasing to be immutable, alone."""
    if before.get(IMMUTABLE) and set(values) - {"options"}:
        raise Forbidden("The resource is immutable: unset the option immutable first.")


def _placed(connection: Connection, project: Project) -> Project:
    """The project with its parent, both checked."""
    domain_id = project.domain_id
    check_domain(connection, domain_id)
    if not project.parent_id or project.parent_id == domain_id:
        return dataclasses.replace(project, parent_id=domain_id)
    parent = projects.find(connection, project.parent_id)
    if parent is None:
        raise projects.missing(project.parent_id)
    if parent.domain_id != domain_id:
        raise BadRequest("The parent project must be in the same domain")
    if not parent.enabled and project.enabled:
        raise Forbidden("Cannot create a project below one that is disabled.")
    if len(tree.ancestors(connection, parent)) >= tree.DEPTH_MAX:
        raise Forbidden(
            f"Projects may be {tree.DEPTH_MAX} deep: {parent.id} has no room below."
        )
    return project


def _subject(project: Project) -> Subject:
    kind = revocation.DOMAIN if project.is_domain else revocation.PROJECT
    return Subject(kind, project.id)


def _conflict(project: Project) -> Conflict:
    noun = "domain" if project.is_domain else "project"
    return Conflict(f"Conflict occurred attempting to store {noun} - {_TAKEN}.")
