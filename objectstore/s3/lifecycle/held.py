"""What there is of one key: its versions, markers and uploads, as rules see them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from objectstore.kernel.errors import Unavailable
from objectstore.s3 import sysmeta
from objectstore.s3.bucket.lifecycle_rules import Thing
from objectstore.s3.bucket.listing_entry import shown_size
from objectstore.s3.dates import from_iso
from objectstore.s3.inner import Answer
from objectstore.s3.lifecycle import age
from objectstore.s3.lifecycle.listing import Entry, list_page
from objectstore.s3.multipart.parts import UPLOAD_ID_LENGTH, segments_container
from objectstore.s3.object.delete_marker import is_marker_type
from objectstore.s3.object.tags import read_stored_tags
from objectstore.s3.operation import Operation

PAGE = 1000
# Of one key at one look; what is more is seen at the next.
VERSIONS_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Held:
    """One thing and how the store knows it."""

    thing: Thing
    # The version's or the upload's ID; "" for the only state of a key.
    identifier: str = ""


def current_of(operation: Operation, head: Answer) -> Held | None:
    """The object that ``head`` shows, in a bucket without versions."""
    if head.status == 404:
        return None
    if not head.is_success:
        raise operation.failed(head)
    thing = Thing(
        operation.key,
        int(head.get("content-length", "0")),
        age.written_at(head),
        read_stored_tags(head.get(sysmeta.TAGS)),
    )
    return Held(thing)


def versions_of(operation: Operation, *, with_tags: bool) -> list[Held]:
    """Every version and marker of the key, the newest first."""
    found: list[Held] = []
    newer: Entry | None = None
    for entry in _version_entries(operation):
        found.append(held_of(entry, newer, len(found)))
        newer = entry
        if len(found) == VERSIONS_MAX:
            break
    if with_tags:
        found = [_with_tags(operation, held) for held in found]
    if len(found) == 1 and found[0].thing.is_marker:
        found = [replace(found[0], thing=replace(found[0].thing, is_alone=True))]
    return found


def held_of(entry: Entry, newer: Entry | None, newer_count: int) -> Held:
    """An entry of a version listing; ``newer`` is the one before it, of its key."""
    modified = written_at(entry)
    is_current = bool(entry.get("is_latest", True))
    thing = Thing(
        entry["name"],
        shown_size(entry),
        modified,
        is_current=is_current,
        is_marker=is_marker_type(entry.get("content_type", "")),
        # It stopped being current when the next newer one was written.
        noncurrent_since=modified if newer is None else written_at(newer),
        newer_noncurrent=max(0, newer_count - 1),
    )
    return Held(thing, str(entry.get("version_id") or "null"))


def written_at(entry: Entry) -> float:
    """When a version was written: its ID says so; tags that are set later do not
    make it younger."""
    version = str(entry.get("version_id") or "null")
    return listed_time(entry) if version == "null" else float(version)


def listed_time(entry: Entry) -> float:
    """Seconds of a listing's time."""
    return from_iso(f"{entry['last_modified']}+00:00")


def uploads_of(operation: Operation) -> list[Held]:
    """The uploads of the key that are under way."""
    if sysmeta.CONTAINER_MULTIPART not in operation.facts.metadata:
        return []
    prefix = f"uploads/{operation.key}/"
    entries = list_page(
        operation,
        segments_container(operation.facts.container),
        PAGE,
        # Uploads of keys that go on behind a slash are rolled up.
        prefix=prefix,
        delimiter="/",
    )
    return [
        Held(
            Thing(operation.key, modified=listed_time(entry), is_upload=True),
            entry["name"][len(prefix) :],
        )
        for entry in entries
        if "name" in entry and len(entry["name"]) == len(prefix) + UPLOAD_ID_LENGTH
    ]


def _with_tags(operation: Operation, held: Held) -> Held:
    if held.thing.is_marker:
        return held
    head = operation.ask_object("HEAD", query=f"version-id={held.identifier}").discard()
    if head.status == 404:
        return held
    if not head.is_success:
        raise Unavailable("a version cannot be looked up")
    tags = read_stored_tags(head.get(sysmeta.TAGS))
    return replace(held, thing=replace(held.thing, tags=tags))


def _version_entries(operation: Operation) -> Iterator[Entry]:
    marker, version_marker = "", ""
    while True:
        page = list_page(
            operation,
            operation.facts.container,
            PAGE,
            versions="1",
            prefix=operation.key,
            marker=marker,
            version_marker=version_marker,
        )
        for entry in page:
            # The key itself sorts before all that it is a prefix of.
            if entry["name"] != operation.key:
                return
            yield entry
        if len(page) < PAGE:
            return
        marker, version_marker = page[-1]["name"], page[-1]["version_id"]
