"""What was stored with a client's key (SSE-C) is not read as if it were plain.

Swift has no way to bring the key: whatever would give the bytes is refused with a
word about why, never answered with bytes that mean nothing.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from test.functional.harness.http import Client

SECRET = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}
PLAIN = b"plain text " * 1000
ALGORITHM = "x-amz-server-side-encryption-customer-algorithm"


@pytest.fixture
def sealed(s3: Any, bucket: str) -> str:
    s3.put_object(Bucket=bucket, Key="sealed", Body=PLAIN, **SECRET)
    return bucket


def refused(swift: Client, path: str, **headers: str) -> None:
    answer = swift.call("GET", path, **headers)
    assert answer.status == 400, answer
    assert b"encryption key" in answer.body
    assert ALGORITHM not in answer.headers


def test_itself_and_its_ranges(swift: Client, sealed: str) -> None:
    refused(swift, f"{sealed}/sealed")
    refused(swift, f"{sealed}/sealed", Range="bytes=0-9")
    refused(swift, f"{sealed}/sealed", Range="bytes=0-9,20-29")
    head = swift.call("HEAD", f"{sealed}/sealed")
    assert head.status == 200
    assert head.headers[ALGORITHM] == "AES256"
    assert head.headers["content-length"] == str(len(PLAIN))


def test_as_a_copys_source(s3: Any, swift: Client, sealed: str) -> None:
    to_header = {"Destination": f"{sealed}/copy"}
    answer = swift.call("COPY", f"{sealed}/sealed", **to_header)
    assert answer.status == 400, answer
    from_header = {"X-Copy-From": f"{sealed}/sealed"}
    answer = swift.call("PUT", f"{sealed}/copy", **from_header)
    assert answer.status == 400, answer
    assert swift.call("HEAD", f"{sealed}/copy").status == 404
    got = s3.get_object(Bucket=sealed, Key="sealed", **SECRET)
    assert got["Body"].read() == PLAIN


def test_through_a_link(s3: Any, swift: Client, sealed: str) -> None:
    target = {"X-Symlink-Target": f"{sealed}/sealed"}
    swift.ok("PUT", f"{sealed}/link", **target)
    refused(swift, f"{sealed}/link")
    got = s3.get_object(Bucket=sealed, Key="link", **SECRET)
    assert got["Body"].read() == PLAIN


@pytest.mark.parametrize("kind", ["static", "dynamic"])
def test_as_a_segment(s3: Any, swift: Client, sealed: str, kind: str) -> None:
    if kind == "static":
        manifest = json.dumps([{"path": f"/{sealed}/sealed"}])
        swift.ok("PUT", sealed, "large", query="multipart-manifest=put", body=manifest)
    else:
        prefix = {"X-Object-Manifest": f"{sealed}/sealed"}
        swift.ok("PUT", f"{sealed}/large", **prefix)
    answer = swift.call("GET", f"{sealed}/large")
    assert answer.status == 409, answer
    assert b"sealed" in answer.body
    # The key is for objects, never for what an object of Swift's is made of.
    for key in ({}, SECRET):
        with pytest.raises(ClientError) as error:
            s3.get_object(Bucket=sealed, Key="large", **key)
        status = error.value.response["ResponseMetadata"]["HTTPStatusCode"]
        assert 400 <= status < 500


def test_an_uploads_manifest(s3: Any, swift: Client, bucket: str) -> None:
    made = s3.create_multipart_upload(Bucket=bucket, Key="k", **SECRET)
    place = {"Bucket": bucket, "Key": "k", "UploadId": made["UploadId"]}
    part = s3.upload_part(**place, PartNumber=1, Body=PLAIN, **SECRET)
    parts = [{"PartNumber": 1, "ETag": part["ETag"]}]
    s3.complete_multipart_upload(**place, MultipartUpload={"Parts": parts})
    refused(swift, f"{bucket}/k")
    assert swift.call("DELETE", f"{bucket}/k").status == 204


def test_old_versions(s3: Any, swift: Client, sealed: str) -> None:
    swift.ok("POST", sealed, X_Versions_Enabled="true")
    swift.ok("PUT", f"{sealed}/sealed", body=b"new")
    swift.ok("PUT", f"{sealed}/sealed", body=b"newer")
    assert swift.ok("GET", f"{sealed}/sealed").body == b"newer"
    found = swift.ok("GET", sealed, query="versions&format=json").json
    oldest = min(entry["version_id"] for entry in found)
    refused(swift, f"{sealed}/sealed", query=f"version-id={oldest}")
    listed = s3.list_object_versions(Bucket=sealed)["Versions"]
    old = listed[-1]["VersionId"]
    got = s3.get_object(Bucket=sealed, Key="sealed", VersionId=old, **SECRET)
    assert got["Body"].read() == PLAIN


def test_versions_in_a_container_of_the_clients(
    s3: Any, swift: Client, sealed: str
) -> None:
    swift.ok("PUT", f"{sealed}-old")
    swift.ok("POST", sealed, X_Versions_Location=f"{sealed}-old")
    swift.ok("PUT", f"{sealed}/sealed", body=b"new")
    swift.ok("DELETE", f"{sealed}/sealed")
    refused(swift, f"{sealed}/sealed")
    got = s3.get_object(Bucket=sealed, Key="sealed", **SECRET)
    assert got["Body"].read() == PLAIN
