"""GetObject and HeadObject: bodies, ranges, parts, conditions, overrides."""

from __future__ import annotations

from objectstore.kernel.reply import HeaderList, Reply
from objectstore.s3 import sysmeta
from objectstore.s3.access.authorize import missing, version_query
from objectstore.s3.errors import S3Error
from objectstore.s3.inner import Answer
from objectstore.s3.lifecycle.headers import of_read
from objectstore.s3.object import conditions
from objectstore.s3.object.byte_range import parse_range
from objectstore.s3.object.customer_key import require_no_key
from objectstore.s3.object.delete_marker import is_marker, marker_refused
from objectstore.s3.object.encrypted_read import read_encrypted
from objectstore.s3.object.lock_headers import lock_headers
from objectstore.s3.object.part_sizes import part_range, read_part_sizes
from objectstore.s3.object.reply_headers import (
    checksum_pairs,
    object_headers,
    override,
    s3_etag,
)
from objectstore.s3.operation import Operation

_WRITERS_WISHES = (
    "HTTP_X_AMZ_SERVER_SIDE_ENCRYPTION",
    "HTTP_X_AMZ_SERVER_SIDE_ENCRYPTION_AWS_KMS_KEY_ID",
)


def get_object(operation: Operation) -> Reply:
    """GET of an object."""
    environ = operation.environ
    if operation.extras:
        _refuse_encryption(operation)
    if "HTTP_X_AMZ_SERVER_SIDE_ENCRYPTION_CUSTOMER_ALGORITHM" in environ:
        return read_encrypted(operation, _answer_of, finish)
    if environ.get("QUERY_STRING") and "partNumber" in operation.query:
        return _get_part(operation)
    # S3 knows one range; whoever asks for several gets the whole.
    if "HTTP_RANGE" in environ and "," not in environ["HTTP_RANGE"]:
        if "HTTP_IF_RANGE" in environ:
            return _get_if_range(operation)
        return _reply(operation, _ranged(operation))
    answer = _answer_of(operation, operation.method, None)
    return _reply(operation, answer)


def _refuse_encryption(operation: Operation) -> None:
    """How an object is encrypted its writer says; a reader who does is mistaken."""
    for key in _WRITERS_WISHES:
        if key in operation.environ:
            name = key.removeprefix("HTTP_").lower().replace("_", "-")
            raise S3Error(
                "InvalidArgument",
                f"{name} header is not supported for this operation.",
                ArgumentName=name,
                ArgumentValue=operation.environ[key][:64],
            )


def _ranged(operation: Operation) -> Answer:
    """The inner answer to a request for one range."""
    wanted = operation.header("Range")
    if operation.method == "GET":
        return _answer_of(operation, "GET", {"Range": wanted})
    answer = _answer_of(operation, "HEAD", None)
    size = int(answer.get("content-length", "0"))
    span = parse_range(wanted, size)
    if span == (0, 0):
        answer.close()
        raise S3Error("InvalidRange", RangeRequested=wanted, ActualObjectSize=str(size))
    if span is not None:
        _narrow(answer, span, size)
    return answer


def _narrow(head: Answer, span: tuple[int, int], size: int) -> None:
    """Let the answer to a HEAD, whose Range Swift does not heed, tell of a span."""
    head.status = 206
    head.headers["content-length"] = str(span[1] - span[0])
    head.headers["content-range"] = f"bytes {span[0]}-{span[1] - 1}/{size}"


def _answer_of(
    operation: Operation, method: str, headers: dict[str, str] | None
) -> Answer:
    """The inner answer, its status and conditions checked."""
    answer = operation.take_asked()
    if answer is None:
        answer = operation.ask_object(
            method, query=version_query(operation), headers=headers
        )
    return _checked(operation, answer)


