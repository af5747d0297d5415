"""Uploads from browsers' forms; temporary keys; presigned URLs; Signature V2."""

from __future__ import annotations

import base64
import io
from contextlib import ExitStack
from dataclasses import replace
from email.utils import formatdate
from hashlib import md5
from hmac import digest
from typing import Any

import orjson
import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from objectstore.kernel import concurrency
from objectstore.s3.dates import http_date, iso
from objectstore.s3.errors import S3Error
from objectstore.s3.object.sealed_file import (
    SEALED_FORM_BYTES_MAX,
    SEALED_FORMS_MAX,
    form_memory,
)
from objectstore.s3.payload.checksums import ALGORITHMS
from objectstore.s3.payload.form_stream import COUNTED_BYTES_MAX, FormStream
from objectstore.s3.signing.session import Sessions
from test.unit.s3.house import ALICE, HOST, Answer, House, User

BOUNDARY = "----boundary"


def form_body(fields: dict[str, str], content: bytes) -> bytes:
    pieces = []
    for name, value in fields.items():
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"'
        pieces.append(f"{head}\r\n\r\n{value}\r\n".encode())
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="f.txt"'
    )
    pieces.append(f"{head}\r\nContent-Type: text/plain\r\n\r\n".encode())
    return b"".join([*pieces, content, f"\r\n--{BOUNDARY}--\r\n".encode()])


def post(house: House, fields: dict[str, str], content: bytes = b"content") -> Answer:
    body = form_body(fields, content)
    environ = house.bare("POST", "/bucket", "", body)
    environ["CONTENT_TYPE"] = f"multipart/form-data; boundary={BOUNDARY}"
    return house.send(environ)


def signed(house: House, conditions: list[Any], **fields: str) -> dict[str, str]:
    expires = iso(house.clock.time() + 100)
    conditions = [{"bucket": "bucket"}, *conditions]
    return with_policy({"expiration": expires, "conditions": conditions}, **fields)


def with_policy(policy: dict[str, Any], **fields: str) -> dict[str, str]:
    encoded = base64.b64encode(orjson.dumps(policy)).decode()
    signature = base64.b64encode(
        digest(ALICE.secret.encode(), encoded.encode(), "sha1")
    )
    return {
        "AWSAccessKeyId": ALICE.name,
        "policy": encoded,
        "signature": signature.decode(),
        **fields,
    }


@pytest.fixture
def house() -> House:
    house = House()
    house.bucket()
    return house


def test_a_form_uploads_a_file(house: House) -> None:
    conditions = [["starts-with", "$key", "up/"], {"acl": "public-read"}]
    fields = signed(house, conditions, key="up/${filename}", acl="public-read")
    assert post(house, fields).status == 204
    assert house.ask("GET", "/bucket/up/f.txt", user=None).body == b"content"


def test_a_policy_is_about_the_key_that_the_file_gives(house: House) -> None:
    conditions = [["starts-with", "$key", "f."]]
    assert post(house, signed(house, conditions, key="${filename}")).status == 204
    assert house.ask("GET", "/bucket/f.txt").body == b"content"
    conditions = [["starts-with", "$key", "$"]]
    fields = signed(house, conditions, key="${filename}")
    assert post(house, fields).code == "AccessDenied"


def test_a_policy_names_its_bucket(house: House) -> None:
    expires = iso(house.clock.time() + 100)
    policy: dict[str, Any] = {"expiration": expires, "conditions": [{"key": "k"}]}
    answer = post(house, with_policy(policy, key="k"))
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert answer.xml.get("Message").endswith("Extra input fields: bucket")
    policy["conditions"].append(["starts-with", "$bucket", "buck"])
    assert post(house, with_policy(policy, key="k")).status == 204
    policy["conditions"][-1] = {"bucket": "another"}
    assert post(house, with_policy(policy, key="k")).code == "AccessDenied"


@pytest.mark.parametrize(
    "expiration",
    ["2099-01-01 00:00:00Z", "2099-01-01T00:00:00+00:00", "2099-01-01", "99", ""],
)
def test_a_policys_end_is_a_moment_of_the_form_that_aws_names(
    house: House, expiration: str
) -> None:
    conditions = [{"bucket": "bucket"}, {"key": "k"}]
    policy = {"expiration": expiration, "conditions": conditions}
    assert post(house, with_policy(policy, key="k")).code == "InvalidPolicyDocument"
    policy["expiration"] = "2099-01-01T00:00:00.000Z"
    assert post(house, with_policy(policy, key="k")).status == 204


@pytest.mark.parametrize("condition", [{}, {"key": "k", "acl": "private"}])
def test_a_simple_condition_is_of_one_field(
    house: House, condition: dict[str, str]
) -> None:
    fields = signed(house, [{"key": "k"}, condition], key="k", acl="private")
    assert post(house, fields).code == "InvalidPolicyDocument"


