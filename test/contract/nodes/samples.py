"""Names, keys and states for the suite."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from objectstore.kernel.concurrency import Promise
from objectstore.wire.records import ContainerRow, ObjectName, ObjectRow, ObjectState

# Long enough for any machine, short enough to end a hung test.
PATIENCE_SECONDS = 20.0


def key_of(name: str) -> bytes:
    """A key that looks like the ring's."""
    return hashlib.md5(name.encode()).digest()


KEY = key_of("an object")
NAME = ObjectName("AUTH_ä", "container ☃", "dir/ob ject\u00a0日本語", 0)


def kept(promise: Promise[Any]) -> Any:
    """The value of a promise, within bounds."""
    return promise.wait(PATIENCE_SECONDS)


def data(
    timestamp: int,
    body: bytes = b"body",
    *,
    metadata: Mapping[str, str] | None = None,
    content_type: str = "text/plain",
    delete_at: int = 0,
    system_metadata: Mapping[str, str] | None = None,
) -> ObjectState:
    """The state that a PUT of ``body`` at ``timestamp`` writes."""
    return ObjectState(
        NAME,
        timestamp=timestamp,
        size=len(body),
        etag=hashlib.md5(body).hexdigest(),
        content_type=content_type,
        content_type_timestamp=timestamp,
        metadata=metadata or {},
        metadata_timestamp=timestamp,
        system_metadata=system_metadata or {},
        delete_at=delete_at,
    )


def changed_metadata(
    timestamp: int,
    metadata: Mapping[str, str],
    *,
    content_type: str | None = None,
    delete_at: int = 0,
) -> ObjectState:
    """What a POST at ``timestamp`` brings."""
    return ObjectState(
        NAME,
        metadata=metadata,
        metadata_timestamp=timestamp,
        delete_at=delete_at,
        content_type=content_type or "",
        content_type_timestamp=timestamp if content_type else 0,
    )


def tombstone(timestamp: int) -> ObjectState:
    """What a DELETE at ``timestamp`` writes."""
    return ObjectState(NAME, deleted_timestamp=timestamp)


def object_row(
    name: str, timestamp: int = 10, *, size: int = 1, deleted: int = 0
) -> ObjectRow:
    """A row as an object's PUT or DELETE sends it."""
    if deleted:
        return ObjectRow(name, timestamp, 1, 0, "", 0, "", timestamp)
    return ObjectRow(
        name, timestamp, 0, size, "text/plain", timestamp, "etag", timestamp
    )


def container_row(
    name: str,
    timestamp: int = 10,
    *,
    deleted_timestamp: int = 0,
    count: int = 0,
    used: int = 0,
    counted: int = 0,
) -> ContainerRow:
    """A row as a container sends it to its account."""
    return ContainerRow(
        name, timestamp, deleted_timestamp, count, used, counted or timestamp
    )
