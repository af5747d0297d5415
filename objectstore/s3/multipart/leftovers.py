"""Parts of objects that were replaced or deleted: swept at once, or later.

An object made by a multipart upload is a manifest over parts in the bucket's
segments container.  Whoever replaces or deletes the last version of it deletes
the parts after that.  Should the process end in between, ``multipart.sweeper``
finds them: every upload leaves a record of which key it made.
"""

from __future__ import annotations

from dataclasses import dataclass

from objectstore.s3 import sysmeta
from objectstore.s3.inner import Answer
from objectstore.s3.multipart.parts import delete_parts, forget_record
from objectstore.s3.multipart.use import is_shared
from objectstore.s3.operation import Operation


@dataclass(frozen=True, slots=True)
class Replaced:
    """A multipart object that is about to go."""

    upload_id: str
    slo_etag: str = ""


def replaced_upload(
    operation: Operation, version_query: str = "", *, own_upload: str = ""
) -> Replaced | None:
    """What a write or delete of the operation's key is about to replace; a completion
    of ``own_upload`` that is repeated does not replace itself.

    Costs nothing in buckets that never saw a multipart upload, and one HEAD in
    those that did.
    """
    if sysmeta.CONTAINER_MULTIPART not in operation.facts.metadata:
        return None
    answer = operation.ask_object(
        "HEAD", query=_joined("multipart-manifest=get", version_query)
    ).discard()
    return replaced_by(answer, own_upload=own_upload)


def replaced_by(answer: Answer, *, own_upload: str = "") -> Replaced | None:
    """The upload that made the object of a HEAD's answer, unless it is our own: its
    parts are those of the object that is about to be written."""
    upload_id = answer.get(sysmeta.UPLOAD_ID) if answer.is_success else ""
    if not upload_id or upload_id == own_upload:
        return None
    return Replaced(upload_id, answer.get(sysmeta.SLO_ETAG))


def sweep_replaced(operation: Operation, replaced: Replaced) -> None:
    """The object is gone: so are its parts, unless it is there all the same, or another
    version has them too."""
    if is_shared(operation, replaced.upload_id, replaced.slo_etag):
        return
    delete_parts(operation, replaced.upload_id)
    forget_record(operation, replaced.upload_id)


def _joined(*queries: str) -> str:
    return "&".join(query for query in queries if query)
