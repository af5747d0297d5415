"""Browsers' uploads with forms that boto3 signed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from lxml import etree

from test.functional.harness.http import Answer, Client
from test.functional.harness.store import Store

BOUNDARY = "----form"
Form = dict[str, str]


@pytest.fixture
def browser(s3_store: Store) -> Iterator[Client]:
    client = Client(s3_store.endpoint())
    yield client
    client.close()


def form(s3: Any, bucket: str, key: str, **fields: str) -> Form:
    """The fields of a form for ``key``, each of them allowed by its policy."""
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    if "success-action-status" in named:
        named["success_action_status"] = named.pop("success-action-status")
    conditions: list[Any] = [{name: value} for name, value in named.items()]
    conditions.append(["content-length-range", 1, 100])
    made = s3.generate_presigned_post(bucket, key, named, conditions, ExpiresIn=60)
    found: Form = made["fields"]
    return found


def post(browser: Client, bucket: str, fields: Form, file: bytes = b"data") -> Answer:
    pieces = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
        f"{value}\r\n".encode()
        for name, value in fields.items()
    ]
    head = 'Content-Disposition: form-data; name="file"; filename="ü.txt"'
    pieces.append(f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + file)
    pieces.append(f"\r\n--{BOUNDARY}--\r\n".encode())
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    return browser.raw("POST", f"/{bucket}", headers, b"".join(pieces))


def code(answer: Answer) -> str:
    return str(etree.fromstring(answer.body).findtext("Code"))


def test_a_file_and_what_goes_with_it(s3: Any, bucket: str, browser: Client) -> None:
    tagging = (
        "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"
    )
    more = {"x_amz_meta_who": "me", "Content_Type": "text/x", "tagging": tagging}
    fields = form(s3, bucket, "up/${filename}", success_action_status="201", **more)
    answer = post(browser, bucket, fields)
    assert answer.status == 201
    told = etree.fromstring(answer.body)
    assert (told.findtext("Bucket"), told.findtext("Key")) == (bucket, "up/ü.txt")
    assert answer.headers["location"].endswith(f"/{bucket}/up/%C3%BC.txt")
    got = s3.get_object(Bucket=bucket, Key="up/ü.txt")
    assert (got["Body"].read(), got["ContentType"]) == (b"data", "text/x")
    assert (got["Metadata"], got["TagCount"]) == ({"who": "me"}, 1)
    assert got["ETag"] == told.findtext("ETag")


@pytest.mark.parametrize(
    ("changed", "file", "wanted"),
    [
        ({}, b"x" * 101, "EntityTooLarge"),
        ({}, b"", "EntityTooSmall"),
        ({"key": "another"}, b"x", "AccessDenied"),
        ({"x-amz-meta-evil": "1"}, b"x", "AccessDenied"),
        ({"signature": "AAAA"}, b"x", "SignatureDoesNotMatch"),
        ({"policy": "e30="}, b"x", "SignatureDoesNotMatch"),
        ({"key": ""}, b"x", "InvalidArgument"),
    ],
)
def test_what_the_form_does_not_allow(
    s3: Any, bucket: str, browser: Client, changed: Form, file: bytes, wanted: str
) -> None:
    answer = post(browser, bucket, {**form(s3, bucket, "k"), **changed}, file)
    assert (answer.status in (400, 403), code(answer)) == (True, wanted)
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_a_wrong_checksum(s3: Any, bucket: str, browser: Client) -> None:
    fields = form(s3, bucket, "k", x_amz_checksum_crc32="AAAAAA==")
    assert code(post(browser, bucket, fields)) == "BadDigest"
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_forms_of_nobody(s3: Any, bucket: str, browser: Client) -> None:
    answer = post(browser, bucket, {"key": "k"})
    assert (answer.status, code(answer)) == (403, "AccessDenied")
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
