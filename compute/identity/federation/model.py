"""The records of federation, as they are stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# An id: part of paths, and of the names of sections in the operator's file.
KEY_PATTERN = r"^[A-Za-z0-9._~@-]{1,64}$"


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """Somebody who knows people.  ``domain_id``: where his people live;
    ``authorization_ttl``: for how many minutes his word on groups counts."""

    id: str
    enabled: bool
    description: str | None
    domain_id: str
    authorization_ttl: int | None


@dataclass(frozen=True, slots=True)
class AttributeMapping:
    """Rules that make a user and groups of what a provider says."""

    id: str
    schema_version: str
    rules: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Protocol:
    """A way of signing in by a provider; ``id``: see ``protocol_key``."""

    id: str
    provider_id: str
    name: str
    mapping_id: str
    remote_id_attribute: str | None


@dataclass(frozen=True, slots=True)
class ServiceProvider:
    """Another cloud that would believe this one."""

    id: str
    enabled: bool
    description: str | None
    auth_url: str
    sp_url: str
    relay_state_prefix: str


def protocol_key(provider_id: str, name: str) -> str:
    """The id of a protocol's row: its name is one provider's only."""
    return f"{provider_id}/{name}"
