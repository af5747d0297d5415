"""MinIO's client library (Python) with its defaults."""

from __future__ import annotations

import io
import json
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from minio import Minio
from minio.commonconfig import ComposeSource, CopySource, Tags
from minio.deleteobjects import DeleteObject
from minio.error import S3Error
from minio.retention import COMPLIANCE, GOVERNANCE, Retention
from minio.versioningconfig import ENABLED, VersioningConfig

from test.functional.harness.http import Client
from test.functional.harness.store import Store
from test.functional.harness.users import TESTER
from test.functional.s3.conftest import REGION

PART = 5 * 2**20


@pytest.fixture
def minio(s3_store: Store) -> Minio:
    return Minio(
        endpoint=s3_store.endpoint().removeprefix("http://"),
        access_key=TESTER.login,
        secret_key=TESTER.key,
        region=REGION,
        secure=False,
    )


@pytest.fixture
def filled(minio: Minio, bucket_name: str) -> Iterator[str]:
    """A bucket with some names in it."""
    minio.make_bucket(bucket_name=bucket_name)
    for name in ("a/1", "a/2", "b", "ü"):
        _put(minio, bucket_name, name, name.encode())
    yield bucket_name


def _put(minio: Minio, bucket: str, name: str, body: bytes, **more: Any) -> Any:
    return minio.put_object(
        bucket_name=bucket,
        object_name=name,
        data=io.BytesIO(body),
        length=len(body),
        **more,
    )


def _get(minio: Minio, bucket: str, name: str, **more: Any) -> bytes:
    response = minio.get_object(bucket_name=bucket, object_name=name, **more)
    try:
        return bytes(response.read())
    finally:
        response.close()
        response.release_conn()


def _names(minio: Minio, bucket: str, **more: Any) -> list[str]:
    found = minio.list_objects(bucket_name=bucket, **more)
    return [each.object_name for each in found]


def test_buckets(minio: Minio, bucket_name: str) -> None:
    assert not minio.bucket_exists(bucket_name=bucket_name)
    minio.make_bucket(bucket_name=bucket_name)
    assert minio.bucket_exists(bucket_name=bucket_name)
    found = {bucket.name: bucket for bucket in minio.list_buckets()}
    age = datetime.now(UTC) - found[bucket_name].creation_date
    assert timedelta(minutes=-1) < age < timedelta(minutes=5)
    minio.remove_bucket(bucket_name=bucket_name)
    assert not minio.bucket_exists(bucket_name=bucket_name)


def test_an_object_with_metadata(minio: Minio, filled: str) -> None:
    _put(
        minio,
        filled,
        "o",
        b"content",
        content_type="text/x-own",
        metadata={"X-Amz-Meta-Colour": "blue"},
    )
    stat = minio.stat_object(bucket_name=filled, object_name="o")
    assert (stat.size, stat.content_type) == (7, "text/x-own")
    assert stat.metadata["x-amz-meta-colour"] == "blue"
    assert _get(minio, filled, "o") == b"content"
    assert _get(minio, filled, "o", offset=3, length=2) == b"te"


def test_a_listing_by_folders(minio: Minio, filled: str) -> None:
    # The library shows folders last.
    assert _names(minio, filled) == ["b", "ü", "a/"]
    assert _names(minio, filled, recursive=True) == ["a/1", "a/2", "b", "ü"]
    assert _names(minio, filled, prefix="a/") == ["a/1", "a/2"]
    found = _names(minio, filled, recursive=True, start_after="a/1")
    assert found == ["a/2", "b", "ü"]


