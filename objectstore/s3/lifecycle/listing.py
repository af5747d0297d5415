"""A page of a container's listing, as the loops of lifecycle rules read it."""

from __future__ import annotations

from typing import Any

import orjson

from objectstore.kernel.errors import Unavailable
from objectstore.s3.inner import query_string
from objectstore.s3.operation import Operation

LISTING_BYTES_MAX = 16 * 1024 * 1024
Entry = dict[str, Any]


def list_page(
    operation: Operation, container: str, limit: int, **query: str
) -> list[Entry]:
    """At most ``limit`` entries; none when there is no such container.  ``Unavailable``
    when too few replicas answer to know."""
    answer = operation.ask(
        "GET", container, query=query_string(format="json", limit=limit, **query)
    )
    if answer.status == 404 and not answer.is_reduced:
        answer.discard()
        return []
    if answer.status != 200 or answer.is_reduced:
        answer.close()
        raise Unavailable("a bucket cannot be listed")
    entries: list[Entry] = orjson.loads(answer.read(LISTING_BYTES_MAX))
    return entries
