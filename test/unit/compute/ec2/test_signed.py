"""What of a signed request identity is asked about."""

from __future__ import annotations

import pytest

from compute.ec2.frame.errors import Ec2Error
from compute.ec2.frame.signed import claim_of
from objectstore.kernel.request import Request

SCOPE = "20260102/RegionOne/ec2/aws4_request"


def request(authorization: str = "") -> Request:
    return Request(
        {
            "REQUEST_METHOD": "GET",
            "RAW_PATH_INFO": "/ec2/",
            "HTTP_HOST": "cloud:5000",
            "HTTP_X_AMZ_DATE": "20260102T030405Z",
            "HTTP_AUTHORIZATION": authorization,
        }
    )


def header(scope: str = SCOPE, names: str = "host;x-amz-date") -> str:
    return (
        f"AWS4-HMAC-SHA256 Credential=key/{scope}, SignedHeaders={names}, Signature=ab"
    )


def test_a_signature_in_the_header() -> None:
    claim = claim_of(request(header()), {"Action": "X"}, b"")
    assert claim["access"] == "key" and claim["signature"] == "ab"
    assert claim["params"] == {"Action": "X"}
    assert claim["headers"]["host"] == "cloud:5000"


def test_a_signature_in_the_query() -> None:
    form = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"key/{SCOPE}",
        "X-Amz-SignedHeaders": "host",
        "X-Amz-Signature": "ab",
    }
    claim = claim_of(request(), form, b"")
    assert claim["access"] == "key" and claim["headers"] == {"host": "cloud:5000"}
    with pytest.raises(Ec2Error, match="Host"):
        claim_of(request(), {**form, "X-Amz-SignedHeaders": ""}, b"")


@pytest.mark.parametrize(
    ("authorization", "why"),
    [
        (header(SCOPE.replace("ec2", "s3")), "service"),
        (header("20260102/RegionOne/ec2"), "service"),
        (header(names="x-amz-date"), "Host"),
    ],
)
def test_what_was_signed_for_somewhere_else(authorization: str, why: str) -> None:
    with pytest.raises(Ec2Error, match=why) as caught:
        claim_of(request(authorization), {}, b"")
    assert caught.value.code == "AuthFailure"
