"""Buckets, their configurations, rights between accounts, temporary keys, forms."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from test.functional.harness.http import Client
from test.functional.harness.store import Store
from test.functional.harness.users import GUEST
from test.functional.s3.conftest import Boto
from test.functional.s3.test_objects import code


def anonymous(store: Store, path: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(f"{store.endpoint()}/{path}") as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_a_buckets_life(s3: Any, stranger: Any, bucket: str) -> None:
    assert bucket in [entry["Name"] for entry in s3.list_buckets()["Buckets"]]
    assert s3.head_bucket(Bucket=bucket)["BucketRegion"] == "us-east-1"
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] is None
    with pytest.raises(ClientError) as error:
        s3.create_bucket(Bucket=bucket)
    assert code(error) == "BucketAlreadyOwnedByYou"
    with pytest.raises(ClientError) as error:
        stranger.create_bucket(Bucket=bucket)
    assert code(error) == "BucketAlreadyExists"
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    with pytest.raises(ClientError) as error:
        s3.delete_bucket(Bucket=bucket)
    assert code(error) == "BucketNotEmpty"
    s3.delete_object(Bucket=bucket, Key="k")
    s3.delete_bucket(Bucket=bucket)
    with pytest.raises(ClientError) as error:
        s3.list_objects_v2(Bucket=bucket)
    assert code(error) == "NoSuchBucket"


@pytest.mark.parametrize(
    "name", ["ab", "Upper", "under_score", "a..b", "1.2.3.4", "-ab"]
)
def test_bad_names_are_refused(s3: Any, name: str) -> None:
    with pytest.raises((ClientError, ValueError)):
        s3.create_bucket(Bucket=name)


def test_listings_in_pages(s3: Any, bucket: str) -> None:
    keys = sorted([f"a/{n:03}" for n in range(30)] + [f"b{n:03}" for n in range(30)])
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    for version in ("list_objects", "list_objects_v2", "list_object_versions"):
        pages = s3.get_paginator(version).paginate(
            Bucket=bucket, PaginationConfig={"PageSize": 7}
        )
        name = "Versions" if version == "list_object_versions" else "Contents"
        assert [entry["Key"] for page in pages for entry in page[name]] == keys
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Delimiter="/", PaginationConfig={"PageSize": 7}
    )
    prefixes = [p["Prefix"] for page in pages for p in page.get("CommonPrefixes", [])]
    assert prefixes == ["a/"]


def test_many_are_deleted_at_once(s3: Any, bucket: str) -> None:
    keys = [f"k{n}" for n in range(120)]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    objects = [{"Key": key} for key in keys]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects})
    assert [entry["Key"] for entry in answer["Deleted"]] == keys
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_policies_open_and_close(
    s3: Any, stranger: Any, bucket: str, s3_store: Store
) -> None:
    s3.put_object(Bucket=bucket, Key="open/k", Body=b"open")
    s3.put_object(Bucket=bucket, Key="k", Body=b"closed")
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/open/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == policy
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"]
    assert anonymous(s3_store, f"{bucket}/open/k") == (200, b"open")
    assert anonymous(s3_store, f"{bucket}/k")[0] == 403
    assert anonymous(s3_store, f"{bucket}/open/none")[0] == 403
    assert stranger.get_object(Bucket=bucket, Key="open/k")["Body"].read() == b"open"
    s3.delete_bucket_policy(Bucket=bucket)
    assert anonymous(s3_store, f"{bucket}/open/k")[0] == 403


def test_acls(s3: Any, stranger: Any, bucket: str, s3_store: Store) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ACL="public-read")
    assert anonymous(s3_store, f"{bucket}/k") == (200, b"x")
    s3.put_object_acl(Bucket=bucket, Key="k", ACL="private")
    assert anonymous(s3_store, f"{bucket}/k")[0] == 403
    s3.put_object_acl(Bucket=bucket, Key="k", GrantRead="id=AUTH_test2")
    assert stranger.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    grants = s3.get_object_acl(Bucket=bucket, Key="k")["Grants"]
    assert [grant["Grantee"]["ID"] for grant in grants] == ["AUTH_test2"]
    with pytest.raises(ClientError) as error:
        stranger.put_object(Bucket=bucket, Key="n", Body=b"x")
    assert code(error) == "AccessDenied"
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    assert anonymous(s3_store, f"{bucket}?list-type=2")[0] == 200


def test_users_without_rights_have_none(boto: Boto, bucket: str) -> None:
    guest = boto(GUEST)
    for call in (
        lambda: guest.list_objects_v2(Bucket=bucket),
        lambda: guest.put_object(Bucket=bucket, Key="k", Body=b""),
        guest.list_buckets,
    ):
        with pytest.raises(ClientError) as error:
            call()
        assert code(error) == "AccessDenied"


def test_configurations(s3: Any, bucket: str) -> None:
    rules = {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["http://a"]}]}
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration=rules)
    assert s3.get_bucket_cors(Bucket=bucket)["CORSRules"] == rules["CORSRules"]
    s3.delete_bucket_cors(Bucket=bucket)
    with pytest.raises(ClientError) as error:
        s3.get_bucket_cors(Bucket=bucket)
    assert code(error) == "NoSuchCORSConfiguration"
    tags = {"TagSet": [{"Key": "k", "Value": "ü"}]}
    s3.put_bucket_tagging(Bucket=bucket, Tagging=tags)
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == tags["TagSet"]
    rule = {
        "ID": "r",
        "Status": "Enabled",
        "Filter": {"Prefix": "log/"},
        "Expiration": {"Days": 30},
    }
    s3.put_bucket_lifecycle_configuration(
        Bucket=bucket, LifecycleConfiguration={"Rules": [rule]}
    )
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == [rule]
    block = {"BlockPublicAcls": True, "IgnorePublicAcls": False}
    block |= {"BlockPublicPolicy": True, "RestrictPublicBuckets": False}
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)
    shown = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert shown == block
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket=bucket, Key="k", Body=b"", ACL="public-read")
    assert code(error) == "AccessDenied"


def test_object_tags(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="a=1&b=2")
    assert s3.head_object(Bucket=bucket, Key="k")["TagCount"] == 2
    tags = {"TagSet": [{"Key": "c", "Value": "3"}]}
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging=tags)
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == tags["TagSet"]
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []


def test_both_faces_show_the_same(s3: Any, bucket: str, swift: Client) -> None:
    auth = {"X-Auth-Token": swift.token}
    path = f"/v1/{swift.account}/{bucket}"
    s3.put_object(Bucket=bucket, Key="s3 ü", Body=b"by s3", Metadata={"a": "1"})
    got = swift.raw("GET", f"{path}/s3%20%C3%BC", auth)
    assert (got.body, got.headers["x-object-meta-a"]) == (b"by s3", "1")
    headers = {**auth, "X-Object-Meta-Color": "grün", "Content-Type": "text/x"}
    swift.raw("PUT", f"{path}/by-swift", headers, b"by swift")
    got = s3.get_object(Bucket=bucket, Key="by-swift")
    assert (got["Body"].read(), got["ContentType"]) == (b"by swift", "text/x")
    assert got["Metadata"]["color"] == "=?UTF-8?B?Z3LDvG4=?="


def test_swifts_acls_count(s3: Any, stranger: Any, bucket: str, swift: Client) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    with pytest.raises(ClientError):
        stranger.get_object(Bucket=bucket, Key="k")
    headers = {"X-Auth-Token": swift.token, "X-Container-Read": "test2:tester2"}
    swift.raw("POST", f"/v1/{swift.account}/{bucket}", headers)
    assert stranger.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


def test_temporary_keys(boto: Boto, bucket: str, s3_store: Store) -> None:
    keys = boto(service="sts").get_session_token()["Credentials"]
    client = boto3.client(
        "s3",
        endpoint_url=s3_store.endpoint(),
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
        region_name="us-east-1",
    )
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


def test_virtual_hosts(s3: Any, bucket: str, s3_store: Store) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ACL="public-read")
    request = urllib.request.Request(
        f"{s3_store.endpoint()}/k", headers={"Host": f"{bucket}.s3.localhost"}
    )
    assert urllib.request.urlopen(request).read() == b"x"
