"""SSE-S3 through boto3, in a store that encrypts on request."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from objectstore.app.pipeline import filter_names
from objectstore.cli.layout import NodePlan, lay_out
from test.functional.harness.http import Client
from test.functional.harness.store import Store

NEEDLE = b"<sealed, on no device in plain>"
RULE = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}


def found_on_devices(store: Store, needle: bytes) -> bool:
    return any(
        needle in path.read_bytes()
        for device in store.device_directories()
        for path in device.rglob("*")
        if path.is_file()
    )


def test_objects_and_uploads(s3: Any, bucket: str, s3_store: Store) -> None:
    needle = NEEDLE + bucket.encode()
    asked = {"ServerSideEncryption": "AES256"}
    put = s3.put_object(Bucket=bucket, Key="k", Body=needle * 50, **asked)
    assert put["ServerSideEncryption"] == "AES256"
    got = s3.get_object(Bucket=bucket, Key="k")
    assert (got["Body"].read(), got["ServerSideEncryption"]) == (needle * 50, "AES256")
    parts = [needle + b"a" * 5 * 2**20, needle * 3]
    made = s3.create_multipart_upload(Bucket=bucket, Key="large", **asked)
    place = {"Bucket": bucket, "Key": "large", "UploadId": made["UploadId"]}
    listed = []
    for number, body in enumerate(parts, 1):
        done = s3.upload_part(**place, PartNumber=number, Body=body)
        assert done["ServerSideEncryption"] == "AES256"
        listed.append({"PartNumber": number, "ETag": done["ETag"]})
    done = s3.complete_multipart_upload(**place, MultipartUpload={"Parts": listed})
    assert done["ServerSideEncryption"] == "AES256"
    assert s3.get_object(Bucket=bucket, Key="large")["Body"].read() == b"".join(parts)
    border = len(parts[0])
    span = f"bytes={border - 10}-{border + 9}"
    ranged = s3.get_object(Bucket=bucket, Key="large", Range=span)["Body"].read()
    assert ranged == b"a" * 10 + needle[:10]
    sizes = {
        entry["Key"]: entry["Size"]
        for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]
    }
    assert sizes == {"k": len(needle) * 50, "large": sum(map(len, parts))}
    assert not found_on_devices(s3_store, needle)


def test_keys_that_the_operator_named(s3: Any, bucket: str, s3_store: Store) -> None:
    needle = NEEDLE + bucket.encode()
    asked = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "tax-2027"}
    s3.put_object(Bucket=bucket, Key="k", Body=needle * 50, **asked)
    got = s3.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == needle * 50
    shown = {name: got[name] for name in asked}
    assert shown == asked
    with pytest.raises(ClientError, match=r"KMS\.NotFoundException"):
        s3.put_object(Bucket=bucket, Key="n", **{**asked, "SSEKMSKeyId": "none"})
    rule = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "tax-2027"}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": rule}]}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=rules)
    put = s3.put_object(Bucket=bucket, Key="default", Body=needle)
    assert put["SSEKMSKeyId"] == "tax-2027"
    assert not found_on_devices(s3_store, needle)


def test_a_buckets_default(
    s3: Any, bucket: str, swift: Client, s3_store: Store
) -> None:
    needle = NEEDLE + bucket.encode()
    with pytest.raises(ClientError):
        s3.get_bucket_encryption(Bucket=bucket)
    s3.put_bucket_encryption(
        Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [RULE]}
    )
    shown = s3.get_bucket_encryption(Bucket=bucket)
    rules = shown["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    put = s3.put_object(Bucket=bucket, Key="k", Body=needle * 50)
    assert put["ServerSideEncryption"] == "AES256"
    swift.ok("PUT", bucket, "swift", body=needle * 50)
    head = s3.head_object(Bucket=bucket, Key="swift")
    assert head["ServerSideEncryption"] == "AES256"
    assert swift.ok("GET", bucket, "k").body == needle * 50
    assert not found_on_devices(s3_store, needle)
    s3.delete_bucket_encryption(Bucket=bucket)
    put = s3.put_object(Bucket=bucket, Key="k2", Body=b"plain")
    assert "ServerSideEncryption" not in put


def test_what_quickstart_lays_out_can_encrypt(tmp_path: Path) -> None:
    plan = NodePlan("store", 8080, 6200, ("d1", "d2", "d3"))
    place = lay_out(tmp_path, [plan], encrypts=True)
    secret = place.settings_directory / "encryption.conf"
    first = secret.read_text()
    assert secret.stat().st_mode & 0o077 == 0
    assert filter_names(place.settings_file("store"))[-1] == "encryption"
    lay_out(tmp_path, [plan], encrypts=True)
    assert secret.read_text() == first
    lay_out(tmp_path, [plan])
    assert "encryption" not in filter_names(place.settings_file("store"))
