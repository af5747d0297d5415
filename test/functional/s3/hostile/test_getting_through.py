"""Neither the house's own headers nor others' secrets can be had by asking."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from test.functional.harness.http import Client
from test.functional.harness.users import GUEST, STRANGER, User
from test.functional.s3.conftest import Boto
from test.functional.s3.hostile.replies import Ask, code

SMUGGLED = [
    "X-Object-Sysmeta-S3-Acl",
    "X-Object-Transient-Sysmeta-Crypto-Meta",
    "X-Object-Manifest",
    "X-Symlink-Target",
    "X-Copy-From",
    "X-Delete-After",
    "X-Timestamp",
    "X-Backend-Storage-Policy-Index",
    "X-Container-Sysmeta-S3-Policy",
]


@pytest.mark.parametrize("header", SMUGGLED)
def test_headers_of_the_house_do_not_get_through(
    ask: Ask, s3: Any, bucket: str, swift: Client, header: str
) -> None:
    s3.put_object(Bucket=bucket, Key="other", Body=b"other")
    forged = {header.lower(): f"{bucket}/other"}
    answer = ask("PUT", f"/{bucket}/k", body=b"mine", change=lambda h: h.update(forged))
    assert answer.status == 200
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"mine"
    headers = swift.ok("HEAD", bucket, "k").headers
    assert header.lower() not in headers or header == "X-Timestamp"
    assert headers["etag"] == hashlib.md5(b"mine").hexdigest()


@pytest.mark.parametrize("user", [STRANGER, GUEST], ids=["stranger", "guest"])
@pytest.mark.parametrize("key", ["there", "not-there"])
def test_refusals_do_not_tell_what_exists(
    boto: Boto, s3: Any, bucket: str, user: User, key: str
) -> None:
    s3.put_object(Bucket=bucket, Key="there", Body=b"x", ACL="private")
    other = boto(user)
    asks: list[Callable[..., Any]] = [
        *(other.get_object, other.head_object, other.delete_object),
        *(other.get_object_acl, other.get_object_tagging),
    ]
    for asked in asks:
        with pytest.raises(ClientError) as error:
            asked(Bucket=bucket, Key=key)
        assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    with pytest.raises(ClientError) as error:
        other.copy_object(Bucket=bucket, Key="c", CopySource=f"{bucket}/{key}")
    assert error.value.response["Error"]["Code"] == "AccessDenied"


def test_anybody_may_not_choose_a_replys_headers(
    s3: Any, bucket: str, anybody: Client
) -> None:
    s3.put_bucket_ownership_controls(
        Bucket=bucket,
        OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]},
    )
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"<b>", ACL="public-read")
    assert anybody.raw("GET", f"/{bucket}/k").body == b"<b>"
    answer = anybody.raw("GET", f"/{bucket}/k?response-content-type=text/html")
    assert (answer.status, code(answer)) == (400, "InvalidRequest")
