"""What a Swift listing's entry is in S3: its ETag and size.  Pure.

A row's ETag may carry parameters behind a semicolon, where the ETag that a row
shows is not the whole story: ``s3_etag`` is the multipart ETag,
``s3_checksum`` tells of a checksum.
"""

from __future__ import annotations

from typing import Any

from objectstore.s3.bucket.listed_checksum import elements
from objectstore.s3.payload.checksums import LISTED

Entry = dict[str, Any]


def shown_etag(entry: Entry) -> str:
    """The S3 ETag, without quotes."""
    own = entry.get("s3_etag")
    if own:
        return str(own).strip('"')
    stored: str = entry.get("hash", "")
    if entry.get("slo_etag"):
        return f"{str(entry['slo_etag']).strip(chr(34))}-1"
    return etag_of_row(stored) if ";" in stored else stored


def etag_of_row(listed: str) -> str:
    """The same of a row's ETag with its parameters; the first of equal names counts."""
    etag, *parameters = (part.strip() for part in listed.split(";"))
    told: dict[str, str] = {}
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        told.setdefault(name, value.strip('"'))
    if told.get("s3_etag"):
        return told["s3_etag"]
    return f"{told['slo_etag']}-1" if told.get("slo_etag") else etag


def checksum_of_row(listed: str) -> str:
    """Which checksum a row's ETag tells of; "" of none."""
    for parameter in listed.split(";")[1:]:
        name, _, value = parameter.strip().partition("=")
        if name == LISTED:
            return value.strip('"')
    return ""


def shown_checksum(entry: Entry) -> str:
    """The elements that tell of the object's checksum; "" without one."""
    told = entry.get(LISTED)
    return elements(str(told).strip('"')) if told else ""


def shown_size(entry: Entry) -> int:
    """The size that a reader gets."""
    return int(entry["bytes"])
