"""Temporary keys: what their policy does not allow, they may not."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from test.functional.harness.store import Store
from test.functional.s3.conftest import REGION, Boto

ROLE = "arn:aws:iam::123456789012:role/any"
Assume = Callable[..., Any]


@pytest.fixture
def assume(boto: Boto, s3_store: Store) -> Assume:
    """``assume(action, ..., service="s3")``: a client whose keys allow these only."""

    def assumed(*actions: str, service: str = "s3") -> Any:
        allow = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        answer = boto(service="sts").assume_role(
            RoleArn=ROLE, RoleSessionName="session", Policy=policy
        )
        keys = answer["Credentials"]
        return boto3.client(
            service,
            endpoint_url=s3_store.endpoint(),
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
            region_name=REGION,
            config=Config(retries={"max_attempts": 1}),
        )

    return assumed


OPEN = json.dumps(
    {
        "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
        ]
    }
)
REFUSED: dict[str, dict[str, Any]] = {
    "put_object": {"Key": "k", "Body": b"other"},
    "delete_object": {"Key": "k"},
    "copy_object": {"Key": "c", "CopySource": "{bucket}/k"},
    "list_objects_v2": {},
    "create_multipart_upload": {"Key": "k"},
    "get_object_tagging": {"Key": "k"},
    "get_bucket_policy": {},
    "put_bucket_policy": {"Policy": OPEN},
    "delete_bucket_policy": {},
    "delete_bucket": {},
    "put_bucket_versioning": {"VersioningConfiguration": {"Status": "Enabled"}},
    "delete_public_access_block": {},
}


@pytest.mark.parametrize("verb", REFUSED)
def test_keys_to_read_only_read(
    s3: Any, bucket: str, assume: Assume, verb: str
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"content")
    reader = assume("s3:GetObject")
    assert reader.get_object(Bucket=bucket, Key="k")["Body"].read() == b"content"
    more = {
        name: value.format(bucket=bucket) if name == "CopySource" else value
        for name, value in REFUSED[verb].items()
    }
    with pytest.raises(ClientError) as error:
        getattr(reader, verb)(Bucket=bucket, **more)
    assert error.value.response["Error"]["Code"] == "AccessDenied"
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"content"


def test_buckets_take_their_own_actions(assume: Assume, bucket_name: str) -> None:
    reader = assume("s3:GetObject")
    for refused in (
        reader.list_buckets,
        lambda: reader.create_bucket(Bucket=bucket_name),
    ):
        with pytest.raises(ClientError) as error:
            refused()
        assert error.value.response["Error"]["Code"] == "AccessDenied"
    maker = assume("s3:CreateBucket", "s3:ListAllMyBuckets")
    maker.create_bucket(Bucket=bucket_name)
    assert bucket_name in [found["Name"] for found in maker.list_buckets()["Buckets"]]


def test_temporary_keys_make_no_others(assume: Assume) -> None:
    session = assume("*", service="sts")
    assert session.get_caller_identity()["Account"] == "AUTH_test"
    with pytest.raises(ClientError) as error:
        session.get_session_token()
    assert error.value.response["Error"]["Code"] == "AccessDenied"
