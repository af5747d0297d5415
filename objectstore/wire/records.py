"""The records that travel between proxy and nodes, and rest on devices.

Immutable, compared by value.  Timestamps are integers in ten-microsecond
units (``kernel.timestamps``), 0 meaning "never"; sizes are bytes; names are
text (UTF-8 on disk and wire).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

Metadata = Mapping[str, str]
"""Header name (Title-Case, as in ``X-Object-Meta-Color``) to value."""


# Nobody changes a ``Mapping``.
_NO_METADATA: Metadata = {}


class ObjectName(NamedTuple):
    """An object's full name, and the storage policy that places it.  A tuple, as
    ``ObjectState`` is: a frozen dataclass takes five times as long to make."""

    account: str
    container: str
    object: str
    policy: int = 0


@dataclass(frozen=True, slots=True)
class ContainerName:
    """A container's full name."""

    account: str
    container: str


class ObjectState(NamedTuple):
    """All that a replica knows of one object, but its bytes.

    Three parts, each with its own timestamp, each won by the newest:

    * the *data* (``timestamp``): size, etag, body;
    * the *metadata* (``metadata_timestamp`` >= ``timestamp``): replaced as a
      whole by POST, with ``delete_at``;
    * the *content type* (``content_type_timestamp``): a POST may change it.

    ``deleted_timestamp`` > 0 is a tombstone: it kills every part that is not
    newer.  A state with ``timestamp`` 0 holds no data (tombstone only, or a
    POST that arrived before its PUT).
    """

    name: ObjectName
    timestamp: int = 0
    size: int = 0
    etag: str = ""
    content_type: str = "application/octet-stream"
    content_type_timestamp: int = 0
    metadata: Metadata = _NO_METADATA
    metadata_timestamp: int = 0
    # Metadata that belongs to the data and that POST leaves alone: client
    # headers such as Content-Encoding are in ``metadata``; system metadata
    # (X-Object-Sysmeta-*, X-Object-Transient... excepted) is here.
    system_metadata: Metadata = _NO_METADATA
    delete_at: int = 0  # whole seconds since the epoch; 0: does not expire
    deleted_timestamp: int = 0

    @property
    def exists(self) -> bool:
        """Whether there is data (expired or not) to be read."""
        return self.timestamp > self.deleted_timestamp

    @property
    def newest(self) -> int:
        """The latest timestamp of any part, the tombstone included."""
        return max(
            self.timestamp,
            self.metadata_timestamp,
            self.content_type_timestamp,
            self.deleted_timestamp,
        )

    @property
    def modified(self) -> int:
        """The timestamp that ``Last-Modified`` and ``X-Timestamp`` show."""
        return max(self.timestamp, self.metadata_timestamp)


class ObjectRow(NamedTuple):
    """One object as its container lists it.  A tuple: thousands at a time.

    Merging is per part, as in ``ObjectState``: ``timestamp`` is that of the
    data, or of the tombstone when ``deleted``.
    """

    name: str
    timestamp: int
    deleted: int  # 0 or 1
    size: int
    content_type: str
    content_type_timestamp: int
    etag: str
    modified: int  # metadata timestamp: what last_modified shows when newer
    policy: int = 0


class ContainerRow(NamedTuple):
    """One container as its account lists it."""

    name: str
    timestamp: int  # of the newest PUT
    deleted_timestamp: int  # of the newest DELETE; the container is live when older
    object_count: int
    bytes_used: int
    counted_timestamp: int  # when the counts were taken: the newest counts win
    policy: int = 0


@dataclass(frozen=True, slots=True)
class DatabaseInfo:
    """An account's or a container's own facts, without its rows.

    ``metadata`` holds user and system metadata; removed entries are absent.
    ``row_digest`` is an order-independent digest over all rows (tombstones
    included): two replicas with equal digests hold the same rows.
    """

    name: str
    created: int
    put_timestamp: int
    deleted_timestamp: int
    status_changed: int
    metadata: Metadata
    object_count: int  # objects; in an account: objects of all its containers
    bytes_used: int
    container_count: int  # accounts only
    policy: int  # containers only
    row_digest: str
    database_id: str  # this replica's own id
    # Every metadata item with its timestamp, removed ones too (empty value): what
    # merging the facts of several replicas needs.  ``metadata`` is its live part.
    timed_metadata: Mapping[str, tuple[str, int]] = field(default_factory=dict)

    @property
    def exists(self) -> bool:
        """Live: created and not deleted since."""
        return self.put_timestamp > self.deleted_timestamp


@dataclass(frozen=True, slots=True)
class DatabaseCopy:
    """All of a database but its rows, for levelling replicas.

    ``metadata`` has each item with its timestamp, removed ones with an empty value;
    ``row_digest`` is that of ``DatabaseInfo``.
    """

    account: str
    container: str  # "" for an account
    created: int
    put_timestamp: int
    deleted_timestamp: int
    policy: int
    metadata: Mapping[str, tuple[str, int]]
    row_digest: str


@dataclass(frozen=True, slots=True)
class ListingQuery:
    """What part of a listing is wanted.  Empty text: no bound.

    ``limit`` entries at most; ``delimiter`` (one or more characters) rolls
    names up into subdirectories; ``path`` is not here: the proxy translates
    it to ``prefix`` and ``delimiter``.  ``reverse`` runs from ``marker`` down
    to ``end_marker``.  Both markers are exclusive.
    ``include_prefix_itself`` is False for ``path`` queries, which leave out
    the name that equals the prefix.
    """

    limit: int = 10_000
    marker: str = ""
    end_marker: str = ""
    prefix: str = ""
    delimiter: str = ""
    reverse: bool = False
    include_prefix_itself: bool = True


class Subdirectory(NamedTuple):
    """Names rolled up by a delimiter, the delimiter included."""

    name: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a node says of a write.

    ``stored`` is False when the node already held something newer (the write
    is then superseded: not an error, but the caller may want to say 409), be it
    only newer metadata than came with the data.
    ``found`` is False when a POST or DELETE met no object, or a row merge met
    no such container.
    """

    stored: bool
    found: bool = True


@dataclass(frozen=True, slots=True)
class Lookup:
    """What a node knows of an object: its state, and a small body with it.

    ``state`` None: this node never heard of it.  ``body`` is there only when
    asked for and not over ``wire.nodes.BROUGHT_BYTES_MAX``; otherwise ``read``.
    """

    state: ObjectState | None
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class RowsPage:
    """Raw rows in name order, tombstones included, for merging replicas."""

    rows: tuple[ObjectRow | ContainerRow, ...]
    complete: bool  # no more rows after these in the asked range
