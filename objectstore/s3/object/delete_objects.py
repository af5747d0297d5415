"""DeleteObjects: up to a thousand keys in one request.

Each key is authorised and deleted by itself; what goes wrong with one is told
in the answer and stops none of the others.  Several keys are deleted at once, the
versions of one in the order in which they are named.
"""

from __future__ import annotations

from dataclasses import dataclass

from objectstore.kernel.concurrency import Pool, wait_task
from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.kernel.reply import HeaderList, Reply
from objectstore.s3.access.authorize import Permission, authorize
from objectstore.s3.bucket.configuration import checked_body
from objectstore.s3.errors import S3Error, from_status
from objectstore.s3.names import check_key
from objectstore.s3.notify.event import Event
from objectstore.s3.object.delete import delete_one
from objectstore.s3.operation import Operation
from objectstore.s3.xml.read import read_document
from objectstore.s3.xml.write import document, element, flag, text

# Conditions of directory buckets: nothing is deleted on one that was not looked at.
_UNHELD = ("Size", "LastModifiedTime")
# A thousand keys of 1,024 bytes, escaped, with version IDs.
DELETE_BYTES_MAX = 8 * 1024 * 1024
# One after another a thousand take longer than some clients wait.
DELETED_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Wanted:
    """One key to delete."""

    key: str
    version_id: str
    etag: str


@dataclass(frozen=True, slots=True)
class Done:
    """What became of it: the headers of a deletion, or why there was none."""

    headers: HeaderList
    events: list[Event]
    failure: S3Error | None = None


def delete_objects(operation: Operation) -> Reply:
    """POST ?delete."""
    body = checked_body(operation, needs_digest=True, most=DELETE_BYTES_MAX)
    root = read_document(body, "Delete", keep_space=True)
    quiet = root.get("Quiet").strip().lower() == "true"
    most = operation.house.settings.max_multi_delete_objects
    for node in root.all("Object"):
        for condition in _UNHELD:
            if node.child(condition) is not None:
                raise S3Error("NotImplemented", Element=condition)
    wanted = [
        Wanted(node.get("Key"), node.get("VersionId").strip(), node.get("ETag").strip())
        for node in root.all("Object")
    ]
    if not 0 < len(wanted) <= most or any(not item.key for item in wanted):
        raise S3Error("MalformedXML")
    answers = []
    for item, done in zip(wanted, _delete_all(operation, wanted), strict=True):
        code = "" if done.failure is None else done.failure.code
        operation.events += done.events
        operation.batch.append((item.key, item.version_id, code))
        if done.failure is not None:
            answers.append(_failed(item, code, done.failure.text))
        elif not quiet:
            answers.append(_deleted(item, done.headers))
    return Reply(
        200, document("DeleteResult", *answers), content_type="application/xml"
    )


def _delete_all(operation: Operation, wanted: list[Wanted]) -> list[Done]:
    """What became of each."""
    by_key: dict[str, list[int]] = {}
    for number, item in enumerate(wanted):
        by_key.setdefault(item.key, []).append(number)
    found: dict[int, Done] = {}

    def delete(numbers: list[int]) -> None:
        for number in numbers:
            found[number] = _delete(operation, wanted[number])

    pool = Pool(DELETED_AT_ONCE)
    for task in [pool.spawn(delete, numbers) for numbers in by_key.values()]:
        wait_task(task)
    return [found[number] for number in range(len(wanted))]


def _delete(operation: Operation, wanted: Wanted) -> Done:
    one = Operation(operation.environ, operation.house, operation.bucket, wanted.key)
    one.caller, one.bucket_facts = operation.caller, operation.bucket_facts
    # Not through set_query: the environ is shared by all of them.
    one._query = {"versionId": wanted.version_id} if wanted.version_id else {}
    failure: S3Error
    try:
        check_key(wanted.key)
        action = "s3:DeleteObjectVersion" if wanted.version_id else "s3:DeleteObject"
        authorize(one, action, Permission(name="WRITE"))
        headers = delete_one(one, wanted.etag)
    except S3Error as error:
        failure = error
    except Rejected as rejected:
        failure = from_status(rejected.status)
    except Unavailable:
        failure = S3Error("InternalError", "Please try again.")
    else:
        return Done(headers, one.events)
    return Done([], one.events, failure)


def _deleted(wanted: Wanted, headers: HeaderList) -> str:
    named = dict(headers)
    elements = [text("Key", wanted.key)]
    if wanted.version_id:
        elements.append(text("VersionId", wanted.version_id))
    if "x-amz-delete-marker" in named:
        elements.append(flag("DeleteMarker", True))
        elements.append(text("DeleteMarkerVersionId", named["x-amz-version-id"]))
    return element("Deleted", *elements)


def _failed(wanted: Wanted, code: str, message: str) -> str:
    return element(
        "Error",
        text("Key", wanted.key),
        text("VersionId", wanted.version_id) if wanted.version_id else "",
        text("Code", code),
        text("Message", message),
    )