@pytest.mark.parametrize(
    ("lacking", "more"),
    [
        ("signature", {}),
        ("AWSAccessKeyId", {}),
        ("x-amz-signature", {"x-amz-credential": "c"}),
        ("policy", {}),
    ],
)
def test_a_form_is_told_what_it_lacks(
    house: House, lacking: str, more: dict[str, str]
) -> None:
    fields = {**signed(house, [{"key": "k"}], key="k"), **more}
    fields.pop("signature" if more else lacking)
    told = post(house, fields).xml
    assert (told.get("Code"), told.get("ArgumentName")) == ("InvalidArgument", lacking)


def test_a_forms_answer_is_as_it_wishes(house: House) -> None:
    conditions = [["starts-with", "$key", ""], {"success_action_status": "201"}]
    fields = signed(house, conditions, key="k", success_action_status="201")
    answer = post(house, fields)
    assert (answer.status, answer.xml.get("Key")) == (201, "k")


@pytest.mark.parametrize(
    ("conditions", "more", "code"),
    [
        ([["eq", "$key", "other"]], {}, "AccessDenied"),
        ([{"key": "k"}], {"x-amz-meta-a": "1"}, "AccessDenied"),
        ([{"key": "k"}, ["content-length-range", 0, 3]], {}, "EntityTooLarge"),
        ([{"key": "k"}, ["content-length-range", 100, 200]], {}, "EntityTooSmall"),
        ([{"key": "k"}, ["nonsense", "$a", "b"]], {}, "InvalidPolicyDocument"),
        ([{"key": "k"}], {"signature": "wrong"}, "SignatureDoesNotMatch"),
        ([{"key": "k"}], {"AWSAccessKeyId": "nobody:x"}, "InvalidAccessKeyId"),
    ],
)
def test_what_the_policy_forbids_is_refused(
    house: House, conditions: list[Any], more: dict[str, str], code: str
) -> None:
    fields = {**signed(house, conditions, key="k"), **more}
    assert post(house, fields).code == code
    assert house.ask("HEAD", "/bucket/k").status == 404


