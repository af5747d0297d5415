"""An event, and the JSON that tells of it, as AWS documents it.  Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

import orjson

from objectstore.s3.dates import iso

VERSION = "2.1"


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to an object.  Size -1 and "" are not told."""

    name: str  # ObjectCreated:Put
    key: str
    size: int = -1
    etag: str = ""
    version_id: str = ""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Where, when, on whose request."""

    seconds: float
    region: str
    bucket: str
    bucket_owner: str
    requester: str
    address: str
    request_id: str
    # Grows with every event: consumers put events of one key in order by it.
    sequencer: str


def record(event: Event, rule: str, about: Circumstances) -> bytes:
    """The message: one record."""
    thing: dict[str, Any] = {"key": quote_plus(event.key, safe="/")}
    if event.size >= 0:
        thing["size"] = event.size
    if event.etag:
        thing["eTag"] = event.etag
    if event.version_id:
        thing["versionId"] = event.version_id
    thing["sequencer"] = about.sequencer
    told = {
        "eventVersion": VERSION,
        "eventSource": "aws:s3",
        "awsRegion": about.region,
        "eventTime": iso(about.seconds),
        "eventName": event.name,
        "userIdentity": {"principalId": about.requester},
        "requestParameters": {"sourceIPAddress": about.address},
        "responseElements": {
            "x-amz-request-id": about.request_id,
            "x-amz-id-2": about.request_id,
        },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": rule,
            "bucket": {
                "name": about.bucket,
                "ownerIdentity": {"principalId": about.bucket_owner},
                "arn": f"arn:aws:s3:::{about.bucket}",
            },
            "object": thing,
        },
    }
    return orjson.dumps({"Records": [told]})


def test_message(about: Circumstances) -> bytes:
    """What a target gets when a bucket first names it."""
    return orjson.dumps(
        {
            "Service": "Amazon S3",
            "Event": "s3:TestEvent",
            "Time": iso(about.seconds),
            "Bucket": about.bucket,
            "RequestId": about.request_id,
            "HostId": about.request_id,
        }
    )
