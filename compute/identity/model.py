"""Identity's records, as they are stored.

Ids are 32 hexadecimal digits; "" stands for none.  ``extra`` holds what callers
add of their own, which the API gives back as it came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

DEFAULT_DOMAIN_ID = "default"

USER, GROUP = "user", "group"
PROJECT, DOMAIN, SYSTEM = "project", "domain", "system"
SYSTEM_ID = "system"

ADMIN, MANAGER, MEMBER, READER, SERVICE = (
    "admin",
    "manager",
    "member",
    "reader",
    "service",
)
# What each of the roles that bootstrap makes brings with it.
IMPLIED = ((ADMIN, MANAGER), (MANAGER, MEMBER), (MEMBER, READER))

Extra = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Project:
    """A project, or a domain (``is_domain``; then ``domain_id`` is "")."""

    id: str
    name: str
    domain_id: str = ""
    parent_id: str = ""
    is_domain: bool = False
    enabled: bool = True
    description: str = ""
    options: Extra = field(default_factory=dict)
    extra: Extra = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class User:
    """A user.  ``password_hash`` "" means that no password fits."""

    id: str
    name: str
    domain_id: str
    enabled: bool
    default_project_id: str
    description: str | None
    options: Extra
    extra: Extra
    created_at: float
    password_hash: str = field(repr=False)
    password_at: float
    password_expires_at: float | None
    failures: int
    failed_at: float
    # Whom the user came from, and ends with.
    identity_provider_id: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """A group of users of one domain."""

    id: str
    name: str
    domain_id: str
    description: str
    extra: Extra


@dataclass(frozen=True, slots=True)
class Role:
    """A role; with a domain it serves to imply others and is in no token."""

    id: str
    name: str
    domain_id: str
    description: str | None
    options: Extra
    extra: Extra


@dataclass(frozen=True, slots=True)
class Assignment:
    """An actor's role on a target.  An inherited one counts below the target only."""

    actor_kind: str
    actor_id: str
    target_kind: str
    target_id: str
    role_id: str
    inherited: bool


@dataclass(frozen=True, slots=True)
class Region:
    """Where endpoints are."""

    id: str
    parent_region_id: str
    description: str
    extra: Extra


@dataclass(frozen=True, slots=True)
class Service:
    """A service of the catalogue."""

    id: str
    type: str
    name: str
    description: str | None
    enabled: bool
    extra: Extra


@dataclass(frozen=True, slots=True)
class EndpointGroup:
    """All endpoints that meet ``filters`` (``interface``, ``service_id``,
    ``region_id``), those to come too."""

    id: str
    name: str
    description: str | None
    filters: Mapping[str, str]

    def has(self, endpoint: Endpoint) -> bool:
        """Whether the endpoint is one of them."""
        return all(
            getattr(endpoint, name) == value for name, value in self.filters.items()
        )


@dataclass(frozen=True, slots=True)
class RegisteredLimit:
    """How much of a resource of a service every project may have; -1: any number.
    ``region_id`` "": in all regions."""

    id: str
    service_id: str
    region_id: str
    resource_name: str
    default_limit: int
    description: str | None


@dataclass(frozen=True, slots=True)
class Limit:
    """How much one project, or one domain, may have instead."""

    id: str
    project_id: str
    domain_id: str
    service_id: str
    region_id: str
    resource_name: str
    resource_limit: int
    description: str | None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address of a service; ``url`` may hold ``$(project_id)s``."""

    id: str
    service_id: str
    region_id: str
    interface: str
    url: str
    enabled: bool
    extra: Extra


@dataclass(frozen=True, slots=True)
class Credential:
    """A secret of another kind than a password; its blob is encrypted."""

    id: str
    type: str
    user_id: str
    project_id: str
    sealed_blob: str = field(repr=False)
    extra: Extra
    # Of an EC2 key.
    access_digest: str | None = None


@dataclass(frozen=True, slots=True)
class ApplicationCredential:
    """A name and secret that stand for a user in one project."""

    id: str
    name: str
    user_id: str
    project_id: str
    secret_hash: str = field(repr=False)
    description: str | None
    expires_at: float | None
    unrestricted: bool
    role_ids: Sequence[str]
    rule_ids: Sequence[str] | None


@dataclass(frozen=True, slots=True)
class StoredRule:
    """An access rule of a user's."""

    id: str
    user_id: str
    service: str
    method: str
    path: str


@dataclass(frozen=True, slots=True)
class Trust:
    """The trustor lets the trustee act in a project with some of his roles."""

    id: str
    trustor_user_id: str
    trustee_user_id: str
    project_id: str
    impersonation: bool
    expires_at: float | None
    remaining_uses: int | None
    redelegation_count: int
    redelegated_trust_id: str
    role_ids: Sequence[str]
    extra: Extra
