"""Temporary keys: sessions of the token service, and their policies."""

from __future__ import annotations

from dataclasses import replace

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from objectstore.s3.errors import S3Error
from objectstore.s3.signing.session import Sessions
from test.unit.s3.house import ALICE, HOST, Answer, House, User


def sts(house: House, body: bytes, user: User = ALICE) -> Answer:
    request = AWSRequest("POST", f"http://{HOST}/", {}, body)
    request.headers["Content-Type"] = "application/x-www-form-urlencoded"
    SigV4Auth(Credentials(user.name, user.secret), "sts", "us-east-1").add_auth(request)
    environ = house.bare("POST", "/", "", body)
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    return house.send(environ)


def session(house: House, form: bytes) -> tuple[User, str]:
    result = sts(house, form).xml.children[0]
    found = result.child("Credentials")
    assert found is not None
    user = User(found.get("AccessKeyId"), found.get("SecretAccessKey"), ALICE.account)
    return user, found.get("SessionToken")


def test_temporary_keys_have_their_users_rights(house: House) -> None:
    house.ask("PUT", "/bucket/k", body=b"x")
    user, token = session(house, b"Action=GetSessionToken")
    assert house.ask("GET", "/bucket/k", user=user, token=token).body == b"x"
    assert house.ask("GET", "/bucket/k", user=user).code == "InvalidAccessKeyId"
    other = replace(user, name="ASIAOTHER")
    assert house.ask("GET", "/bucket/k", user=other, token=token).code == "InvalidToken"
    wrong = replace(user, secret="wrong")
    answer = house.ask("GET", "/bucket/k", user=wrong, token=token)
    assert answer.code == "SignatureDoesNotMatch"


def test_a_session_policy_only_takes_away(house: House) -> None:
    house.ask("PUT", "/bucket/k", body=b"x")
    policy = (
        '{"Statement":{"Effect":"Allow","Action":"s3:GetObject",'
        '"Resource":"arn:aws:s3:::bucket/*"}}'
    )
    form = (
        "Action=AssumeRole&RoleArn=arn:aws:iam::000000000000:role/any"
        f"&RoleSessionName=me&Policy={policy}"
    )
    user, token = session(house, form.encode())
    assert house.ask("GET", "/bucket/k", user=user, token=token).status == 200
    refused = house.ask("PUT", "/bucket/k", body=b"y", user=user, token=token)
    assert refused.code == "AccessDenied"


READ_ONLY = (
    "Action=AssumeRole&RoleArn=arn:aws:iam::000000000000:role/any&RoleSessionName=me"
    '&Policy={"Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}}'
)


@pytest.mark.parametrize(
    ("method", "path", "query"),
    [
        ("GET", "/", ""),
        ("PUT", "/another", ""),
        ("GET", "/bucket", "policy"),
        ("PUT", "/bucket", "policy"),
        ("DELETE", "/bucket", "policy"),
        ("GET", "/bucket", ""),
        ("POST", "/bucket/k", "uploads"),
    ],
)
def test_a_session_policy_also_binds_the_owner_of_the_bucket(
    house: House, method: str, path: str, query: str
) -> None:
    user, token = session(house, READ_ONLY.encode())
    body = b'{"Statement":[]}' if method == "PUT" and query else b""
    answer = house.ask(method, path, query, body=body, user=user, token=token)
    assert (answer.status, answer.code) == (403, "AccessDenied")


def test_what_a_session_policy_allows_needs_no_bucket(house: House) -> None:
    form = READ_ONLY.replace("s3:GetObject", "s3:ListAllMyBuckets")
    user, token = session(house, form.encode())
    assert house.ask("GET", "/", user=user, token=token).status == 200
    form = READ_ONLY.replace("s3:GetObject", "s3:CreateBucket")
    user, token = session(house, form.encode())
    assert house.ask("PUT", "/another", user=user, token=token).status == 200


def test_temporary_keys_make_no_others(house: House) -> None:
    user, token = session(house, READ_ONLY.encode())
    query = "Action=GetSessionToken&Version=2011-06-15"
    request = AWSRequest("GET", f"http://{HOST}/?{query}")
    credentials = Credentials(user.name, user.secret, token)
    SigV4QueryAuth(credentials, "sts", "us-east-1", 60).add_auth(request)
    signed = request.url.partition("?")[2]
    answer = house.send(house.bare("GET", "/", signed, b""))
    assert answer.status == 403
    assert b"AccessDenied" in answer.body


@pytest.mark.parametrize(
    "form",
    [
        b"Action=AssumeRole",
        b"Action=GetSessionToken&DurationSeconds=1",
        b"Action=GetSessionToken&DurationSeconds=x",
        b"Action=Nonsense",
        b"Action=GetSessionToken&Policy={",
    ],
)
def test_bad_sts_requests_are_refused(house: House, form: bytes) -> None:
    answer = sts(house, form)
    assert answer.status in (400, 501)
    assert b"<ErrorResponse" in answer.body


def test_tokens_end_and_cannot_be_forged() -> None:
    sessions = Sessions("secret")
    made, token = sessions.create("a:b", 100.0, "")
    assert sessions.open(token, made.access_key, 99.0) == made
    with pytest.raises(S3Error) as caught:
        sessions.open(token, made.access_key, 100.0)
    assert caught.value.code == "ExpiredToken"
    for bad in (token[:-4], "x", "", token.swapcase()):
        with pytest.raises(S3Error) as caught:
            sessions.open(bad, made.access_key, 0)
        assert caught.value.code == "InvalidToken"
    with pytest.raises(S3Error):
        Sessions("other").open(token, made.access_key, 0)
    assert made.secret not in repr(made)
