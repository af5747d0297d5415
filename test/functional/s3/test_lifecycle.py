"""Lifecycle rules through boto3, in a store whose days last three seconds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from test.functional.harness.http import Client
from test.functional.harness.store import wait_for
from test.functional.s3.test_objects import code

LAST_YEAR = datetime(2025, 1, 1, tzinfo=UTC)
NOBODY_WAITS_SO_LONG_DAYS = 1000


def set_rules(s3: Any, bucket: str, *rules: dict[str, Any]) -> None:
    s3.put_bucket_lifecycle_configuration(
        Bucket=bucket,
        LifecycleConfiguration={
            "Rules": [{"Status": "Enabled", **rule} for rule in rules]
        },
    )


def keys(s3: Any, bucket: str) -> list[str]:
    listed = s3.list_objects_v2(Bucket=bucket)
    return [entry["Key"] for entry in listed.get("Contents", [])]


def test_objects_expire(s3: Any, bucket: str, swift: Client) -> None:
    for key in ("old/1", "old/2", "kept-1"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"before the rules")
    tagged = {"And": {"Prefix": "", "Tags": [{"Key": "kind", "Value": "tmp"}]}}
    large = {"And": {"Prefix": "size/", "ObjectSizeGreaterThan": 10}}
    set_rules(
        s3,
        bucket,
        {"ID": "1", "Filter": {"Prefix": "old/"}, "Expiration": {"Date": LAST_YEAR}},
        {"ID": "2", "Filter": {"Prefix": "new/"}, "Expiration": {"Days": 1}},
        {"ID": "3", "Filter": tagged, "Expiration": {"Days": 1}},
        {"ID": "4", "Filter": large, "Expiration": {"Days": 1}},
        {
            "ID": "5",
            "Filter": {"Prefix": "kept"},
            "Expiration": {"Days": NOBODY_WAITS_SO_LONG_DAYS},
        },
    )
    put = s3.put_object(Bucket=bucket, Key="new/1", Body=b"x")
    assert put["Expiration"].startswith("expiry-date=")
    assert put["Expiration"].endswith('rule-id="2"')
    s3.put_object(Bucket=bucket, Key="tagged", Body=b"x", Tagging="kind=tmp")
    s3.put_object(Bucket=bucket, Key="kept-2", Body=b"x", Tagging="kind=other")
    s3.put_object(Bucket=bucket, Key="size/small", Body=b"x")
    s3.put_object(Bucket=bucket, Key="size/large", Body=b"x" * 100)
    swift.ok("PUT", bucket, "new/swift", body=b"x")
    wanted = ["kept-1", "kept-2", "size/small"]
    wait_for(lambda: keys(s3, bucket) == wanted, "what is due to be gone", 60)
    head = s3.head_object(Bucket=bucket, Key="kept-1")
    assert head["Expiration"].endswith('rule-id="5"')


def test_versions_and_markers_go(s3: Any, bucket: str) -> None:
    s3.put_bucket_versioning(
        Bucket=bucket, VersioningConfiguration={"Status": "Enabled"}
    )
    kept = [s3.put_object(Bucket=bucket, Key="kept")["VersionId"] for _ in range(4)]
    s3.put_object(Bucket=bucket, Key="gone/1")
    s3.put_object(Bucket=bucket, Key="gone/1")
    set_rules(
        s3,
        bucket,
        {
            "ID": "1",
            "Filter": {"Prefix": "kept"},
            "NoncurrentVersionExpiration": {
                "NoncurrentDays": 1,
                "NewerNoncurrentVersions": 1,
            },
        },
        {
            "ID": "2",
            "Filter": {"Prefix": "gone/"},
            "Expiration": {"Days": 1},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
        },
        {
            "ID": "3",
            "Filter": {"Prefix": "gone/"},
            "Expiration": {"ExpiredObjectDeleteMarker": True},
        },
    )

    def left() -> list[str]:
        listed = s3.list_object_versions(Bucket=bucket)
        found = listed.get("Versions", []) + listed.get("DeleteMarkers", [])
        return [entry["VersionId"] for entry in found]

    wait_for(lambda: left() == kept[:1:-1], "old versions to be gone", 90)


def test_uploads_that_nobody_completes_are_aborted(s3: Any, bucket: str) -> None:
    old = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    s3.upload_part(Bucket=bucket, Key="k", UploadId=old, PartNumber=1, Body=b"x")
    abort = {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}}
    set_rules(s3, bucket, {"ID": "r", "Filter": {"Prefix": ""}, **abort})
    new = s3.create_multipart_upload(Bucket=bucket, Key="k/new")
    assert (new["AbortRuleId"], bool(new["AbortDate"])) == ("r", True)
    wait_for(
        lambda: not s3.list_multipart_uploads(Bucket=bucket).get("Uploads"),
        "the uploads to be aborted",
        60,
    )
    with pytest.raises(ClientError) as error:
        s3.list_parts(Bucket=bucket, Key="k", UploadId=old)
    assert code(error) == "NoSuchUpload"
