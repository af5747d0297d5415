"""What the header ``x-amz-copy-source`` names.  Pure."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from objectstore.s3.errors import S3Error
from objectstore.s3.names import check_bucket, check_key


def parse_copy_source(raw: str) -> tuple[str, str, str]:
    """(bucket, key, version) of a copy source header.

    The key is decoded like that of a form, where a plus is a space.  So Amazon does it,
    some clients (s5cmd) write spaces so, and all others encode a plus.
    """
    path, _, query = raw.partition("?")
    try:
        decoded = unquote_to_bytes(path.encode("latin-1")).decode()
        spaced = unquote_to_bytes(path.replace("+", " ").encode("latin-1")).decode()
    except UnicodeDecodeError:
        raise _bad_source() from None
    bucket, slash, _ = decoded.removeprefix("/").partition("/")
    key = spaced.removeprefix("/").partition("/")[2]
    version = ""
    if query:
        name, _, version = query.partition("=")
        if name != "versionId" or not version:
            raise _bad_source()
    if not (bucket and slash and key):
        raise _bad_source()
    check_bucket(bucket)
    check_key(key)
    return bucket, key, version


def _bad_source() -> S3Error:
    return S3Error(
        "InvalidArgument",
        "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
        ArgumentName="x-amz-copy-source",
    )
