"""A form's policy: who signed it, and which fields and sizes it allows."""

from __future__ import annotations

from typing import Any

import pytest

from objectstore.s3.dates import iso
from objectstore.s3.payload.form_stream import COUNTED_BYTES_MAX
from test.unit.s3.forms import post, signed, with_policy
from test.unit.s3.house import House


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
