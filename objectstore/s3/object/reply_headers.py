"""From an inner answer's headers to those of an S3 reply, in one pass."""

from __future__ import annotations

from objectstore.kernel.reply import HeaderList
from objectstore.s3 import sysmeta
from objectstore.s3.errors import S3Error
from objectstore.s3.inner import Answer
from objectstore.s3.object.metadata import (
    LONG_PREFIX,
    SWIFT_PREFIX,
    encode,
    spellings,
)
from objectstore.s3.operation import Operation

_PASSED = {
    "content-length": "Content-Length",
    "content-type": "Content-Type",
    "content-range": "Content-Range",
    "content-encoding": "Content-Encoding",
    "content-disposition": "Content-Disposition",
    "content-language": "Content-Language",
    "cache-control": "Cache-Control",
    "expires": "Expires",
    "x-object-version-id": "x-amz-version-id",
    sysmeta.STORAGE_CLASS: "x-amz-storage-class",
    sysmeta.REDIRECT: "x-amz-website-redirect-location",
    sysmeta.SSE: "x-amz-server-side-encryption",
    sysmeta.SSE_KEY: "x-amz-server-side-encryption-aws-kms-key-id",
}
# A line end in a parameter must not become one in the head; nor can a NUL be sent.
_NOT_IN_HEADS = str.maketrans("", "", "\0\r\n")
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
    if is_large(answer):
        # A large object that came through Swift: not the MD5 of its data, so it
        # must not look like one to clients that would compare.
        return f"{etag}-1"
    return etag


def is_large(answer: Answer) -> bool:
    """Whether the object is made of others."""
    return (
        "x-static-large-object" in answer.headers
        or "x-object-manifest" in answer.headers
    )


# What becomes of an inner header, by its name as the store spells it.  Names are
# partly the clients' choice (metadata), so the memory is bounded.
_TARGETS_MAX = 2000
_TARGETS: dict[str, str] = {}
_DROPPED = ""
TAG_COUNT = "x-amz-tagging-count"
_METADATA = "x-amz-meta-"


def object_headers(answer: Answer) -> HeaderList:
    """The reply's headers for a GET or HEAD of the object, in one pass."""
    headers: HeaderList = [("Accept-Ranges", "bytes"), ("ETag", f'"{s3_etag(answer)}"')]
    modified = answer.modified
    if modified:
        headers.append(("Last-Modified", modified))
    for name, value in answer.headers.items():
        target = _TARGETS.get(name)
        if target is None:
            target = _learned(name)
        if not target:
            continue
        if target[:11] == _METADATA:
            value = encode(value)
        elif target is TAG_COUNT:
            value = str(value.count("=") or 1)
        headers.append((target, value))
    if sysmeta.SPELLING in answer.headers:
        return _respelt(headers, answer)
    return headers


def _respelt(headers: HeaderList, answer: Answer) -> HeaderList:
    """With the names of metadata as the client spelt them."""
    spelled = {
        _METADATA + dashed: _METADATA + name
        for dashed, name in spellings(answer.headers).items()
    }
    return [(spelled.get(name, name), value) for name, value in headers]


def target_of(name: str) -> str:
    """What an inner header of that (lower-case) name is called; "": nothing."""
    if name.startswith(SWIFT_PREFIX):
        return _METADATA + name[len(SWIFT_PREFIX) :]
    if name.startswith(LONG_PREFIX):
        return _METADATA + name[len(LONG_PREFIX) :]
    return TAG_COUNT if name == sysmeta.TAGS else _PASSED.get(name, _DROPPED)


def _learned(name: str) -> str:
    target = target_of(name)
    if len(_TARGETS) < _TARGETS_MAX:
        _TARGETS[name] = target
    return target


def checksum_pairs(stored: str) -> HeaderList:
    """The stored checksum ("": none), for ``x-amz-checksum-mode: ENABLED``."""
    if not stored:
        return []
    algorithm, kind, value = stored.split(":", 2)
    return [
        (f"x-amz-checksum-{algorithm.lower()}", value),
        ("x-amz-checksum-type", kind),
    ]


def override(operation: Operation, headers: HeaderList) -> HeaderList:
    """``response-*`` parameters, which only signed requests may use."""
    replaced = {
        header: operation.query[name]
        for name, header in _OVERRIDES.items()
        if name in operation.query
    }
    if not replaced:
        return headers
    if operation.caller.is_anonymous:
        # Else anybody could make a link to a public text that shows as a page.
        raise S3Error(
            "InvalidRequest",
            "Request specific response headers cannot be used for anonymous GET "
            "requests.",
        )
    kept = [pair for pair in headers if pair[0] not in replaced]
    return kept + [
        (name, value.translate(_NOT_IN_HEADS)) for name, value in replaced.items()
    ]


def version_headers(answer: Answer) -> HeaderList:
    """``x-amz-version-id`` where the bucket has versions."""
    version = answer.get("x-object-version-id")
    return [("x-amz-version-id", version)] if version else []