def _checked(operation: Operation, answer: Answer) -> Answer:
    if answer.status not in (200, 206):
        raise _failure(operation, answer)
    if conditions.has_conditions(operation.environ):
        try:
            conditions.check(operation.header, s3_etag(answer), answer.modified)
        except S3Error as error:
            answer.close()
            if error.status == 304:
                error.headers += _cached_anew(answer)
            raise
    return answer


def _cached_anew(answer: Answer) -> tuple[tuple[str, str], ...]:
    """What a cache that asks whether the object has changed must hear (RFC 9110)."""
    told = [(name, answer.get(name.lower())) for name in ("Cache-Control", "Expires")]
    told.append(("x-amz-version-id", answer.get("x-object-version-id")))
    return tuple((name, value) for name, value in told if value)


def _reply(operation: Operation, answer: Answer) -> Reply:
    if sysmeta.SSE_C in answer.headers:
        try:
            require_no_key(operation, answer)
        finally:
            answer.close()
    headers = object_headers(answer)
    return finish(operation, answer, headers)


def finish(operation: Operation, answer: Answer, headers: HeaderList) -> Reply:
    """The reply with what all kinds of reads add: status and body are ``answer``'s."""
    mode = operation.environ.get("HTTP_X_AMZ_CHECKSUM_MODE", "")
    # Of a part of the bytes nobody has a checksum; clients would compare it.
    if answer.status == 200 and mode.upper() == "ENABLED":
        headers += checksum_pairs(answer.get(sysmeta.CHECKSUM))
    headers += of_read(operation, answer)
    if operation.facts.has_object_lock:
        headers += lock_headers(operation, answer)
    if operation.environ.get("QUERY_STRING"):
        headers = override(operation, headers)
    return Reply(answer.status, answer.body, headers)


def _failure(operation: Operation, answer: Answer) -> S3Error:
    """What a status other than 200 and 206 means for a read."""
    status = answer.status
    if status == 404:
        marker = is_marker(answer)
        version = answer.get("x-object-version-id")
        answer.close()
        if operation.version_id and marker:
            return marker_refused(operation, answer)
        if operation.version_id:
            return missing(operation, "NoSuchVersion")
        error = missing(operation)
        if marker and error.code == "NoSuchKey":
            error.headers = (
                ("x-amz-delete-marker", "true"),
                ("x-amz-version-id", version),
            )
        return error
    if status == 416:
        size = answer.get("content-range").rpartition("/")[2]
        answer.close()
        return S3Error(
            "InvalidRange",
            RangeRequested=operation.header("Range"),
            ActualObjectSize=size,
        )
    return operation.failed(answer)


def _get_if_range(operation: Operation) -> Reply:
    """A range of the object if it is still the same, or else all of it."""
    head = _answer_of(operation, "HEAD", None).discard()
    wanted = operation.header("If-Range").strip().strip('"')
    same = wanted in (s3_etag(head), head.modified)
    if same:
        return _reply(operation, _ranged(operation))
    return _reply(operation, _answer_of(operation, operation.method, None))


def _get_part(operation: Operation) -> Reply:
    """One part of a multipart object; of any other object, part 1 is all."""
    head = _answer_of(operation, "HEAD", None).discard()
    if "HTTP_RANGE" in operation.environ:
        raise S3Error(
            "InvalidRequest",
            "Cannot specify both Range header and partNumber query parameter",
        )
    sizes = read_part_sizes(head.get(sysmeta.PART_SIZES))
    size = int(head.get("content-length", "0"))
    span = part_range(sizes, size, operation.query["partNumber"])
    if operation.method == "HEAD":
        answer = head
        if size:
            _narrow(answer, span, size)
    elif size:
        ranges = {"Range": f"bytes={span[0]}-{span[1] - 1}"}
        answer = _answer_of(operation, "GET", ranges)
    else:
        answer = _answer_of(operation, "GET", None)
    if sysmeta.SSE_C in answer.headers:
        return _reply(operation, answer)
    headers = object_headers(answer)
    if sizes:
        headers.append(("x-amz-mp-parts-count", str(len(sizes))))
    return finish(operation, answer, headers)
