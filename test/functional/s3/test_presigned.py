"""Presigned URLs: what SDKs put into them, and nothing that anybody adds to them."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from test.functional.harness.store import Store
from test.functional.harness.users import TESTER
from test.functional.s3.conftest import REGION, Boto


def send(
    method: str, url: str, body: bytes | None = None, **headers: str
) -> tuple[int, bytes]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, body, named, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read()


@pytest.fixture(params=["s3", "s3v4"])
def version(request: pytest.FixtureRequest) -> str:
    """Signature Version 2, as boto3 presigns without being told, and 4."""
    found: str = request.param
    return found


@pytest.fixture
def temporary(s3_store: Store, boto: Boto, version: str) -> Iterator[Any]:
    """A client with temporary keys."""
    keys = boto(service="sts").get_session_token()["Credentials"]
    client = boto3.client(
        "s3",
        endpoint_url=s3_store.endpoint(),
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
        region_name=REGION,
        config=Config(signature_version=version),
    )
    yield client
    client.close()


def test_temporary_keys_presign(temporary: Any, bucket: str) -> None:
    place = {"Bucket": bucket, "Key": "k"}
    put = temporary.generate_presigned_url("put_object", place)
    assert send("PUT", put, b"data", Content_Type="")[0] == 200
    get = temporary.generate_presigned_url("get_object", place)
    assert send("GET", get) == (200, b"data")
    token = next(part for part in get.split("&") if "ecurity-" in part)
    for wrong in (get.replace(f"&{token}", ""), f"{get}A", f"{get}&x-amz-acl=private"):
        assert send("GET", wrong)[0] in (400, 403)


def test_buckets_as_well_as_objects(
    s3: Any, boto: Boto, bucket: str, version: str
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"data")
    client = boto(signature_version=version)
    (listed,) = client.list_objects_v2(Bucket=bucket)["Contents"]
    assert listed["Key"] == "k"
    url = client.generate_presigned_url("list_objects_v2", {"Bucket": bucket})
    status, body = send("GET", url)
    assert status == 200
    assert b"<Key>k</Key>" in body


def test_version_2_brings_headers_in_the_url(s3: Any, boto: Boto, bucket: str) -> None:
    place = {"Bucket": bucket, "Key": "k"}
    signer = boto(signature_version="s3")
    asked = {**place, "Metadata": {"colour": "blue"}, "ACL": "public-read"}
    url = signer.generate_presigned_url("put_object", asked)
    assert "x-amz-meta-colour=blue" in url
    assert send("PUT", url, b"data", Content_Type="")[0] == 200
    assert s3.head_object(**place)["Metadata"] == {"colour": "blue"}
    assert len(s3.get_object_acl(**place)["Grants"]) == 2
    changed = url.replace("colour=blue", "colour=red")
    assert send("PUT", changed, b"data", Content_Type="")[0] == 403
    assert send("PUT", f"{url}&x-amz-meta-a=b", b"data", Content_Type="")[0] == 403
    added = {"x-amz-meta-colour": "red", "Content-Type": ""}
    assert send("PUT", url, b"data", **added)[0] == 403


def test_version_4_brings_headers_in_the_url(
    s3: Any, s3_store: Store, bucket: str
) -> None:
    """As the SDKs for JavaScript, Go and Ruby presign: headers become parameters, and
    the checksum that goes along is that of the body there was: none."""
    place = {"Bucket": bucket, "Key": "k"}
    parameters = (
        "x-amz-meta-colour=blue%20and%20gr%C3%BCn&x-amz-acl=public-read&x-amz-tagging=a%3Db"
        "&x-amz-checksum-crc32=AAAAAA%3D%3D&x-amz-sdk-checksum-algorithm=CRC32&x-id=PutObject"
        "&x-amz-copy-source=%2Felsewhere%2Fkey"
    )
    request = AWSRequest("PUT", f"{s3_store.endpoint()}/{bucket}/k?{parameters}")
    S3SigV4QueryAuth(Credentials(TESTER.login, TESTER.key), "s3", REGION, 60).add_auth(
        request
    )
    assert send("PUT", request.url, b"data", Content_Type="text/x")[0] == 200
    found = s3.get_object(**place)
    assert found["Body"].read() == b"data"
    assert found["ResponseMetadata"]["HTTPHeaders"]["x-amz-meta-colour"]
    assert s3.get_object_tagging(**place)["TagSet"] == [{"Key": "a", "Value": "b"}]
    assert len(s3.get_object_acl(**place)["Grants"]) == 2
    changed = request.url.replace("public-read", "public-read-write")
    assert send("PUT", changed, b"data")[0] == 403
