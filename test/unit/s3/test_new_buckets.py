"""What SDKs of 2026 say of a bucket that they make."""

from __future__ import annotations

import pytest

from test.unit.s3.house import House

TAGS = "<Tags><Tag><Key>team</Key><Value>a b</Value></Tag></Tags>"
TWICE = TAGS.replace("</Tags>", "<Tag><Key>team</Key><Value>c</Value></Tag></Tags>")
DIRECTORY = "<Bucket><Type>Directory</Type></Bucket>"


def create(house: House, content: str, headers: dict[str, str] | None = None) -> str:
    root = "CreateBucketConfiguration"
    body = f"<{root}>{content}</{root}>".encode()
    answer = house.ask("PUT", "/bucket", "", body, headers)
    return "" if answer.status == 200 else answer.code


def test_tags_come_with_it() -> None:
    house = House()
    assert create(house, TAGS) == ""
    tagging = house.ask("GET", "/bucket", "tagging=").xml
    tag_set = tagging.child("TagSet")
    assert tag_set is not None
    assert [(tag.get("Key"), tag.get("Value")) for tag in tag_set.children] == [
        ("team", "a b")
    ]


@pytest.mark.parametrize(
    ("content", "code"), [(TWICE, "InvalidTag"), (DIRECTORY, "NotImplemented")]
)
def test_what_cannot_be_makes_no_bucket(content: str, code: str) -> None:
    house = House()
    assert create(house, content) == code
    assert house.ask("HEAD", "/bucket").status == 404


def test_there_is_one_namespace() -> None:
    house = House()
    name = "x-amz-bucket-namespace"
    assert create(house, "", {name: "account-regional"}) == "NotImplemented"
    assert create(house, "", {name: "global"}) == ""


@pytest.mark.parametrize(
    "header", ["x-amz-if-match-size", "x-amz-if-match-last-modified-time"]
)
def test_no_condition_of_a_delete_is_passed_over(header: str) -> None:
    house = House()
    house.bucket()
    assert house.ask("PUT", "/bucket/k", body=b"data").status == 200
    refused = house.ask("DELETE", "/bucket/k", headers={header: "1"})
    assert refused.code == "NotImplemented"
    for element in ("<Size>1</Size>", "<LastModifiedTime>x</LastModifiedTime>"):
        body = f"<Delete><Object><Key>k</Key>{element}</Object></Delete>".encode()
        assert house.ask("POST", "/bucket", "delete=", body).code == "NotImplemented"
    assert house.ask("GET", "/bucket/k").body == b"data"