def test_an_upload_in_parts(minio: Minio, filled: str) -> None:
    body = bytes(range(256)) * (2 * PART // 256 + 100)
    result = _put(minio, filled, "large", body, part_size=PART)
    assert result.etag.strip('"').endswith("-3")
    stat = minio.stat_object(bucket_name=filled, object_name="large")
    assert stat.size == len(body)
    assert _get(minio, filled, "large") == body
    assert (
        _get(minio, filled, "large", offset=PART - 2, length=4)
        == (body[PART - 2 : PART + 2])
    )


def test_an_upload_of_unknown_length(minio: Minio, filled: str) -> None:
    body = b"0123456789" * (PART // 10 + 1000)
    minio.put_object(
        bucket_name=filled,
        object_name="unknown",
        data=io.BytesIO(body),
        length=-1,
        part_size=PART,
    )
    assert _get(minio, filled, "unknown") == body


def test_files(minio: Minio, filled: str, tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"in a file" * 1000)
    minio.fput_object(bucket_name=filled, object_name="f", file_path=str(source))
    minio.fget_object(bucket_name=filled, object_name="f", file_path=str(target))
    assert target.read_bytes() == source.read_bytes()


def test_copies_and_compositions(minio: Minio, filled: str) -> None:
    minio.copy_object(
        bucket_name=filled, object_name="copy", source=CopySource(filled, "ü")
    )
    assert _get(minio, filled, "copy") == "ü".encode()
    body = b"x" * PART
    _put(minio, filled, "first", body)
    minio.compose_object(
        bucket_name=filled,
        object_name="both",
        sources=[ComposeSource(filled, "first"), ComposeSource(filled, "b")],
    )
    assert _get(minio, filled, "both") == body + b"b"


def test_many_deletions_at_once(minio: Minio, filled: str) -> None:
    names = [DeleteObject(name) for name in ("a/1", "ü", "never there")]
    errors = minio.remove_objects(bucket_name=filled, delete_object_list=names)
    assert list(errors) == []
    assert _names(minio, filled, recursive=True) == ["a/2", "b"]


def test_what_is_not_there(minio: Minio, filled: str) -> None:
    with pytest.raises(S3Error) as error:
        _get(minio, filled, "nothing")
    assert error.value.code == "NoSuchKey"
    with pytest.raises(S3Error) as error:
        minio.remove_bucket(bucket_name=filled)
    assert error.value.code == "BucketNotEmpty"


def test_tags(minio: Minio, filled: str) -> None:
    tags = Tags.new_object_tags()
    tags["team"] = "ring"
    minio.set_object_tags(bucket_name=filled, object_name="b", tags=tags)
    assert minio.get_object_tags(bucket_name=filled, object_name="b") == tags
    minio.delete_object_tags(bucket_name=filled, object_name="b")
    assert not minio.get_object_tags(bucket_name=filled, object_name="b")


def test_a_policy_opens_a_bucket(minio: Minio, s3_store: Store, filled: str) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{filled}/b",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    minio.set_bucket_policy(bucket_name=filled, policy=policy)
    assert json.loads(minio.get_bucket_policy(bucket_name=filled)) == json.loads(policy)
    with urllib.request.urlopen(f"{s3_store.endpoint()}/{filled}/b") as answer:
        assert answer.read() == b"b"
    minio.delete_bucket_policy(bucket_name=filled)
    with pytest.raises(S3Error) as error:
        minio.get_bucket_policy(bucket_name=filled)
    assert error.value.code == "NoSuchBucketPolicy"


def test_versions(minio: Minio, filled: str) -> None:
    minio.set_bucket_versioning(
        bucket_name=filled, config=VersioningConfig(status=ENABLED)
    )
    assert minio.get_bucket_versioning(bucket_name=filled).status == "Enabled"
    first = _put(minio, filled, "v", b"one").version_id
    _put(minio, filled, "v", b"two")
    minio.remove_object(bucket_name=filled, object_name="v")
    found = list(
        minio.list_objects(bucket_name=filled, prefix="v", include_version=True)
    )
    # The library shows delete markers last.
    assert [each.is_delete_marker for each in found] == [False, False, True]
    assert [each.is_latest for each in found] == ["false", "false", "true"]
    assert _get(minio, filled, "v", version_id=first) == b"one"


def test_presigned_urls(minio: Minio, filled: str) -> None:
    put = minio.presigned_put_object(bucket_name=filled, object_name="signed")
    request = urllib.request.Request(put, b"by url", method="PUT")
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200
    get = minio.presigned_get_object(bucket_name=filled, object_name="signed")
    with urllib.request.urlopen(get) as answer:
        assert answer.read() == b"by url"


@pytest.mark.parametrize("mode", [GOVERNANCE, COMPLIANCE])
def test_object_lock(minio: Minio, bucket_name: str, mode: str) -> None:
    minio.make_bucket(bucket_name=bucket_name, object_lock=True)
    version = _put(minio, bucket_name, "o", b"kept").version_id
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    minio.set_object_retention(
        bucket_name=bucket_name, object_name="o", config=Retention(mode, until)
    )
    found = minio.get_object_retention(bucket_name=bucket_name, object_name="o")
    assert (found.mode, found.retain_until_date) == (mode, until)
    minio.enable_object_legal_hold(bucket_name=bucket_name, object_name="o")
    held = minio.is_object_legal_hold_enabled(bucket_name=bucket_name, object_name="o")
    assert held
    with pytest.raises(S3Error) as error:
        minio.remove_object(
            bucket_name=bucket_name, object_name="o", version_id=version
        )
    assert error.value.code == "AccessDenied"


def test_swift_sees_the_same(minio: Minio, swift: Client, filled: str) -> None:
    _put(minio, filled, "both", b"faces", metadata={"X-Amz-Meta-Colour": "red"})
    found = swift.ok("GET", filled, "both")
    assert found.body == b"faces"
    assert found.headers["x-object-meta-colour"] == "red"
    swift.ok("PUT", filled, "back", body=b"from swift", X_Object_Meta_Size="xl")
    stat = minio.stat_object(bucket_name=filled, object_name="back")
    assert stat.metadata["x-amz-meta-size"] == "xl"
    assert _get(minio, filled, "back") == b"from swift"
