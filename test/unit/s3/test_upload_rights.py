"""What goes with an upload (ACL, tags, locks) takes rights of its own; and what
anonymous readers, and clumsy ones, may not ask."""

from __future__ import annotations

import orjson
import pytest

from test.unit.s3.house import ALICE, BOB, House


@pytest.fixture
def house() -> House:
    """A bucket of Alice's to which Bob may put objects, and nothing more."""
    house = House()
    locked = {"x-amz-bucket-object-lock-enabled": "true"}
    house.ask(
        "PUT", "/bucket", headers={"x-amz-object-ownership": "ObjectWriter", **locked}
    )
    house.ask("DELETE", "/bucket", "publicAccessBlock=")
    allow(house, "s3:PutObject")
    return house


def allow(house: House, *actions: str) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": BOB.account},
        "Action": list(actions),
        "Resource": "arn:aws:s3:::bucket/*",
    }
    policy = orjson.dumps({"Version": "2012-10-17", "Statement": [statement]})
    assert house.ask("PUT", "/bucket", "policy=", body=policy).status == 204


UNTIL = "2099-01-01T00:00:00Z"
CASES = [
    ({"x-amz-acl": "public-read"}, "s3:PutObjectAcl"),
    ({"x-amz-grant-read": "id=AUTH_carol"}, "s3:PutObjectAcl"),
    (
        {"x-amz-grant-read": "id=AUTH_carol", "x-amz-grant-write": "id=AUTH_bob"},
        "s3:PutObjectAcl",
    ),
    ({"x-amz-tagging": "a=b"}, "s3:PutObjectTagging"),
    ({"x-amz-object-lock-legal-hold": "ON"}, "s3:PutObjectLegalHold"),
    (
        {
            "x-amz-object-lock-mode": "GOVERNANCE",
            "x-amz-object-lock-retain-until-date": UNTIL,
        },
        "s3:PutObjectRetention",
    ),
]


@pytest.mark.parametrize(("headers", "action"), CASES)
@pytest.mark.parametrize(("method", "query"), [("PUT", ""), ("POST", "uploads=")])
def test_an_upload_may_carry_only_what_its_sender_may_set(
    house: House, headers: dict[str, str], action: str, method: str, query: str
) -> None:
    refused = house.ask(method, "/bucket/k", query, headers=headers, user=BOB)
    assert (refused.status, refused.code) == (403, "AccessDenied")
    assert house.ask("HEAD", "/bucket/k").status == 404
    allow(house, "s3:PutObject", action)
    assert (
        house.ask(method, "/bucket/k", query, headers=headers, user=BOB).status == 200
    )


@pytest.mark.parametrize(
    "headers",
    [
        {"x-amz-acl": "private"},
        {"x-amz-acl": "bucket-owner-full-control"},
        {"x-amz-grant-full-control": f"id={ALICE.account}"},
        {"x-amz-grant-read": f"id={ALICE.account}, id={BOB.account}"},
    ],
)
def test_acls_that_give_third_parties_nothing_need_no_more(
    house: House, headers: dict[str, str]
) -> None:
    answer = house.ask("PUT", "/bucket/k", headers=headers, user=BOB)
    assert answer.status == 200


def test_the_owner_needs_no_policy(house: House) -> None:
    for headers, _ in CASES:
        assert house.ask("PUT", "/bucket/k", headers=headers, user=ALICE).status == 200


def test_nobody_chooses_headers_of_a_public_objects_reply(house: House) -> None:
    house.ask("PUT", "/bucket/k", headers={"x-amz-acl": "public-read"}, body=b"x")
    assert house.ask("GET", "/bucket/k", user=None).body == b"x"
    query = "response-content-type=text%2Fhtml"
    refused = house.ask("GET", "/bucket/k", query, user=None)
    assert (refused.status, refused.code) == (400, "InvalidRequest")
    assert house.ask("GET", "/bucket/k", query).headers["content-type"] == "text/html"


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_empty_version_is_none(house: House, method: str) -> None:
    house.ask("PUT", "/bucket/k")
    answer = house.ask(method, "/bucket/k", "versionId=")
    assert (answer.status, answer.code) == (400, "InvalidArgument")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_keys_that_cannot_be(house: House, method: str) -> None:
    assert house.ask(method, "/bucket/" + "k" * 1025).code == "KeyTooLongError"
    assert house.ask(method, "/bucket/a\0b").code == "InvalidURI"


@pytest.mark.parametrize("name", ["abac", "metadataConfiguration", "torrent"])
@pytest.mark.parametrize("path", ["/bucket", "/bucket/k"])
def test_what_is_not_there_is_501(house: House, name: str, path: str) -> None:
    for method in ("GET", "PUT"):
        answer = house.ask(method, path, f"{name}=", body=b"")
        assert (answer.status, answer.code) == (501, "NotImplemented")


def test_tags_grants_and_policies_are_bounded(house: House) -> None:
    tags = "&".join(f"k{number}=v" for number in range(11))
    refused = house.ask("PUT", "/bucket/k", headers={"x-amz-tagging": tags})
    assert refused.code == "InvalidTag"
    grants = ",".join(f"id=AUTH_{number}" for number in range(101))
    refused = house.ask("PUT", "/bucket/k", headers={"x-amz-grant-read": grants})
    assert refused.status == 400
    long = orjson.dumps({"Statement": [], "Id": "x" * 20 * 1024})
    assert house.ask("PUT", "/bucket", "policy=", body=long).status == 400
    assert house.ask("HEAD", "/bucket/k").status == 404
