"""Whether anything is made of an upload's parts.

A completion that broke off may have made the object all the same, and one that was
repeated may have made two versions of it.  So the upload's record counts the attempts;
where there is any doubt, all versions of the key are looked at.  Swift's COPY of a
manifest to its own name makes one more version, too: one that is listed with the same
ETag of its segments.  And where Swift's older filter ever archived what was written
over, any part may be one of an old version in another container.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import orjson

from objectstore.kernel.errors import Unavailable
from objectstore.s3 import sysmeta
from objectstore.s3.inner import Answer, query_string
from objectstore.s3.multipart.parts import (
    LISTING_BYTES_MAX,
    PAGE,
    record_name,
    segments_container,
)
from objectstore.s3.operation import Operation

# Of the record: how often the writing of the object was begun.
ATTEMPTS = sysmeta.OBJECT + "attempts"
_UNKNOWN = 2


def attempts_of(record: Answer) -> int:
    """As a record says; those of before attempts were counted: more than one."""
    said = record.get(ATTEMPTS)
    return int(said) if said else _UNKNOWN


def may_be_archived(operation: Operation) -> bool:
    """Whether manifests elsewhere may name parts of the bucket's uploads, or of those
    of a bucket of this name that is gone."""
    if operation.facts.archives_writes:
        return True
    container = segments_container(operation.facts.container)
    head = operation.ask("HEAD", container, internal=True).discard()
    if head.is_reduced or (not head.is_success and head.status != 404):
        raise Unavailable("the container of parts cannot be looked up")
    return bool(head.get(sysmeta.CONTAINER_ARCHIVED))


def note_archived(operation: Operation) -> None:
    """See that this is known when the bucket is gone."""
    answer = operation.ask(
        "POST",
        segments_container(operation.facts.container),
        headers={sysmeta.CONTAINER_ARCHIVED: "true"},
        internal=True,
    ).discard()
    if not answer.is_success and answer.status != 404:
        raise Unavailable("it cannot be noted that parts are to be kept")


def is_shared(operation: Operation, upload_id: str, slo_etag: str) -> bool:
    """Whether there may be another object of the upload than the one with that ETag of
    its segments, which is gone; or that one, if something newer had kept it."""
    if operation.facts.archives_writes:
        return True  # old versions are copies of manifests, elsewhere
    try:
        if not operation.facts.versioning:
            return is_used(operation, upload_id, operation.key)
        return _is_shared(operation, upload_id, slo_etag)
    except Unavailable:
        return True


def _is_shared(operation: Operation, upload_id: str, slo_etag: str) -> bool:
    container = segments_container(operation.facts.container)
    record = operation.ask("HEAD", container, record_name(upload_id)).discard()
    if record.status == 404 and not record.is_reduced:
        return False
    if not record.is_success:
        raise Unavailable("a record of an upload cannot be read")
    if attempts_of(record) > 1:
        slo_etag = ""  # of other parts, perhaps
    return is_used(operation, upload_id, operation.key, slo_etag)


def is_used(operation: Operation, upload_id: str, key: str, slo_etag: str = "") -> bool:
    """Whether any version of the key is made of the upload's parts; ``slo_etag``: any
    that is listed with it.  ``Unavailable`` when too few replicas answer to know."""
    for version in ("", *_versions(operation, key, slo_etag)):
        head = operation.ask(
            "HEAD",
            operation.facts.container,
            key,
            query=f"version-id={quote(version)}" if version else "",
        ).discard()
        if head.get(sysmeta.UPLOAD_ID) == upload_id:
            return True
        if head.is_reduced or (not head.is_success and head.status != 404):
            raise Unavailable("a version cannot be looked up")
    return False


def _versions(operation: Operation, key: str, slo_etag: str) -> Iterator[str]:
    if not operation.facts.versioning:
        return
    marker, version_marker = "", ""
    while True:
        answer = operation.ask_bucket(
            "GET",
            query=query_string(
                format="json",
                versions="1",
                prefix=key,
                limit=PAGE,
                marker=marker,
                version_marker=version_marker,
            ),
        )
        if answer.status != 200 or answer.is_reduced:
            answer.close()
            raise Unavailable("the versions cannot be listed")
        page = orjson.loads(answer.read(LISTING_BYTES_MAX))
        for entry in page:
            if entry["name"] != key:
                return
            if slo_etag in ("", entry.get("slo_etag")):
                yield entry.get("version_id") or "null"
        if len(page) < PAGE:
            return
        marker, version_marker = page[-1]["name"], page[-1]["version_id"]
