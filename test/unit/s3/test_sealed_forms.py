"""Files of forms that are sealed with a key that the form brings."""

from __future__ import annotations

import base64
from contextlib import ExitStack
from hashlib import md5

import pytest

from objectstore.kernel import concurrency
from objectstore.s3.errors import S3Error
from objectstore.s3.object.sealed_file import (
    SEALED_FORM_BYTES_MAX,
    SEALED_FORMS_MAX,
    form_memory,
)
from objectstore.s3.payload.checksums import ALGORITHMS
from test.unit.s3.forms import post, signed
from test.unit.s3.house import ALICE, House


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