@pytest.mark.parametrize("size", [4, 70_000, 4 + COUNTED_BYTES_MAX // 2])
def test_a_file_of_the_wrong_size_is_told_what_would_be_right(
    house: House, size: int
) -> None:
    conditions = [{"key": "k"}, ["content-length-range", 2, 3]]
    fields = signed(house, conditions, key="k")
    told = post(house, fields, b"x" * size).xml
    assert (told.get("ProposedSize"), told.get("MaxSizeAllowed")) == (str(size), "3")
    told = post(house, fields, b"x").xml
    assert (told.get("ProposedSize"), told.get("MinSizeAllowed")) == ("1", "2")


def test_a_file_that_is_far_too_large_is_not_read_to_its_end(house: House) -> None:
    conditions = [{"key": "k"}, ["content-length-range", 0, 3]]
    fields = signed(house, conditions, key="k")
    told = post(house, fields, bytes(2 * COUNTED_BYTES_MAX)).xml
    assert told.get("Code") == "EntityTooLarge"
    assert (told.get("ProposedSize"), told.get("MaxSizeAllowed")) == ("", "3")


def test_a_wrong_signature_of_a_form_is_told_what_was_to_be_signed(
    house: House,
) -> None:
    fields = {**signed(house, [{"key": "k"}], key="k"), "signature": "ü"}
    told = post(house, fields).xml
    assert told.get("Code") == "SignatureDoesNotMatch"
    assert told.get("StringToSign") == fields["policy"]
    assert told.get("SignatureProvided") == "ü"


def test_a_form_without_a_signature_is_anonymous(house: House) -> None:
    assert post(house, {"key": "k"}).code == "AccessDenied"
    house.ask("PUT", "/bucket", "acl=", headers={"x-amz-acl": "public-read-write"})
    assert post(house, {"key": "k"}).status == 204


def test_a_form_cannot_copy(house: House) -> None:
    house.ask("PUT", "/bucket/secret", body=b"secret")
    conditions = [{"key": "k"}, ["starts-with", "$x-amz-copy-source", ""]]
    fields = signed(
        house, conditions, key="k", **{"x-amz-copy-source": "/bucket/secret"}
    )
    post(house, fields)
    assert house.ask("GET", "/bucket/k").body == b"content"


def test_a_forms_key_may_hold_anything_and_stays_out_of_the_head(house: House) -> None:
    key = "ü \r\nX-Evil: 1&etag=x"
    conditions = [{"key": key}, ["starts-with", "$success_action_redirect", ""]]
    back = "http://there/ü?a=b"
    fields = signed(house, conditions, key=key, success_action_redirect=back)
    answer = post(house, fields)
    assert (answer.status, "x-evil" in answer.headers) == (303, False)
    assert answer.headers["location"] == (
        "http://there/%C3%BC?a=b&bucket=bucket&key=%C3%BC+%0D%0AX-Evil%3A+1%26etag%3Dx"
        "&etag=%229a0364b9e99bb480dd25e1f0284c8555%22"
    )
    plain = post(house, signed(house, [{"key": "a b"}], key="a b"))
    assert plain.headers["location"].endswith("/bucket/a%20b")


def sealed_form(house: House, key: str, **fields: str) -> tuple[dict[str, str], str]:
    """A form whose file is to be sealed with a key; the prefix of the key's names."""
    secret = b"k" * 32
    prefix = "x-amz-server-side-encryption-customer-"
    proof = base64.b64encode(md5(secret, usedforsecurity=False).digest()).decode()
    brought = {
        f"{prefix}algorithm": "AES256",
        f"{prefix}key": base64.b64encode(secret).decode(),
        f"{prefix}key-md5": proof,
        **fields,
    }
    conditions = [{"key": key}, *[{name: value} for name, value in brought.items()]]
    return signed(house, conditions, key=key, **brought), prefix


@pytest.mark.parametrize("content", [b"", b"content", b"x" * 70_000])
def test_a_forms_file_is_sealed_with_the_key_that_it_brings(
    house: House, content: bytes
) -> None:
    checksum = ALGORITHMS["SHA256"].of(content)
    fields, prefix = sealed_form(house, "k", **{"x-amz-checksum-sha256": checksum})
    answer = post(house, fields, content)
    assert (answer.status, answer.headers[f"{prefix}algorithm"]) == (204, "AES256")
    assert house.ask("GET", "/bucket/k").code == "InvalidRequest"
    stored = house.cluster.ask("GET", f"/{ALICE.account}/bucket/k").body
    assert not content or content not in stored
    key = {name: fields[name] for name in fields if name.startswith(prefix)}
    read = house.ask("GET", "/bucket/k", headers=key)
    assert (read.status, read.body) == (200, content)
    listed = house.ask("GET", "/bucket").xml.child("Contents")
    assert listed is not None
    assert listed.get("Size") == str(len(content))
    head = house.ask(
        "HEAD", "/bucket/k", headers={**key, "x-amz-checksum-mode": "ENABLED"}
    )
    assert head.headers["x-amz-checksum-sha256"] == checksum


def test_a_forms_file_that_is_to_be_sealed_is_checked_first(house: House) -> None:
    wrong = ALGORITHMS["SHA256"].of(b"other")
    fields, prefix = sealed_form(house, "k", **{"x-amz-checksum-sha256": wrong})
    assert post(house, fields).code == "BadDigest"
    half, _ = sealed_form(house, "k")
    half[f"{prefix}key-md5"] = "AAAA"
    assert post(house, half).status in (400, 403)
    large = b"x" * (SEALED_FORM_BYTES_MAX + 1)
    fields, _ = sealed_form(house, "k")
    assert post(house, fields, large).code == "EntityTooLarge"
    assert house.ask("HEAD", "/bucket/k").status == 404


def test_forms_that_are_to_be_sealed_wait_for_memory(house: House) -> None:
    """All of it is in use: what needs none goes on, and who waits is served next."""
    with ExitStack() as others:
        for _ in range(SEALED_FORMS_MAX):
            others.enter_context(form_memory())
        with pytest.raises(S3Error) as refused, form_memory(seconds=0.01):
            pass
        assert refused.value.code == "SlowDown"
        fields, _ = sealed_form(house, "k")
        waiting = concurrency.promised(post, house, fields)
        for _ in range(10):
            concurrency.sleep(0)
        assert not waiting.done
        plain = signed(house, [{"key": "p"}], key="p")
        assert post(house, plain).status == 204
    assert waiting.wait().status == 204
    assert house.ask("HEAD", "/bucket/p").status == 200


def test_a_form_tags_what_it_uploads(house: House) -> None:
    tagging = (
        "<Tagging><TagSet><Tag><Key>a</Key><Value>b c</Value></Tag></TagSet></Tagging>"
    )
    fields = signed(house, [{"key": "k"}, {"tagging": tagging}], key="k")
    assert post(house, {**fields, "tagging": tagging}).status == 204
    assert house.ask("HEAD", "/bucket/k").headers["x-amz-tagging-count"] == "1"
    bad = signed(house, [{"key": "k2"}, {"tagging": "<x"}], key="k2", tagging="<x")
    assert post(house, bad).code == "MalformedXML"


def test_a_forms_checksum_is_verified_and_kept(house: House) -> None:
    name, right = "x-amz-checksum-crc32", ALGORITHMS["CRC32"].of(b"content")
    for value, status in ((right, 204), ("AAAAAA==", 400)):
        key = f"k{status}"
        fields = signed(house, [{"key": key}, ["starts-with", f"${name}", ""]], key=key)
        answer = post(house, {**fields, name: value})
        assert answer.status == status
        if status == 400:
            assert answer.code == "BadDigest"
    mode = {"x-amz-checksum-mode": "ENABLED"}
    assert house.ask("HEAD", "/bucket/k204", headers=mode).headers[name] == right
    assert house.ask("HEAD", "/bucket/k400").status == 404


@pytest.mark.parametrize("size", [1, 2, 3, 5, 50, 1000])
def test_a_form_may_come_in_any_pieces(size: int) -> None:
    content = b"\r\n--" + BOUNDARY[:-1].encode() + b"\r\n-\r" * 9

    class Dribble(io.BytesIO):
        def read1(self, _: int = -1) -> bytes:  # type: ignore[override]
            return self.read(size)

    body = Dribble(form_body({"key": "k", "a": "b"}, content))
    stream = FormStream(body, f"multipart/form-data; boundary={BOUNDARY}")
    form = stream.read_form()
    assert form.fields == {"key": "k", "a": "b"}
    assert stream.read() == content


@pytest.mark.parametrize(
    "body",
    [b"", b"x" * 30_000, b"--" + BOUNDARY.encode() + b"\r\n", form_body({}, b"")[:-30]],
)
def test_bad_forms_end_in_an_error(body: bytes) -> None:
    stream = FormStream(io.BytesIO(body), f"multipart/form-data; boundary={BOUNDARY}")
    with pytest.raises(S3Error) as caught:
        stream.read_form()
        stream.read()
    assert caught.value.status == 400


def test_a_form_without_a_file_is_told_so(house: House) -> None:
    house.ask("PUT", "/bucket", "acl=", headers={"x-amz-acl": "public-read-write"})
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="key"'
    body = f"{head}\r\n\r\nk\r\n--{BOUNDARY}--\r\n".encode()
    environ = house.bare("POST", "/bucket", "", body)
    environ["CONTENT_TYPE"] = f"multipart/form-data; boundary={BOUNDARY}"
    answer = house.send(environ)
    told = (answer.status, answer.code)
    assert told == (400, "IncorrectNumberOfFilesInPostRequest")
    assert house.ask("HEAD", "/bucket/k").status == 404


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


def test_presigned_urls(house: House) -> None:
    house.ask("PUT", "/bucket/k ü", body=b"x")
    assert house.ask("GET", "/bucket/k ü", presigned=60).body == b"x"
    environ = house.environ("PUT", "/bucket/new", presigned=60)
    environ["HTTP_X_AMZ_COPY_SOURCE"] = "/bucket/k"
    assert house.send(environ).code == "AccessDenied"
    assert house.ask("HEAD", "/bucket/new").status == 404


def version_2(house: House, method: str, path: str, **headers: str) -> Answer:
    environ = house.bare(method, path, "", b"")
    environ["HTTP_DATE"] = date = formatdate(house.clock.time(), usegmt=True)
    amazon = ""
    for name, value in headers.items():
        environ["HTTP_" + name.upper()] = value.encode().decode("latin-1")
        amazon += f"{name.lower().replace('_', '-')}:{value}\n"
    text = f"{method}\n\n\n{date}\n{amazon}{path}"
    signature = base64.b64encode(digest(ALICE.secret.encode(), text.encode(), "sha1"))
    environ["HTTP_AUTHORIZATION"] = f"AWS {ALICE.name}:{signature.decode()}"
    return house.send(environ)


def test_signature_version_2(house: House) -> None:
    assert version_2(house, "PUT", "/bucket/two", x_amz_meta_a="1").status == 200
    assert version_2(house, "HEAD", "/bucket/two").headers["x-amz-meta-a"] == "1"
    assert version_2(house, "GET", "/bucket/%C3%BC").code == "NoSuchKey"
    for value in ("\u00e0", "a \u00c5 b"):
        assert version_2(house, "PUT", "/bucket/two", x_amz_meta_a=value).status == 200


@pytest.mark.parametrize("moment", ["", "yesterday"])
def test_a_moment_that_is_none_is_not_looked_for_elsewhere(
    house: House, moment: str
) -> None:
    environ = house.bare("GET", "/bucket", "", b"")
    environ["HTTP_DATE"] = http_date(house.clock.time())
    environ["HTTP_X_AMZ_DATE"] = moment
    environ["HTTP_AUTHORIZATION"] = f"AWS {ALICE.name}:c2lnbmF0dXJl"
    assert house.send(environ).code == "AccessDenied"
    del environ["HTTP_X_AMZ_DATE"]
    assert house.send(environ).code == "SignatureDoesNotMatch"
