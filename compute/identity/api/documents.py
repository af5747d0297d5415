"""How the API shows users, groups, projects, domains and roles."""

from __future__ import annotations

from collections.abc import Iterable

from compute.core.api.frame import ApiCall
from compute.core.instants import iso_micro_z
from compute.core.sql.database import Connection
from compute.identity.api.replies import Document, linked
from compute.identity.model import Group, Project, Role, User
from compute.identity.store import tree


def user_document(call: ApiCall, user: User) -> Document:
    """The user as the API shows him: never a hash."""
    expires = user.password_expires_at
    document: Document = {
        **user.extra,
        "id": user.id,
        "name": user.name,
        "domain_id": user.domain_id,
        "enabled": user.enabled,
        "options": dict(user.options),
        "password_expires_at": None if expires is None else iso_micro_z(expires),
    }
    if user.default_project_id:
        document["default_project_id"] = user.default_project_id
    if user.description is not None:
        document["description"] = user.description
    return linked(call, f"users/{user.id}", document)


def federated_document(identities: Iterable[tuple[str, str, str]]) -> list[Document]:
    """By which (provider, protocol, unique id) a user comes, by provider."""
    found: dict[str, list[Document]] = {}
    for provider_id, protocol_id, unique_id in identities:
        known = {"protocol_id": protocol_id, "unique_id": unique_id}
        found.setdefault(provider_id, []).append(known)
    return [{"idp_id": key, "protocols": value} for key, value in found.items()]


def group_document(call: ApiCall, group: Group) -> Document:
    """The group as the API shows it."""
    document = {
        **group.extra,
        "id": group.id,
        "name": group.name,
        "domain_id": group.domain_id,
        "description": group.description,
    }
    return linked(call, f"groups/{group.id}", document)


def project_document(call: ApiCall, project: Project, tags: Iterable[str]) -> Document:
    """The project as the API shows it."""
    document = {
        **project.extra,
        "id": project.id,
        "name": project.name,
        "domain_id": project.domain_id or None,
        "parent_id": project.parent_id or None,
        "is_domain": project.is_domain,
        "enabled": project.enabled,
        "description": project.description,
        "options": dict(project.options),
        "tags": list(tags),
    }
    return linked(call, f"projects/{project.id}", document)


def project_documents(
    call: ApiCall, connection: Connection, projects: Iterable[Project]
) -> list[Document]:
    """Several, with their tags."""
    found = list(projects)
    tags = tree.TAGS.of(connection, [project.id for project in found])
    return [project_document(call, project, tags[project.id]) for project in found]


def domain_document(call: ApiCall, domain: Project) -> Document:
    """The domain as the API shows it."""
    document = {
        **domain.extra,
        "id": domain.id,
        "name": domain.name,
        "enabled": domain.enabled,
        "description": domain.description,
        "options": dict(domain.options),
        "tags": [],
    }
    return linked(call, f"domains/{domain.id}", document)


def role_document(call: ApiCall, role: Role) -> Document:
    """The role as the API shows it."""
    document = {
        **role.extra,
        "id": role.id,
        "name": role.name,
        "domain_id": role.domain_id or None,
        "description": role.description,
        "options": dict(role.options),
    }
    return linked(call, f"roles/{role.id}", document)
