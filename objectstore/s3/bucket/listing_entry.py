"""What a Swift listing's entry is in S3: its ETag and size.  Pure.

A row's ETag may carry parameters behind a semicolon, where the ETag that a row
shows is not the whole story: ``s3_etag`` is the multipart ETag.
"""

from __future__ import annotations

from typing import Any

Entry = dict[str, Any]


def shown_etag(entry: Entry) -> str:
    """The S3 ETag, without quotes."""
    own = entry.get("s3_etag")
    if own:
        return str(own).strip('"')
    stored: str = entry.get("hash", "")
    if ";" not in stored:
        if entry.get("slo_etag"):
            return f"{str(entry['slo_etag']).strip(chr(34))}-1"
        return stored
    etag, *parameters = (part.strip() for part in stored.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name == "s3_etag":
            return value.strip('"')
    return etag


def shown_size(entry: Entry) -> int:
    """The size that a reader gets."""
    return int(entry["bytes"])
