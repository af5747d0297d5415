"""Changing what S3 keeps beside an object's data: tags, ACL.

Swift's POST replaces all metadata at once, so everything that is to stay is sent
along, on the condition that it is so still: two changes at once both come about, and
no PUT in between gets its predecessor's metadata.  Versions that are not current are
changed too: their data is immutable, what S3 keeps beside it is not.
"""

from __future__ import annotations

from objectstore.s3 import sysmeta
from objectstore.s3.access.authorize import missing, version_query
from objectstore.s3.errors import S3Error
from objectstore.s3.inner import Answer
from objectstore.s3.object.delete_marker import is_marker, marker_refused
from objectstore.s3.operation import Operation

# Each is lost to somebody who got through.
ATTEMPTS_MAX = 50
_KEPT = frozenset(
    {
        "cache-control",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-type",
        "expires",
        "x-delete-at",
        "x-object-manifest",
        "x-robots-tag",
    }
)


def head_object(operation: Operation) -> Answer:
    """The object (or version) as it is; ``NoSuchKey`` when it is not."""
    head = operation.ask_object("HEAD", query=version_query(operation)).discard()
    if head.status == 404:
        if operation.version_id and is_marker(head):
            raise marker_refused(operation, head)
        raise missing(
            operation, "NoSuchVersion" if operation.version_id else "NoSuchKey"
        )
    if not head.is_success:
        raise operation.failed(head)
    return head


def amend(operation: Operation, head: Answer, changes: dict[str, str]) -> Answer:
    """Change (or with "" remove) items of the object that ``head`` shows.

    Of one put in its place meanwhile, if there is one: the head of what was changed.
    """
    for _ in range(ATTEMPTS_MAX):
        answer = _post(operation, head, changes)
        if answer.is_success:
            return head
        if answer.status != 412:
            raise operation.failed(answer)
        head = head_object(operation)
    raise S3Error("OperationAborted")


def _post(operation: Operation, head: Answer, changes: dict[str, str]) -> Answer:
    query = ""
    if operation.version_id:
        current = operation.ask_object("HEAD").discard()
        shown = head.get("x-object-version-id")
        if not current.is_success or current.get("x-object-version-id") != shown:
            query = version_query(operation)
    headers = {
        name: value
        for name, value in head.headers.items()
        if name in _KEPT or name.startswith(("x-object-meta-", sysmeta.TRANSIENT))
    }
    headers.update(changes)
    for name, value in changes.items():
        if not value:
            del headers[name]
    return operation.ask_object(
        "POST", query=query, headers=headers, if_timestamp=time_of(head)
    ).discard()


def time_of(head: Answer) -> str:
    """The time on whose being so still a POST may depend; "" where the POST would meet
    something else than the head: a link of Swift's."""
    place = head.get("content-location")
    if place and "version-id=" not in place:
        return ""
    return head.get("x-timestamp")
