"""Where the parts of multipart uploads are, and how they are listed and deleted.

In the container ``<bucket>+segments``, created when first needed:

* ``uploads/<key>/<upload id>``: an upload under way, with the headers that the
  object will have;
* ``parts/<upload id>/<number, 5 digits>/<attempt>``: a part;
* ``made/<upload id>``: the upload is being or was completed (or is being aborted); says
  which key it makes, and until when whose claim on it holds (``claim``).

Every attempt at a part has a name of its own and the newest counts, so a part
that arrives late cannot change an object that has been completed.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from objectstore.kernel.errors import Unavailable
from objectstore.s3 import sysmeta
from objectstore.s3.inner import query_string
from objectstore.s3.names import SEGMENTS_SUFFIX
from objectstore.s3.operation import Operation

LISTING_BYTES_MAX = 16 * 1024 * 1024
PAGE = 1000
_SAFE_ID = frozenset("0123456789abcdefghijklmnopqrstuvwxyz")
UPLOAD_ID_LENGTH = 40
RECORD_KEY = sysmeta.OBJECT + "key"
# In the listing: the account that began an upload, if that is not the bucket's.
LISTED_OWNER = "s3_upload_owner"


def segments_container(container: str) -> str:
    """The container beside the bucket's."""
    return container + SEGMENTS_SUFFIX


def is_upload_id(upload_id: str) -> bool:
    """Whether we could have given that ID: it becomes part of a name."""
    return len(upload_id) == UPLOAD_ID_LENGTH and _SAFE_ID.issuperset(upload_id)


def upload_name(key: str, upload_id: str) -> str:
    """The object that stands for an upload under way."""
    return f"uploads/{key}/{upload_id}"


def new_part_name(upload_id: str, number: int, now: float) -> str:
    """The object that a new attempt at a part becomes: later ones sort later."""
    attempt = f"{int(now * 1e6):016x}{secrets.token_hex(4)}"
    return f"{part_prefix(upload_id)}{number:05d}/{attempt}"


def part_prefix(upload_id: str, number: int = 0) -> str:
    """What the names of an upload's parts (or a part's attempts) begin with."""
    prefix = f"parts/{upload_id}/"
    return f"{prefix}{number:05d}/" if number else prefix


def record_name(upload_id: str) -> str:
    """The object that remembers what an upload made."""
    return f"made/{upload_id}"


def list_segments(
    operation: Operation,
    prefix: str,
    marker: str = "",
    end_marker: str = "",
    delimiter: str = "",
    limit: int = PAGE,
    *,
    surely: bool = False,
) -> list[dict[str, Any]]:
    """A page of the segments container; empty when there is none.  ``surely``:
    ``Unavailable`` when too few replicas answer to know what is there."""
    answer = operation.ask(
        "GET",
        segments_container(operation.facts.container),
        query=query_string(
            format="json",
            limit=limit,
            prefix=prefix,
            marker=marker,
            end_marker=end_marker,
            delimiter=delimiter,
        ),
    )
    if surely and answer.is_reduced:
        answer.close()
        raise Unavailable("the parts of uploads cannot be listed surely")
    if answer.status == 404:
        answer.discard()
        return []
    if answer.status != 200:
        raise operation.failed(answer)
    entries: list[dict[str, Any]] = orjson.loads(answer.read(LISTING_BYTES_MAX))
    return entries


def all_segments(
    operation: Operation, prefix: str, marker: str = "", *, surely: bool = False
) -> Iterator[dict[str, Any]]:
    """Every entry under a prefix (and after a marker), page after page."""
    while True:
        page = list_segments(operation, prefix, marker, surely=surely)
        yield from page
        if len(page) < PAGE:
            return
        marker = page[-1]["name"]


@dataclass(frozen=True, slots=True)
class Part:
    """A part that has been uploaded."""

    number: int
    name: str
    etag: str
    size: int
    last_modified: str


def uploaded_parts(
    operation: Operation, upload_id: str, after: int = 0
) -> Iterator[Part]:
    """The parts with numbers over ``after``, the newest attempt at each."""
    newest: Part | None = None
    prefix = part_prefix(upload_id)
    marker = f"{prefix}{after:05d}/~" if after else ""
    for entry in all_segments(operation, prefix, marker):
        name = entry["name"]
        number = int(name[len(prefix) : len(prefix) + 5])
        if newest is not None and newest.number != number:
            yield newest
        newest = Part(
            number, name, entry["hash"], entry["bytes"], entry["last_modified"]
        )
    if newest is not None:
        yield newest


def delete_parts(
    operation: Operation,
    upload_id: str,
    keep: frozenset[str] = frozenset(),
    still_may: Callable[[], bool] | None = None,
) -> None:
    """Delete every part of an upload but some, if we ``still_may`` when there is any;
    raises when one cannot be."""
    container = segments_container(operation.facts.container)
    for entry in all_segments(operation, part_prefix(upload_id)):
        if entry["name"] in keep:
            continue
        if still_may is not None:
            if not still_may():
                return
            still_may = None
        answer = operation.ask(
            "DELETE", container, entry["name"], internal=True
        ).discard()
        if not answer.is_success and answer.status != 404:
            raise operation.failed(answer)


def forget_record(operation: Operation, upload_id: str) -> None:
    """Nothing of the upload is left."""
    operation.ask(
        "DELETE",
        segments_container(operation.facts.container),
        record_name(upload_id),
        internal=True,
    ).discard()
