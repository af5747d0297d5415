"""Access logs through boto3: delivered as objects, a line for each request."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from test.functional.harness.store import Store, wait_for
from test.functional.s3.conftest import Boto


def lines(s3: Any, bucket: str) -> list[str]:
    found: list[str] = []
    for entry in s3.list_objects_v2(Bucket=bucket, Prefix="log/").get("Contents", []):
        body = s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
        found += body.decode().splitlines()
    return found


def set_logging(s3: Any, bucket: str, target: str) -> None:
    s3.put_bucket_logging(
        Bucket=bucket,
        BucketLoggingStatus={
            "LoggingEnabled": {"TargetBucket": target, "TargetPrefix": "log/"}
        },
    )


def test_logs_are_delivered(
    s3: Any, stranger: Any, bucket: str, boto: Boto, s3_store: Store
) -> None:
    target = f"{bucket}-logs"
    s3.create_bucket(Bucket=target)
    set_logging(s3, bucket, target)
    shown = s3.get_bucket_logging(Bucket=bucket)["LoggingEnabled"]
    assert (shown["TargetBucket"], shown["TargetPrefix"]) == (target, "log/")
    last = boto(node=len(s3_store.plans) - 1)
    last.put_object(Bucket=bucket, Key="a key", Body=b"x" * 1000)
    s3.get_object(Bucket=bucket, Key="a key")["Body"].read()
    with pytest.raises(ClientError):
        stranger.get_object(Bucket=bucket, Key="a key")
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a key"}]})

    def told() -> set[tuple[str, str]]:
        return {
            (line.split()[7], line.partition('" ')[2].split()[0])
            for line in lines(s3, target)
        }

    wanted = {
        ("REST.PUT.OBJECT", "200"),
        ("REST.GET.OBJECT", "200"),
        ("REST.GET.OBJECT", "403"),
        ("REST.POST.MULTI_OBJECT_DELETE", "200"),
        ("BATCH.DELETE.OBJECT", "204"),
    }
    wait_for(lambda: wanted <= told(), "the log lines", 60)


def test_what_a_process_knows_is_kept_when_it_ends(
    s3: Any, bucket: str, s3_store: Store
) -> None:
    target = f"{bucket}-logs"
    s3.create_bucket(Bucket=target)
    set_logging(s3, bucket, target)
    s3.put_object(Bucket=bucket, Key="last-words", Body=b"x")
    s3_store.stop_node(0)
    s3_store.start_node(0)
    wait_for(
        lambda: any("last-words" in line for line in lines(s3, target)),
        "the line from before the restart",
        60,
    )


def test_target_grants_let_others_read_the_logs(
    s3: Any, stranger: Any, bucket: str
) -> None:
    target = f"{bucket}-logs"
    s3.create_bucket(Bucket=target)
    reader = {
        "Type": "CanonicalUser",
        "ID": stranger.list_buckets()["Owner"]["ID"],
    }
    s3.put_bucket_logging(
        Bucket=bucket,
        BucketLoggingStatus={
            "LoggingEnabled": {
                "TargetBucket": target,
                "TargetPrefix": "log/",
                "TargetGrants": [{"Grantee": reader, "Permission": "READ"}],
            }
        },
    )
    shown = s3.get_bucket_logging(Bucket=bucket)["LoggingEnabled"]["TargetGrants"]
    assert shown[0]["Grantee"]["ID"] == reader["ID"]
    s3.put_object(Bucket=bucket, Key="shared", Body=b"x")
    wait_for(lambda: any("shared" in line for line in lines(s3, target)), "the log", 60)
    key = s3.list_objects_v2(Bucket=target)["Contents"][0]["Key"]
    assert stranger.get_object(Bucket=target, Key=key)["Body"].read()
    with pytest.raises(ClientError):
        stranger.put_object(Bucket=target, Key=key, Body=b"forged")
