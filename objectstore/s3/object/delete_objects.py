"""DeleteObjects: up to a thousand keys in one request.

Each key is authorised and deleted by itself; what goes wrong with one is told
in the answer and stops none of the others.
"""

from __future__ import annotations

from dataclasses import dataclass

from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.kernel.reply import HeaderList, Reply
from objectstore.s3.access.authorize import Permission, authorize
from objectstore.s3.bucket.configuration import check_md5
from objectstore.s3.errors import S3Error, from_status
from objectstore.s3.names import check_key
from objectstore.s3.object.delete import delete_one
from objectstore.s3.object.put import content_md5
from objectstore.s3.operation import Operation
from objectstore.s3.xml.read import read_document
from objectstore.s3.xml.write import document, element, flag, text

# A thousand keys of 1,024 bytes, escaped, with version IDs.
DELETE_BYTES_MAX = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Wanted:
    """One key to delete."""

    key: str
    version_id: str
    etag: str


def delete_objects(operation: Operation) -> Reply:
    """POST ?delete."""
    md5 = content_md5(operation)
    body = operation.read_body(DELETE_BYTES_MAX)
    if md5:
        check_md5(body, md5)
    root = read_document(body, "Delete", keep_space=True)
    quiet = root.get("Quiet").strip().lower() == "true"
    most = operation.house.settings.max_multi_delete_objects
    wanted = [
        Wanted(node.get("Key"), node.get("VersionId").strip(), node.get("ETag").strip())
        for node in root.all("Object")
    ]
    if not 0 < len(wanted) <= most or any(not item.key for item in wanted):
        raise S3Error("MalformedXML")
    answers = [_delete(operation, item, quiet=quiet) for item in wanted]
    return Reply(
        200, document("DeleteResult", *answers), content_type="application/xml"
    )


def _delete(operation: Operation, wanted: Wanted, *, quiet: bool) -> str:
    one = Operation(operation.environ, operation.house, operation.bucket, wanted.key)
    one.caller, one.bucket_facts = operation.caller, operation.bucket_facts
    # Not through set_query: the environ is shared by all of them.
    one._query = {"versionId": wanted.version_id} if wanted.version_id else {}
    failure: S3Error | None
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
        failure = None
    code = "" if failure is None else failure.code
    operation.events += one.events
    operation.batch.append((wanted.key, wanted.version_id, code))
    if failure is not None:
        return _failed(wanted, failure.code, failure.text)
    return "" if quiet else _deleted(wanted, headers)


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
