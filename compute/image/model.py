"""What an image is, the states that it lives through, and its companions.

    queued --upload--> saving ----------------------> active <--> deactivated
       |--stage-----> uploading --import--> importing --^
       `--import (web-download)-------------^
    Any of them may be deleted; what fails falls back to queued.

Images are records, their bytes are *data*: one row for each attempt to write bytes to
one store, made before the first byte, so that nothing written is ever unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from compute.core.disks.inspection.stream import DISK_FORMATS as DISK_FORMATS

QUEUED, SAVING, ACTIVE = "queued", "saving", "active"
UPLOADING, IMPORTING = "uploading", "importing"
DEACTIVATED, KILLED, DELETED = "deactivated", "killed", "deleted"

MOVES: Mapping[str, frozenset[str]] = {
    QUEUED: frozenset({SAVING, UPLOADING, IMPORTING, KILLED, DELETED}),
    SAVING: frozenset({ACTIVE, QUEUED, KILLED, DELETED}),
    UPLOADING: frozenset({IMPORTING, QUEUED, DELETED}),
    IMPORTING: frozenset({ACTIVE, QUEUED, DELETED}),
    ACTIVE: frozenset({DEACTIVATED, DELETED}),
    DEACTIVATED: frozenset({ACTIVE, DELETED}),
    KILLED: frozenset({DELETED}),
    DELETED: frozenset(),
}
"""The one table of legal moves."""

PUBLIC, PRIVATE, SHARED, COMMUNITY = "public", "private", "shared", "community"
VISIBILITIES = (COMMUNITY, PUBLIC, PRIVATE, SHARED)
CONTAINER_FORMATS = ("ami", "ari", "aki", "bare", "ovf", "ova")

PENDING, ACCEPTED, REJECTED = "pending", "accepted", "rejected"
MEMBER_STATUSES = (PENDING, ACCEPTED, REJECTED)

# Data: being written, waiting for import, what readers get, what only hosts that still
# read it get (its image is deleted), to be removed.
WRITING, STAGED, LIVE, HELD, DOOMED = "writing", "staged", "live", "held", "doomed"

HASH_ALGORITHM = "sha512"
IMPORTING_TO = "os_glance_importing_to_stores"
FAILED_IMPORT = "os_glance_failed_import"

NAME_CHARACTERS_MAX = 255
PROPERTIES_MAX = TAGS_MAX = MEMBERS_MAX = 128
"""Glance's quotas: enough for every use known, and a bound for one record."""


@dataclass(frozen=True, slots=True)
class Digests:
    """What is known of bytes once they have all passed by."""

    size_bytes: int
    checksum: str  # MD5, for clients that know nothing else
    hash_hex: str  # SHA-512
    virtual_bytes: int | None


@dataclass(frozen=True, slots=True)
class Data:
    """Bytes of an image in one store, or an attempt at them."""

    id: str
    image_id: str
    store: str
    key: str  # where they are, in the store's own terms
    state: str
    lease_until: float
    created_at: float


@dataclass(frozen=True, slots=True)
class Member:
    """A project that an image is shared with."""

    image_id: str
    member: str
    status: str
    created_at: float
    updated_at: float


@dataclass(frozen=True, slots=True)
class Image:
    """One image.  ``size`` and what is hashed are None until there are bytes."""

    id: str
    owner: str
    status: str
    visibility: str
    created_at: float
    updated_at: float
    name: str | None = None
    disk_format: str | None = None
    container_format: str | None = None
    min_disk: int = 0
    min_ram: int = 0
    protected: bool = False
    os_hidden: bool = False
    size: int | None = None
    virtual_size: int | None = None
    checksum: str | None = None
    os_hash_value: str | None = None
    revision: int = 1
    tags: tuple[str, ...] = ()
    properties: Mapping[str, str] = field(default_factory=dict)
    data: tuple[Data, ...] = ()
    is_member: bool = False  # whether it is shared with the caller's project

    def in_state(self, state: str) -> tuple[Data, ...]:
        """The image's data in that state."""
        return tuple(data for data in self.data if data.state == state)

    @property
    def stores(self) -> tuple[str, ...]:
        """Where its bytes can be read."""
        return tuple(data.store for data in self.in_state(LIVE))
