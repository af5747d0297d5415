"""From an inner answer's headers to those of an S3 reply, in one pass."""

from __future__ import annotations

from objectstore.kernel.reply import HeaderList
from objectstore.s3 import sysmeta
from objectstore.s3.inner import Answer
from objectstore.s3.object.metadata import LONG_PREFIX, SWIFT_PREFIX, encode
from objectstore.s3.operation import Operation

_PASSED = {
    "content-length": "Content-Length",
    "content-type": "Content-Type",
    "content-range": "Content-Range",
    "last-modified": "Last-Modified",
    "content-encoding": "Content-Encoding",
    "content-disposition": "Content-Disposition",
    "content-language": "Content-Language",
    "cache-control": "Cache-Control",
    "expires": "Expires",
    "x-object-version-id": "x-amz-version-id",
    sysmeta.STORAGE_CLASS: "x-amz-storage-class",
    sysmeta.REDIRECT: "x-amz-website-redirect-location",
    sysmeta.SSE: "x-amz-server-side-encryption",
}
_OVERRIDES = {
    "response-cache-control": "Cache-Control",
    "response-content-disposition": "Content-Disposition",
    "response-content-encoding": "Content-Encoding",
    "response-content-language": "Content-Language",
    "response-content-type": "Content-Type",
    "response-expires": "Expires",
}


def s3_etag(answer: Answer) -> str:
    """The object's S3 ETag, without quotes."""
    own = answer.get(sysmeta.ETAG)
    if own:
        return own
    etag = answer.get("etag").strip('"')
    if (
        "x-static-large-object" in answer.headers
        or "x-object-manifest" in answer.headers
    ):
        # A large object that came through Swift: not the MD5 of its data, so it
        # must not look like one to clients that would compare.
        return f"{etag}-1"
    return etag


def object_headers(answer: Answer) -> HeaderList:
    """The reply's headers for a GET or HEAD of the object."""
    headers: HeaderList = [("Accept-Ranges", "bytes"), ("ETag", f'"{s3_etag(answer)}"')]
    for name, value in answer.headers.items():
        passed = _PASSED.get(name)
        if passed is not None:
            headers.append((passed, value))
        elif name[:9] == "x-object-":
            if name.startswith(SWIFT_PREFIX):
                headers.append(
                    (f"x-amz-meta-{name[len(SWIFT_PREFIX) :]}", encode(value))
                )
            elif name.startswith(LONG_PREFIX):
                headers.append(
                    (f"x-amz-meta-{name[len(LONG_PREFIX) :]}", encode(value))
                )
            elif name == sysmeta.TAGS and value:
                headers.append(("x-amz-tagging-count", str(value.count("=") or 1)))
    return headers


def add_checksum(headers: HeaderList, answer: Answer) -> None:
    """The stored checksum, for ``x-amz-checksum-mode: ENABLED``."""
    stored = answer.get(sysmeta.CHECKSUM)
    if stored:
        algorithm, kind, value = stored.split(":", 2)
        headers.append((f"x-amz-checksum-{algorithm.lower()}", value))
        headers.append(("x-amz-checksum-type", kind))


def override(operation: Operation, headers: HeaderList) -> HeaderList:
    """``response-*`` parameters, which only signed requests may use."""
    replaced = {
        header: operation.query[name]
        for name, header in _OVERRIDES.items()
        if name in operation.query
    }
    if not replaced:
        return headers
    kept = [pair for pair in headers if pair[0] not in replaced]
    return kept + [
        # A line end in a parameter must not become one in the head.
        (name, value.replace("\r", "").replace("\n", ""))
        for name, value in replaced.items()
    ]


def version_headers(answer: Answer) -> HeaderList:
    """``x-amz-version-id`` where the bucket has versions."""
    version = answer.get("x-object-version-id")
    return [("x-amz-version-id", version)] if version else []
