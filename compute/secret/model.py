"""The room's records, as they are stored.

A *secret* is what is kept: its payload is sealed and apart from what is known of it.  A
*container* names secrets that belong together, as a certificate and its key do.  A
*consumer* is something outside that uses one of them.  An *access list* says who reads
one beside its project, or in its place.  An *order* has a key made here.

Moments are seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

# What things are called in paths and references.
SECRETS, CONTAINERS, ORDERS = "secrets", "containers", "orders"

SYMMETRIC, PUBLIC, PRIVATE = "symmetric", "public", "private"
PASSPHRASE, CERTIFICATE, OPAQUE = "passphrase", "certificate", "opaque"
SECRET_TYPES = (SYMMETRIC, PUBLIC, PRIVATE, PASSPHRASE, CERTIFICATE, OPAQUE)

TEXT, BYTES = "text/plain", "application/octet-stream"
CONTENT_TYPES = (TEXT, BYTES)

GENERIC, RSA = "generic", "rsa"
# By a container's type, the names that secrets may have in it, and those that must be
# there; None: any.
PUBLIC_KEY, PRIVATE_KEY = "public_key", "private_key"
KEY_PASSPHRASE, INTERMEDIATES = "private_key_passphrase", "intermediates"
CONTAINER_NAMES: Mapping[str, tuple[frozenset[str], frozenset[str]] | None] = {
    GENERIC: None,
    RSA: (
        frozenset({PUBLIC_KEY, PRIVATE_KEY, KEY_PASSPHRASE}),
        frozenset({PUBLIC_KEY, PRIVATE_KEY}),
    ),
    CERTIFICATE: (
        frozenset({CERTIFICATE, PRIVATE_KEY, KEY_PASSPHRASE, INTERMEDIATES}),
        frozenset({CERTIFICATE}),
    ),
}

KEY, ASYMMETRIC = "key", "asymmetric"
ORDER_TYPES = (KEY, ASYMMETRIC)

# Things are whole when they are answered: an order's key is made before it is.
ACTIVE = "ACTIVE"

# What projects have quotas of.
CONSUMERS = "consumers"
COUNTED = (SECRETS, ORDERS, CONTAINERS, CONSUMERS)
NO_LIMIT = -1


@dataclass(frozen=True, slots=True)
class Access:
    """Who reads a thing.  ``project_access``: its whole project does; ``changed_at``
    None: nobody has said anything of it yet."""

    project_access: bool = True
    users: Sequence[str] = ()
    created_at: float | None = None
    changed_at: float | None = None


EVERYBODY_OF_ITS_PROJECT = Access()


@dataclass(frozen=True, slots=True)
class Secret:
    """What is known of a secret; ``content_type`` "": it has no payload yet."""

    id: str
    project_id: str
    creator_id: str
    name: str
    secret_type: str
    algorithm: str
    bit_length: int | None
    mode: str
    expires_at: float | None
    content_type: str
    user_metadata: Mapping[str, str]
    created_at: float
    updated_at: float
    access: Access = EVERYBODY_OF_ITS_PROJECT


@dataclass(frozen=True, slots=True)
class Payload:
    """What a secret keeps."""

    content_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Member:
    """A secret in a container; ``name``: what it is there."""

    name: str
    secret_id: str


@dataclass(frozen=True, slots=True)
class Container:
    """Secrets that belong together."""

    id: str
    project_id: str
    creator_id: str
    name: str
    type: str
    created_at: float
    updated_at: float
    members: Sequence[Member] = ()
    access: Access = EVERYBODY_OF_ITS_PROJECT


@dataclass(frozen=True, slots=True)
class Consumer:
    """Something that uses a secret or (``resource_type`` "") a container, which knows
    of it a name and a URL."""

    id: str
    subject_id: str
    project_id: str
    service: str
    resource_type: str
    resource_id: str
    created_at: float


@dataclass(frozen=True, slots=True)
class Order:
    """A key that was made here; one of the ids is ""."""

    id: str
    project_id: str
    creator_id: str
    type: str
    meta: Mapping[str, Any]
    secret_id: str
    container_id: str
    created_at: float


@dataclass(frozen=True, slots=True)
class Quota:
    """How many things a project may have, where an administrator said so; None: as
    many as any."""

    project_id: str
    secrets: int | None
    orders: int | None
    containers: int | None
    consumers: int | None
