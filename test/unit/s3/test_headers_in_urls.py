"""Headers that presigned URLs bring: nobody but their signer says what they are."""

from __future__ import annotations

import base64
import hmac
from urllib.parse import quote

import pytest

from test.unit.s3.house import ALICE, Answer, House


@pytest.fixture
def house() -> House:
    made = House()
    made.ask("PUT", "/bucket", headers={"x-amz-object-ownership": "ObjectWriter"})
    made.ask("DELETE", "/bucket", "publicAccessBlock=")
    return made


def put_version_2(house: House, signed: str, query: str) -> Answer:
    """PUT with a URL of ``query``, when these lines of headers were signed."""
    expires = str(int(house.clock.time()) + 60)
    text = f"PUT\n\n\n{expires}\n{signed}/bucket/key"
    mac = hmac.digest(ALICE.secret.encode(), text.encode(), "sha1")
    signature = quote(base64.b64encode(mac), safe="")
    query += f"&AWSAccessKeyId={quote(ALICE.name)}&Expires={expires}"
    query += f"&Signature={signature}"
    return house.send(house.bare("PUT", "/bucket/key", query, b"body"))


SIGNED = "x-amz-acl:private\nx-amz-meta-a:b\n"
QUERY = "x-amz-acl=private&x-amz-meta-a=b"


def test_what_was_signed_counts(house: House) -> None:
    assert put_version_2(house, SIGNED, QUERY).status == 200
    assert house.ask("HEAD", "/bucket/key").headers["x-amz-meta-a"] == "b"


@pytest.mark.parametrize("form", [str.title, str.upper, str.lower])
def test_what_is_added_to_a_url_does_not(house: House, form: type[str]) -> None:
    added = f"&{form('x-amz-acl')}=public-read&{form('x-amz-meta-a')}=other"
    assert put_version_2(house, SIGNED, QUERY + added).status == 200
    assert house.ask("HEAD", "/bucket/key").headers["x-amz-meta-a"] == "b"
    assert house.ask("GET", "/bucket/key", user=None).status == 403


def test_two_headers_cannot_be_made_one(house: House) -> None:
    joined = quote("x-amz-acl:private\nx-amz-meta-a", safe="") + "=b"
    answer = put_version_2(house, SIGNED, joined)
    assert answer.code == "SignatureDoesNotMatch"


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\0"])
@pytest.mark.parametrize("name", ["meta-a", "website-redirect-location"])
def test_no_value_has_a_line_end(house: House, end: str, name: str) -> None:
    query = f"x-amz-{name}={quote(f'/a{end}X-Other: 1', safe='')}"
    answer = house.send(house.environ("PUT", "/bucket/key", query, presigned=60))
    assert (answer.status, answer.code) == (400, "InvalidArgument")


@pytest.mark.parametrize("end", ["=0D=0A", "=0A", "=00"])
def test_nor_has_one_in_an_encoded_word(house: House, end: str) -> None:
    headers = {"x-amz-meta-a": f"=?UTF-8?Q?a{end}b?="}
    answer = house.ask("PUT", "/bucket/key", body=b"x", headers=headers)
    assert (answer.status, answer.code) == (400, "InvalidArgument")
