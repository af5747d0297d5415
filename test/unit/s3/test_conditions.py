"""What conditions of policies see of a request, and what must not hide it from them."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from objectstore.s3.dates import iso
from test.unit.s3.house import BOB, House
from test.unit.s3.test_access import put_policy


@pytest.fixture
def house() -> House:
    house = House()
    house.bucket()
    house.ask("PUT", "/bucket/key", body=b"data")
    return house


def test_conditions_see_the_request(house: House) -> None:
    put_policy(house, Condition={"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}})
    assert house.ask("GET", "/bucket/key", user=None).status == 200
    put_policy(house, Condition={"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}})
    assert house.ask("GET", "/bucket/key", user=None).status == 403
    put_policy(house, Condition={"StringEquals": {"s3:ExistingObjectTag/open": "yes"}})
    assert house.ask("GET", "/bucket/key", user=None).status == 403
    house.ask("PUT", "/bucket/key", body=b"x", headers={"x-amz-tagging": "open=yes"})
    assert house.ask("GET", "/bucket/key", user=None).status == 200


def tagging(*names: str) -> bytes:
    tags = "".join(f"<Tag><Key>{n}</Key><Value>v</Value></Tag>" for n in names)
    return f"<Tagging><TagSet>{tags}</TagSet></Tagging>".encode()


def test_conditions_see_the_tags_that_are_asked_for(house: House) -> None:
    keys = {"ForAllValues:StringEquals": {"s3:RequestObjectTagKeys": ["owner"]}}
    actions = ["s3:PutObject", "s3:PutObjectTagging"]
    put_policy(house, Action=actions, Condition=keys)
    for names, status in ((["owner"], 200), (["owner", "other"], 403)):
        document = tagging(*names)
        answer = house.ask("PUT", "/bucket/key", "tagging=", document, user=BOB)
        assert answer.status == status
        # A tag without a value is one, too.
        headers = {"x-amz-tagging": "&".join(names)}
        uploaded = house.ask("PUT", "/bucket/new", headers=headers, user=BOB)
        assert uploaded.status == status
    value = {"StringEquals": {"s3:RequestObjectTag/owner": "w"}}
    put_policy(house, Action=actions, Condition=value)
    refused = house.ask("PUT", "/bucket/key", "tagging=", tagging("owner"), user=BOB)
    assert refused.code == "AccessDenied"
    wrong = house.ask("PUT", "/bucket/key", "tagging=", b"<x>", user=BOB)
    assert wrong.code == "MalformedXML"


def test_no_header_speaks_for_the_tags_of_a_document_or_a_source(house: House) -> None:
    value = {"StringEquals": {"s3:RequestObjectTag/owner": "w"}}
    actions = ["s3:PutObject", "s3:PutObjectTagging", "s3:GetObject"]
    put_policy(house, Action=actions, Condition=value)
    said = {"x-amz-tagging": "owner=w"}
    assert house.ask("PUT", "/bucket/new", headers=said, user=BOB).status == 200
    document = tagging("other")
    answer = house.ask("PUT", "/bucket/key", "tagging=", document, said, user=BOB)
    assert answer.code == "AccessDenied"
    house.bucket("bobs", BOB)
    house.ask("PUT", "/bobs/key", body=b"x", user=BOB)
    copy = {"x-amz-copy-source": "/bobs/key", **said}
    for directive, status in (("COPY", 403), ("REPLACE", 200)):
        asked = {**copy, "x-amz-tagging-directive": directive}
        assert house.ask("PUT", "/bucket/k", headers=asked, user=BOB).status == status


def test_tags_that_differ_in_case_do_not_hide_each_other(house: House) -> None:
    secret = {"StringEquals": {"S3:RequestObjectTag/level": "secret"}}
    put_policy(house, Effect="Deny", Action="s3:PutObject", Condition=secret)
    for tags, status in (
        ("level=secret", 403),
        ("Level=secret", 403),
        ("level=secret&Level=public", 403),
        ("level=public&Level=secret", 200),
    ):
        headers = {"x-amz-tagging": tags}
        assert house.ask("PUT", "/bucket/k", headers=headers).status == status
    secret = {"StringEquals": {"s3:ExistingObjectTag/Level": "secret"}}
    put_policy(house, Effect="Deny", Action="s3:GetObject", Condition=secret)
    assert house.ask("GET", "/bucket/k").status == 403


@pytest.mark.parametrize(
    "part",
    [
        {"Principal": {}},
        {"Principal": {"AWS": []}},
        {"Action": []},
        {"Resource": []},
    ],
)
def test_a_statement_of_nothing_is_a_mistake(
    house: House, part: dict[str, Any]
) -> None:
    for name in (*part, f"Not{next(iter(part))}"):
        statement: dict[str, Any] = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::bucket/*",
        }
        del statement[name.removeprefix("Not")]
        statement |= {name: next(iter(part.values()))}
        document = orjson.dumps({"Version": "2012-10-17", "Statement": [statement]})
        refused = house.ask("PUT", "/bucket", "policy=", document)
        assert refused.code == "MalformedPolicy"


def test_no_header_speaks_for_the_lock_of_a_document() -> None:
    house = House()
    locked = {"x-amz-bucket-object-lock-enabled": "true"}
    house.ask("PUT", "/bucket", headers=locked)
    house.ask("PUT", "/bucket/key", body=b"data")
    long = {"NumericGreaterThan": {"s3:object-lock-remaining-retention-days": "10"}}
    put_policy(house, Effect="Deny", Action="s3:PutObjectRetention", Condition=long)
    soon, late = (iso(house.clock.time() + days * 86400) for days in (1, 100))
    said = {"x-amz-object-lock-retain-until-date": soon}
    inner = f"<Mode>GOVERNANCE</Mode><RetainUntilDate>{late}</RetainUntilDate>"
    body = f"<Retention>{inner}</Retention>".encode()
    answer = house.ask("PUT", "/bucket/key", "retention=", body, said)
    assert answer.code == "AccessDenied"
    off = {"StringEquals": {"s3:object-lock-legal-hold": "OFF"}}
    put_policy(house, Effect="Deny", Action="s3:PutObjectLegalHold", Condition=off)
    said = {"x-amz-object-lock-legal-hold": "ON"}
    body = b"<LegalHold><Status>OFF</Status></LegalHold>"
    answer = house.ask("PUT", "/bucket/key", "legal-hold=", body, said)
    assert answer.code == "AccessDenied"


def test_conditions_see_how_long_something_is_to_be_locked() -> None:
    house = House()
    locked = {"x-amz-bucket-object-lock-enabled": "true"}
    house.ask("PUT", "/bucket", headers=locked)
    house.ask("PUT", "/bucket/key", body=b"data")
    long = {"NumericGreaterThan": {"s3:object-lock-remaining-retention-days": "10"}}
    put_policy(house, Effect="Deny", Action="s3:PutObjectRetention", Condition=long)

    def asked(days: int) -> tuple[int, int]:
        until = iso(house.clock.time() + days * 86400 + 60)
        inner = f"<Mode>GOVERNANCE</Mode><RetainUntilDate>{until}</RetainUntilDate>"
        body = f"<Retention>{inner}</Retention>".encode()
        headers = {
            "x-amz-object-lock-mode": "GOVERNANCE",
            "x-amz-object-lock-retain-until-date": until,
        }
        changed = house.ask("PUT", "/bucket/key", "retention=", body)
        return changed.status, house.ask("PUT", "/bucket/k", headers=headers).status

    assert asked(10) == (200, 200)
    assert asked(11) == (403, 403)


def test_conditions_see_the_legal_hold_that_is_asked_for() -> None:
    house = House()
    locked = {"x-amz-bucket-object-lock-enabled": "true"}
    house.ask("PUT", "/bucket", headers=locked)
    house.ask("PUT", "/bucket/key", body=b"data")
    off = {"StringEquals": {"s3:object-lock-legal-hold": "OFF"}}
    put_policy(house, Effect="Deny", Action="s3:PutObjectLegalHold", Condition=off)
    for status, expected in (("ON", 200), ("OFF", 403)):
        body = f"<LegalHold><Status>{status}</Status></LegalHold>".encode()
        answer = house.ask("PUT", "/bucket/key", "legal-hold=", body)
        assert answer.status == expected
