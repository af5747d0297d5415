"""Signatures that are wrong, for elsewhere, or would be found in a log."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from test.functional.harness.http import Client
from test.functional.harness.store import Store, wait_for
from test.functional.harness.users import STRANGER, TESTER
from test.functional.s3.conftest import REGION, Boto
from test.functional.s3.hostile.replies import Ask, code


def moved(headers: dict[str, str], by: timedelta) -> None:
    """Another time; the scope's day goes with it, for near midnight it is another."""
    was, now = headers["x-amz-date"], datetime.now(UTC) + by
    headers["x-amz-date"] = now.strftime("%Y%m%dT%H%M%SZ")
    headers["authorization"] = headers["authorization"].replace(
        f"/{was[:8]}/", f"/{now:%Y%m%d}/"
    )


SPOILED: dict[str, tuple[Callable[[dict[str, str]], None], int, str]] = {
    "signature": (
        lambda h: h.update(authorization=h["authorization"][:-4] + "0000"),
        403,
        "SignatureDoesNotMatch",
    ),
    "non-ASCII signature": (
        lambda h: h.update(authorization=h["authorization"][:-4] + "üüüü"),
        403,
        "SignatureDoesNotMatch",
    ),
    "an unknown key": (
        lambda h: h.update(
            authorization=h["authorization"].replace(TESTER.login, "test:nobody")
        ),
        403,
        "InvalidAccessKeyId",
    ),
    "another's key": (
        lambda h: h.update(
            authorization=h["authorization"].replace(TESTER.login, STRANGER.login)
        ),
        403,
        "SignatureDoesNotMatch",
    ),
    "an hour late": (
        lambda h: moved(h, timedelta(hours=-1)),
        403,
        "RequestTimeTooSkewed",
    ),
    "an hour early": (
        lambda h: moved(h, timedelta(hours=1)),
        403,
        "RequestTimeTooSkewed",
    ),
    "no date": (lambda h: h.pop("x-amz-date"), 403, "AccessDenied"),
    "a header more": (
        lambda h: h.update({"x-amz-acl": "public-read"}),
        403,
        "AccessDenied",
    ),
    "a copy source": (
        lambda h: h.update({"x-amz-copy-source": "/secret/key"}),
        403,
        "AccessDenied",
    ),
    "another payload": (
        lambda h: h.update({"x-amz-content-sha256": "0" * 64}),
        403,
        "SignatureDoesNotMatch",
    ),
    "no payload hash": (
        lambda h: h.pop("x-amz-content-sha256"),
        400,
        "InvalidRequest",
    ),
    "half a header": (
        lambda h: h.update(authorization="AWS4-HMAC-SHA256 Credential=x"),
        400,
        "AuthorizationHeaderMalformed",
    ),
    "nothing after the algorithm": (
        lambda h: h.update(authorization="AWS4-HMAC-SHA256"),
        400,
        "AuthorizationHeaderMalformed",
    ),
    "a thousand signed headers": (
        lambda h: h.update(
            authorization=h["authorization"].replace("host;", "host;" * 1000)
        ),
        400,
        "AuthorizationHeaderMalformed",
    ),
    "another scheme": (
        lambda h: h.update(authorization="Bearer x"),
        400,
        "InvalidArgument",
    ),
}


@pytest.mark.parametrize("how", SPOILED)
def test_what_is_wrong_with_a_signature(
    ask: Ask, s3: Any, bucket: str, how: str
) -> None:
    change, status, wanted = SPOILED[how]
    s3.put_object(Bucket=bucket, Key="k", Body=b"before")
    answer = ask("PUT", f"/{bucket}/k", body=b"after", change=change)
    assert (answer.status, code(answer)) == (status, wanted)
    assert answer.headers["content-type"] == "application/xml"
    assert TESTER.key not in answer.text
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"before"


@pytest.mark.parametrize(
    ("region", "service", "wanted"),
    [
        ("eu-west-1", "s3", "AuthorizationHeaderMalformed"),
        (REGION, "ec2", "AuthorizationHeaderMalformed"),
    ],
)
def test_credentials_for_elsewhere(
    ask: Ask, bucket: str, region: str, service: str, wanted: str
) -> None:
    answer = ask("GET", f"/{bucket}", region=region, service=service)
    assert (answer.status, code(answer)) == (400, wanted)


def test_no_signature_is_in_the_logs(
    boto: Boto, s3: Any, bucket: str, anybody: Client, s3_store: Store
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"content")
    asked = {"Bucket": bucket, "Key": "k"}
    secrets = []
    for version in ("s3v4", "s3"):
        signer = boto(signature_version=version)
        url = signer.generate_presigned_url("get_object", asked, ExpiresIn=60)
        answer = anybody.raw("GET", url.removeprefix(s3_store.endpoint()))
        assert answer.body == b"content"
        name = "X-Amz-Signature=" if version == "s3v4" else "Signature="
        secrets.append(url.partition(name)[2].partition("&")[0])
    visits = f'"GET /{bucket}/k'
    # Lines are written a little later, several together.
    wait_for(lambda: _logs(s3_store).count(visits) >= 2, "the log")
    logs = _logs(s3_store)
    assert [secret for secret in (*secrets, TESTER.key + '"') if secret in logs] == []


def _logs(store: Store) -> str:
    paths = [store.place.log(plan.name) for plan in store.plans]
    return "".join(path.read_text("utf-8", "replace") for path in paths)
