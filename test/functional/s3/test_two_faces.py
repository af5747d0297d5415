"""S3's words and Swift's for the same things, each through its own client."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from test.functional.harness.http import Client
from test.functional.harness.store import Store
from test.functional.harness.users import STRANGER, TESTER
from test.functional.s3.conftest import Boto

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


@pytest.mark.parametrize("versions", [False, True])
def test_changes_at_once_all_come_about(
    boto: Boto, bucket: str, versions: bool
) -> None:
    """Tags, an ACL and a new object: none undoes another."""
    one, other, third = boto(), boto(), boto()
    if versions:
        status = {"Status": "Enabled"}
        one.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=status)
    where = {"Bucket": bucket, "Key": "k"}
    for turn in range(12):
        mark = {"mark": str(turn)}
        one.put_object(**where, Body=b"before")
        calls = [
            lambda: one.put_object_tagging(**where, Tagging=TAGS),
            lambda: other.put_object_acl(**where, ACL="public-read"),
        ]
        if turn % 2:
            body = mark["mark"].encode()
            calls.append(
                lambda b=body, m=mark: third.put_object(**where, Body=b, Metadata=m)
            )
        with ThreadPoolExecutor(3) as pool:
            for done in [pool.submit(call) for call in calls]:
                done.result()
        if turn % 2:
            got = one.get_object(**where)
            assert (got["Body"].read(), got["Metadata"]) == (body, mark)
        else:
            assert one.get_object_tagging(**where)["TagSet"] == TAGS["TagSet"]
            assert ("AllUsers", "READ") in grants(one.get_object_acl(**where))


def test_a_swift_post_undoes_no_change_of_an_acl(
    boto: Boto, s3_store: Store, bucket: str
) -> None:
    one = boto()
    swift = Client(s3_store.endpoint(), TESTER)
    where = {"Bucket": bucket, "Key": "k"}
    one.put_object(**where, Body=b"x", Tagging="a=b")
    for turn in range(12):
        one.put_object_acl(**where, ACL="public-read")
        color = str(turn)
        with ThreadPoolExecutor(2) as pool:
            closing = pool.submit(one.put_object_acl, **where, ACL="private")
            swift.ok("POST", bucket, "k", X_Object_Meta_Color=color)
            closing.result()
        assert ("AllUsers", "READ") not in grants(one.get_object_acl(**where))
        assert one.head_object(**where)["Metadata"] == {"color": color}
    swift.ok("PUT", bucket, "link", body="", X_Symlink_Target=f"{bucket}/k")
    assert swift.call("POST", bucket, "link", X_Object_Meta_A="b").status == 307
    swift.close()


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


@pytest.fixture(params=["static", "dynamic"])
def large(request: pytest.FixtureRequest, bucket: str, swift: Client) -> bytes:
    """A large object ``large`` that came through Swift, in either way."""
    for number in "12":
        swift.ok("PUT", bucket, f"part/{number}", body=number * 10)
    if request.param == "static":
        parts = [{"path": f"/{bucket}/part/{number}"} for number in "12"]
        query = "multipart-manifest=put"
        swift.ok("PUT", bucket, "large", query=query, body=json.dumps(parts))
    else:
        swift.ok("PUT", bucket, "large", X_Object_Manifest=f"{bucket}/part/")
    return b"1" * 10 + b"2" * 10


def test_swifts_large_objects_are_plain_to_s3(
    s3: Any, bucket: str, large: bytes
) -> None:
    got = s3.get_object(Bucket=bucket, Key="large")
    assert (got["Body"].read(), got["ContentLength"]) == (large, 20)
    assert got["ETag"].endswith('-1"')
    across = s3.get_object(Bucket=bucket, Key="large", Range="bytes=8-11")
    assert (across["Body"].read(), across["ContentRange"]) == (b"1122", "bytes 8-11/20")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/large")
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == large


def test_conditions_on_swifts_large_objects(s3: Any, bucket: str, large: bytes) -> None:
    etag = s3.head_object(Bucket=bucket, Key="large")["ETag"]
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket=bucket, Key="large", Body=b"new", IfMatch='"other"')
    assert error.value.response["Error"]["Code"] == "PreconditionFailed"
    assert s3.get_object(Bucket=bucket, Key="large")["Body"].read() == large
    s3.put_object(Bucket=bucket, Key="large", Body=b"new", IfMatch=etag)
    assert s3.get_object(Bucket=bucket, Key="large")["Body"].read() == b"new"


def test_a_conditional_delete_of_swifts_large_object(
    s3: Any, bucket: str, large: bytes, swift: Client
) -> None:
    etag = s3.head_object(Bucket=bucket, Key="large")["ETag"]
    s3.delete_object(Bucket=bucket, Key="large", IfMatch=etag)
    assert swift.call("HEAD", bucket, "large").status == 404
    assert swift.ok("GET", bucket, "part/1").body == large[:10]


@pytest.mark.parametrize("key", ["ü/€ ñ", "a b+c", "日本/語"])
def test_odd_names_and_metadata_are_the_same(
    s3: Any, bucket: str, swift: Client, key: str
) -> None:
    swift.ok(
        "PUT", bucket, key, body="x", X_Object_Meta_Who="plain", Content_Type="a/b"
    )
    head = s3.head_object(Bucket=bucket, Key=key)
    assert (head["Metadata"], head["ContentType"]) == ({"who": "plain"}, "a/b")
    s3.put_object(Bucket=bucket, Key=key, Body=b"yy", Metadata={"Of": "s3"})
    got = swift.ok("GET", bucket, key)
    assert (got.body, got.headers["x-object-meta-of"]) == (b"yy", "s3")
    assert swift.ok("GET", bucket, query="format=json").names == [key]


def test_a_symlink_is_what_it_leads_to(s3: Any, bucket: str, swift: Client) -> None:
    s3.put_object(Bucket=bucket, Key="there", Body=b"target")
    swift.ok("PUT", bucket, "link", X_Symlink_Target=f"{bucket}/there")
    got = s3.get_object(Bucket=bucket, Key="link")
    there = s3.head_object(Bucket=bucket, Key="there")
    assert (got["Body"].read(), got["ETag"]) == (b"target", there["ETag"])
    s3.delete_object(Bucket=bucket, Key="link")
    assert s3.get_object(Bucket=bucket, Key="there")["Body"].read() == b"target"


def test_if_none_match_counts_across_the_faces(
    s3: Any, bucket: str, swift: Client
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"s3")
    assert swift.call("PUT", bucket, "k", body="w", If_None_Match="*").status == 412
    swift.ok("PUT", bucket, "w", body="swift")
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket=bucket, Key="w", Body=b"x", IfNoneMatch="*")
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412
    assert swift.ok("GET", bucket, "k").body == b"s3"
    assert swift.ok("GET", bucket, "w").body == b"swift"
