"""Versions and object lock through boto3."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from test.functional.harness.http import Client
from test.functional.s3.conftest import Boto
from test.functional.s3.test_objects import body_of, code


@pytest.fixture
def versioned(s3: Any, bucket: str) -> str:
    s3.put_bucket_versioning(
        Bucket=bucket, VersioningConfiguration={"Status": "Enabled"}
    )
    return bucket


@pytest.fixture
def locked(s3: Any, bucket_name: str) -> str:
    s3.create_bucket(Bucket=bucket_name, ObjectLockEnabledForBucket=True)
    return bucket_name


def read(s3: Any, bucket: str, **more: str) -> bytes:
    body: bytes = s3.get_object(Bucket=bucket, Key="k", **more)["Body"].read()
    return body


def test_versioning_states(s3: Any, bucket: str) -> None:
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    for status in ("Enabled", "Suspended", "Enabled"):
        s3.put_bucket_versioning(
            Bucket=bucket, VersioningConfiguration={"Status": status}
        )
        assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == status


@pytest.mark.parametrize("size", [5, 700_000])
def test_versions_are_kept(s3: Any, versioned: str, size: int) -> None:
    bodies = [bytes([n]) + body_of(size) for n in range(3)]
    ids = [
        s3.put_object(Bucket=versioned, Key="k", Body=b)["VersionId"] for b in bodies
    ]
    assert read(s3, versioned) == bodies[2]
    for version, body in zip(ids, bodies, strict=True):
        assert read(s3, versioned, VersionId=version) == body
    listed = s3.list_object_versions(Bucket=versioned)["Versions"]
    assert [entry["VersionId"] for entry in listed] == ids[::-1]
    assert [entry["IsLatest"] for entry in listed] == [True, False, False]
    assert [entry["Size"] for entry in listed] == [size + 1] * 3
    pages = s3.get_paginator("list_object_versions").paginate(
        Bucket=versioned, PaginationConfig={"PageSize": 1}
    )
    paged = [entry["VersionId"] for page in pages for entry in page["Versions"]]
    assert paged == ids[::-1]


def test_delete_markers(s3: Any, versioned: str) -> None:
    version = s3.put_object(Bucket=versioned, Key="k", Body=b"x")["VersionId"]
    marker = s3.delete_object(Bucket=versioned, Key="k")
    assert marker["DeleteMarker"]
    with pytest.raises(ClientError) as error:
        read(s3, versioned)
    assert code(error) == "NoSuchKey"
    headers = error.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-amz-delete-marker"] == "true"
    with pytest.raises(ClientError) as error:
        read(s3, versioned, VersionId=marker["VersionId"])
    assert code(error) == "MethodNotAllowed"
    assert "Contents" not in s3.list_objects_v2(Bucket=versioned)
    shown = s3.list_object_versions(Bucket=versioned)
    assert [m["VersionId"] for m in shown["DeleteMarkers"]] == [marker["VersionId"]]
    s3.delete_object(Bucket=versioned, Key="k", VersionId=marker["VersionId"])
    assert read(s3, versioned) == b"x"
    s3.delete_object(Bucket=versioned, Key="k", VersionId=version)
    with pytest.raises(ClientError) as error:
        read(s3, versioned)
    assert code(error) == "NoSuchKey"


def test_deleting_the_current_version_uncovers_the_one_before(
    s3: Any, versioned: str
) -> None:
    s3.put_object(Bucket=versioned, Key="k", Body=b"one")
    second = s3.put_object(Bucket=versioned, Key="k", Body=b"two")["VersionId"]
    s3.delete_object(Bucket=versioned, Key="k", VersionId=second)
    assert read(s3, versioned) == b"one"


def test_null_versions(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"before")
    status = {"Status": "Enabled"}
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=status)
    s3.put_object(Bucket=bucket, Key="k", Body=b"one")
    assert read(s3, bucket, VersionId="null") == b"before"
    status = {"Status": "Suspended"}
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=status)
    s3.put_object(Bucket=bucket, Key="k", Body=b"after")
    assert read(s3, bucket, VersionId="null") == b"after"
    versions = s3.list_object_versions(Bucket=bucket)["Versions"]
    assert len(versions) == 2


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("last", ["Enabled", "Suspended"])
def test_versions_page_by_page_are_the_whole(
    s3: Any, bucket: str, last: str, size: int
) -> None:
    for key in ("a", "k", "k/1", "z"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"before")
    for status in ("Enabled", last):
        configuration = {"Status": status}
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=configuration)
        for key in ("a", "k", "k", "new"):
            s3.put_object(Bucket=bucket, Key=key, Body=b"then")
        s3.delete_object(Bucket=bucket, Key="k")
    whole = entries_of(s3.list_object_versions(Bucket=bucket))
    assert len(whole) == {"Enabled": 14, "Suspended": 10}[last], whole
    found, marker = [], {}
    for _ in whole:
        page = s3.list_object_versions(Bucket=bucket, MaxKeys=size, **marker)
        found += entries_of(page)
        if not page["IsTruncated"]:
            break
        marker = {
            "KeyMarker": page["NextKeyMarker"],
            "VersionIdMarker": page["NextVersionIdMarker"],
        }
    # Of a page boto3 shows the markers apart: within a name the order is not seen.
    assert sorted(found) == sorted(whole)


def entries_of(page: dict[str, Any]) -> list[tuple[str, str, bool]]:
    entries = page.get("Versions", []) + page.get("DeleteMarkers", [])
    return [(entry["Key"], entry["VersionId"], entry["IsLatest"]) for entry in entries]


def test_multipart_objects_have_versions(
    s3: Any, versioned: str, swift: Client
) -> None:
    for body in (b"one", b"two"):
        made = s3.create_multipart_upload(Bucket=versioned, Key="k")
        place = {"Bucket": versioned, "Key": "k", "UploadId": made["UploadId"]}
        etag = s3.upload_part(**place, PartNumber=1, Body=body)["ETag"]
        parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
        done = s3.complete_multipart_upload(**place, MultipartUpload=parts)
        assert done["VersionId"]
    assert read(s3, versioned) == b"two"
    versions = s3.list_object_versions(Bucket=versioned)["Versions"]
    assert read(s3, versioned, VersionId=versions[1]["VersionId"]) == b"one"
    assert all(entry["ETag"].endswith('-1"') for entry in versions)
    for entry in versions:
        s3.delete_object(Bucket=versioned, Key="k", VersionId=entry["VersionId"])
    path = f"/v1/{swift.account}/{versioned}%2Bsegments"
    left = swift.raw("GET", path, {"X-Auth-Token": swift.token})
    assert left.body == b""


def test_a_versioned_bucket_is_deleted_when_empty(s3: Any, versioned: str) -> None:
    version = s3.put_object(Bucket=versioned, Key="k", Body=b"x")["VersionId"]
    with pytest.raises(ClientError) as error:
        s3.delete_bucket(Bucket=versioned)
    assert code(error) == "BucketNotEmpty"
    s3.delete_object(Bucket=versioned, Key="k", VersionId=version)
    s3.delete_bucket(Bucket=versioned)


def test_copies_of_versions_and_tags(s3: Any, versioned: str) -> None:
    first = s3.put_object(Bucket=versioned, Key="k", Body=b"one")["VersionId"]
    s3.put_object(Bucket=versioned, Key="k", Body=b"two", Tagging="a=1")
    source = {"Bucket": versioned, "Key": "k", "VersionId": first}
    s3.copy_object(Bucket=versioned, Key="k", CopySource=source)
    assert read(s3, versioned) == b"one"
    tags = {"TagSet": [{"Key": "c", "Value": "3"}]}
    s3.put_object_tagging(Bucket=versioned, Key="k", Tagging=tags)
    assert s3.get_object_tagging(Bucket=versioned, Key="k")["TagSet"] == tags["TagSet"]
    assert len(s3.list_object_versions(Bucket=versioned)["Versions"]) == 3


def test_conditional_writes_with_versions(s3: Any, versioned: str) -> None:
    etag = s3.put_object(Bucket=versioned, Key="k", Body=b"1", IfNoneMatch="*")["ETag"]
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket=versioned, Key="k", Body=b"2", IfNoneMatch="*")
    assert code(error) == "PreconditionFailed"
    s3.put_object(Bucket=versioned, Key="k", Body=b"2", IfMatch=etag)
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket=versioned, Key="k", Body=b"3", IfMatch=etag)
    assert code(error) == "PreconditionFailed"
    assert read(s3, versioned) == b"2"
    s3.delete_object(Bucket=versioned, Key="k")
    s3.put_object(Bucket=versioned, Key="k", Body=b"4", IfNoneMatch="*")


@pytest.mark.parametrize("mode", ["GOVERNANCE", "COMPLIANCE"])
def test_retention(s3: Any, locked: str, mode: str, swift: Client) -> None:
    until = datetime.now(UTC) + timedelta(hours=1)
    version = s3.put_object(
        Bucket=locked,
        Key="k",
        Body=b"x",
        ObjectLockMode=mode,
        ObjectLockRetainUntilDate=until,
    )["VersionId"]
    head = s3.head_object(Bucket=locked, Key="k")
    assert head["ObjectLockMode"] == mode
    place = {"Bucket": locked, "Key": "k", "VersionId": version}
    with pytest.raises(ClientError) as error:
        s3.delete_object(**place)
    assert code(error) == "AccessDenied"
    through = swift.raw(
        "DELETE",
        f"/v1/{swift.account}/{locked}/k?version-id={version}",
        {"X-Auth-Token": swift.token},
    )
    assert through.status == 403
    s3.put_object_legal_hold(**place, LegalHold={"Status": "OFF"})
    bulk = swift.raw(
        "POST",
        f"/v1/{swift.account}?bulk-delete",
        {"X-Auth-Token": swift.token, "Content-Type": "text/plain"},
        f"/{locked}%2Blocks/{version}/k\n".encode(),
    )
    assert "403" in bulk.text
    longer = {"Mode": mode, "RetainUntilDate": until + timedelta(hours=1)}
    s3.put_object_retention(**place, Retention=longer)
    assert s3.get_object_retention(**place)["Retention"]["Mode"] == mode
    if mode == "GOVERNANCE":
        s3.delete_object(**place, BypassGovernanceRetention=True)
    else:
        with pytest.raises(ClientError):
            s3.delete_object(**place, BypassGovernanceRetention=True)
        assert read(s3, locked, VersionId=version) == b"x"


def test_legal_hold_and_defaults(s3: Any, locked: str) -> None:
    retention = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
    configuration = {"ObjectLockEnabled": "Enabled", "Rule": retention}
    s3.put_object_lock_configuration(
        Bucket=locked, ObjectLockConfiguration=configuration
    )
    shown = s3.get_object_lock_configuration(Bucket=locked)["ObjectLockConfiguration"]
    assert shown == configuration
    version = s3.put_object(Bucket=locked, Key="k", Body=b"x")["VersionId"]
    place = {"Bucket": locked, "Key": "k", "VersionId": version}
    s3.put_object_legal_hold(**place, LegalHold={"Status": "ON"})
    with pytest.raises(ClientError):
        s3.delete_object(**place, BypassGovernanceRetention=True)
    s3.put_object_legal_hold(**place, LegalHold={"Status": "OFF"})
    with pytest.raises(ClientError):
        s3.delete_object(**place)
    s3.delete_object(**place, BypassGovernanceRetention=True)


@pytest.mark.parametrize("name", ["bucket", "versioned"])
def test_of_a_conditional_delete_and_a_put_one_wins(
    request: pytest.FixtureRequest, s3: Any, boto: Boto, name: str
) -> None:
    """Both insist on the same state; what the winner left is what is there."""
    bucket = request.getfixturevalue(name)
    other = boto()
    with ThreadPoolExecutor(2) as pool:
        for number in range(8):
            key = f"prize-{number}"
            etag = s3.put_object(Bucket=bucket, Key=key, Body=b"old")["ETag"]
            place = {"Bucket": bucket, "Key": key, "IfMatch": etag}
            deleting = pool.submit(other.delete_object, **place)
            putting = pool.submit(s3.put_object, **place, Body=b"new")
            failed = [deleting.exception(), putting.exception()]
            assert sum(error is not None for error in failed) == 1, failed
            if failed[1] is None:
                got = s3.get_object(Bucket=bucket, Key=key)
                assert got["Body"].read() == b"new"
            else:
                assert status_of(failed[1]) in (404, 409, 412)
                with pytest.raises(ClientError):
                    s3.head_object(Bucket=bucket, Key=key)


def status_of(error: BaseException | None) -> int:
    assert isinstance(error, ClientError)
    return int(error.response["ResponseMetadata"]["HTTPStatusCode"])
