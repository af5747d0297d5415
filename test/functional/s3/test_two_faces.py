"""S3's words and Swift's for the same things, each through its own client."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from test.functional.harness.http import Client
from test.functional.harness.users import STRANGER

TAGS = {"TagSet": [{"Key": "k", "Value": "v"}]}


def grants(answer: dict[str, Any]) -> set[tuple[str, str]]:
    return {
        (
            grant["Grantee"].get("ID") or grant["Grantee"]["URI"].rpartition("/")[2],
            grant["Permission"],
        )
        for grant in answer["Grants"]
    }


def test_a_swift_post_keeps_s3s_tags_and_acl(
    s3: Any, bucket: str, swift: Client
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="a=b", ACL="public-read")
    swift.ok("POST", bucket, "k", x_object_meta_color="blue")
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == {"color": "blue"}
    tags = s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"]
    assert tags == [{"Key": "a", "Value": "b"}]
    acl = s3.get_object_acl(Bucket=bucket, Key="k")
    assert ("AllUsers", "READ") in grants(acl)


def test_tags_and_acls_of_old_versions(s3: Any, bucket: str) -> None:
    s3.put_bucket_versioning(
        Bucket=bucket, VersioningConfiguration={"Status": "Enabled"}
    )
    old = s3.put_object(Bucket=bucket, Key="k", Body=b"old")["VersionId"]
    new = s3.put_object(Bucket=bucket, Key="k", Body=b"new")["VersionId"]
    place = {"Bucket": bucket, "Key": "k", "VersionId": old}
    s3.put_object_tagging(**place, Tagging=TAGS)
    s3.put_object_acl(**place, ACL="public-read")
    assert s3.get_object_tagging(**place)["TagSet"] == TAGS["TagSet"]
    assert ("AllUsers", "READ") in grants(s3.get_object_acl(**place))
    assert s3.get_object(**place)["Body"].read() == b"old"
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []
    listed = s3.list_object_versions(Bucket=bucket)["Versions"]
    assert [entry["VersionId"] for entry in listed] == [new, old]


def test_acls_of_buckets(s3: Any, stranger: Any, bucket: str, swift: Client) -> None:
    with pytest.raises(ClientError):
        stranger.put_object(Bucket=bucket, Key="theirs", Body=b"x")
    s3.put_bucket_acl(Bucket=bucket, GrantWrite=f"id={STRANGER.login}")
    stranger.put_object(Bucket=bucket, Key="theirs", Body=b"x")
    head = swift.ok("HEAD", bucket)
    assert head.headers["x-container-write"] == STRANGER.login
    swift.ok("POST", bucket, x_container_read=f".r:*,.rlistings,{STRANGER.login}")
    acl = grants(s3.get_bucket_acl(Bucket=bucket))
    assert {
        ("AllUsers", "READ"),
        (STRANGER.login, "READ"),
        (STRANGER.login, "WRITE"),
    } <= acl
    s3.put_bucket_acl(Bucket=bucket, ACL="private")
    head = swift.ok("HEAD", bucket)
    assert not head.headers.get("x-container-read")
    assert not head.headers.get("x-container-write")


def test_an_upload_with_the_clients_key(s3: Any, bucket: str) -> None:
    secret = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}
    parts = [b"a" * 5 * 2**20, b"b" * 5 * 2**20, b"c" * 1000]
    made = s3.create_multipart_upload(Bucket=bucket, Key="k", **secret)
    place = {"Bucket": bucket, "Key": "k", "UploadId": made["UploadId"]}
    listed = [
        {
            "PartNumber": number,
            "ETag": s3.upload_part(**place, PartNumber=number, Body=body, **secret)[
                "ETag"
            ],
        }
        for number, body in enumerate(parts, 1)
    ]
    s3.complete_multipart_upload(**place, MultipartUpload={"Parts": listed})
    whole = b"".join(parts)
    got = s3.get_object(Bucket=bucket, Key="k", **secret)
    assert got["Body"].read() == whole
    for first, last in (
        (0, 10),
        (5 * 2**20 - 5, 5 * 2**20 + 5),
        (8_000_000, 10_486_000),
    ):
        ranged = s3.get_object(
            Bucket=bucket, Key="k", Range=f"bytes={first}-{last}", **secret
        )
        assert ranged["Body"].read() == whole[first : last + 1]
    with pytest.raises(ClientError):
        s3.get_object(Bucket=bucket, Key="k")
    listed_size = s3.list_objects_v2(Bucket=bucket)["Contents"][0]["Size"]
    assert listed_size == len(whole)
