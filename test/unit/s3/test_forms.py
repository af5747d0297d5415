"""Uploads from browsers' forms: what is kept, and what the client is told."""

from __future__ import annotations

import pytest

from objectstore.s3.payload.checksums import ALGORITHMS
from test.unit.s3.forms import BOUNDARY, post, signed
from test.unit.s3.house import House


def test_a_form_uploads_a_file(house: House) -> None:
    conditions = [["starts-with", "$key", "up/"], {"acl": "public-read"}]
    fields = signed(house, conditions, key="up/${filename}", acl="public-read")
    assert post(house, fields).status == 204
    assert house.ask("GET", "/bucket/up/f.txt", user=None).body == b"content"


def test_a_forms_answer_is_as_it_wishes(house: House) -> None:
    conditions = [["starts-with", "$key", ""], {"success_action_status": "201"}]
    fields = signed(house, conditions, key="k", success_action_status="201")
    answer = post(house, fields)
    assert (answer.status, answer.xml.get("Key")) == (201, "k")


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
