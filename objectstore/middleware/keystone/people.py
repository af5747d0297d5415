"""From what identity says of a token to what its bearer may do here.  Pure.

ACL entries that name him: ``PROJECT:USER``, ``PROJECT``, ``PROJECT:*``, ``*:USER`` and
``*:*``, by ids; by names too when both are of the default domain, where names cannot
be made by others.  A role's name in an ACL counts in the project's own accounts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from objectstore.client.access_rules import AccessRule
from objectstore.kernel.access import Identity
from objectstore.middleware.keystone.roles import PrefixRoles


@dataclass(frozen=True, slots=True)
class RoleMeaning:
    """What roles mean in this store."""

    prefixes: tuple[PrefixRoles, ...]
    reseller_admin: frozenset[str]
    reader: frozenset[str]
    system_reader: frozenset[str]
    # "" when names never count in ACLs.
    default_domain_id: str


@dataclass(frozen=True, slots=True)
class Person:
    """The bearer of a token."""

    user_id: str
    project_id: str  # "" when the token has no project
    roles: frozenset[str]
    names: tuple[str, ...]  # by which ACLs may name him
    # What an application credential is restricted to; None: no restriction.
    access_rules: tuple[AccessRule, ...] | None


@dataclass(frozen=True, slots=True)
class ProjectIdentity(Identity):
    """An ``Identity`` that remembers what else decides in its own accounts."""

    own_accounts: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()


def person_of(token: Mapping[str, Any], default_domain_id: str) -> Person:
    """From the ``token`` object of identity's reply.

    Roles on a domain are none here: its administrator would pass for one of the cloud.
    """
    user = token["user"]
    roles = () if "domain" in token else token.get("roles", ())
    project: Mapping[str, Any] = token.get("project") or {}
    rules = (token.get("application_credential") or {}).get("access_rules")
    return Person(
        user["id"],
        project.get("id", ""),
        frozenset(role["name"].lower() for role in roles),
        _names(user, project, default_domain_id),
        None
        if rules is None
        else tuple(
            AccessRule(rule["service"], rule["method"], rule["path"]) for rule in rules
        ),
    )


def identity_of(
    person: Person, meaning: RoleMeaning, service_roles: frozenset[str] = frozenset()
) -> ProjectIdentity:
    """What he may do; ``service_roles``: those of the service that vouches for him."""
    project_id, roles = person.project_id, person.roles
    owned, own, readable = [], [], []
    for rule in meaning.prefixes if project_id else ():
        account = rule.prefix + project_id
        if rule.service_roles and rule.service_roles.isdisjoint(service_roles):
            continue
        own.append(account)
        if not rule.operator_roles.isdisjoint(roles):
            owned.append(account)
        if not meaning.reader.isdisjoint(roles):
            readable.append(account)
    return ProjectIdentity(
        user=f"{project_id}:{person.user_id}",
        groups=person.names,
        owned_accounts=tuple(owned),
        is_reseller_admin=not meaning.reseller_admin.isdisjoint(roles),
        may_read_all=not meaning.system_reader.isdisjoint(roles),
        readable_accounts=tuple(readable),
        own_accounts=frozenset(own),
        roles=roles,
    )


def _names(
    user: Mapping[str, Any], project: Mapping[str, Any], default_domain_id: str
) -> tuple[str, ...]:
    pairs: list[Sequence[str]] = [(project.get("id", ""), user["id"])]
    domains = {
        (user.get("domain") or {}).get("id"),
        (project.get("domain") or {}).get("id", default_domain_id),
    }
    if default_domain_id and domains == {default_domain_id}:
        pairs.append((project.get("name", ""), user["name"]))
    found: list[str] = []
    for project_name, user_name in pairs:
        # A colon in a name would let it pass for somebody else's pair.
        if ":" in project_name or ":" in user_name:
            continue
        if project_name:
            found += [
                f"{project_name}:{user_name}",
                project_name,
                f"{project_name}:*",
            ]
        found.append(f"*:{user_name}")
    return tuple(found)
