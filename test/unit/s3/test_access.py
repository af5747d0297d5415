"""Who may do what; and that refusals say nothing of what there is."""

from __future__ import annotations

from hashlib import sha256

import orjson
import pytest

from objectstore.middleware.read_only import ReadOnly, ReadOnlySettings
from objectstore.s3.settings import S3Settings
from objectstore.s3.signing.signing_key import derive, sign
from test.fakes.swift_features import SwiftFeatures
from test.unit.s3.house import ALICE, BOB, GUEST, House, User


@pytest.fixture
def house() -> House:
    house = House()
    house.bucket()
    house.ask("PUT", "/bucket/key", body=b"data")
    return house


def put_policy(house: House, **changes: object) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::bucket/*",
    }
    document = {"Version": "2012-10-17", "Statement": [{**statement, **changes}]}
    answer = house.ask("PUT", "/bucket", "policy=", orjson.dumps(document))
    assert answer.status == 204, answer.body


@pytest.mark.parametrize("user", [None, BOB, GUEST])
@pytest.mark.parametrize(
    ("method", "path", "query"),
    [
        ("GET", "/bucket/key", ""),
        ("GET", "/bucket/none", ""),
        ("HEAD", "/bucket/key", ""),
        ("HEAD", "/bucket/none", ""),
        ("PUT", "/bucket/key", ""),
        ("DELETE", "/bucket/key", ""),
        ("DELETE", "/bucket/none", ""),
        ("GET", "/bucket", ""),
        ("GET", "/bucket", "versions="),
        ("GET", "/bucket", "acl="),
        ("GET", "/bucket", "policy="),
        ("PUT", "/bucket", "policy="),
        ("PUT", "/bucket", "acl="),
        ("DELETE", "/bucket", ""),
        ("POST", "/bucket/key", "uploads="),
        ("GET", "/bucket/key", "tagging="),
        ("GET", "/bucket/none", "acl="),
    ],
)
def test_strangers_are_refused_alike(
    house: House, user: User | None, method: str, path: str, query: str
) -> None:
    answer = house.ask(method, path, query, user=user)
    assert answer.status == 403
    if method != "HEAD":
        assert answer.code == "AccessDenied"


def test_a_key_may_be_missed_by_whoever_may_list(house: House) -> None:
    put_policy(house)
    assert house.ask("GET", "/bucket/key", user=None).body == b"data"
    assert house.ask("GET", "/bucket/none", user=None).code == "AccessDenied"
    put_policy(
        house,
        Action=["s3:GetObject", "s3:ListBucket"],
        Resource=["arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket"],
    )
    assert house.ask("GET", "/bucket/none", user=None).code == "NoSuchKey"


def test_a_policy_allows_a_user_a_prefix(house: House) -> None:
    house.ask("PUT", "/bucket/public/a", body=b"x")
    put_policy(
        house,
        Principal={"AWS": f"arn:aws:iam::{BOB.account}:root"},
        Resource="arn:aws:s3:::bucket/public/*",
    )
    assert house.ask("GET", "/bucket/public/a", user=BOB).status == 200
    assert house.ask("GET", "/bucket/key", user=BOB).status == 403
    assert house.ask("GET", "/bucket/public/a", user=None).status == 403


def test_a_deny_binds_the_owner_but_not_his_way_out(house: House) -> None:
    resources = ["arn:aws:s3:::bucket", "arn:aws:s3:::bucket/*"]
    put_policy(house, Effect="Deny", Action="s3:*", Resource=resources)
    assert house.ask("GET", "/bucket/key").code == "AccessDenied"
    assert house.ask("DELETE", "/bucket", "policy=").status == 204
    assert house.ask("GET", "/bucket/key").status == 200


def test_deleting_many_asks_for_each(house: House) -> None:
    house.ask("PUT", "/bucket/other", body=b"x")
    put_policy(house, Action="s3:DeleteObject", Resource="arn:aws:s3:::bucket/key")
    keys = b"".join(
        b"<Object><Key>%b</Key></Object>" % key for key in (b"key", b"other")
    )
    body = b"<Delete>%b</Delete>" % keys
    answer = house.ask("POST", "/bucket", "delete=", body, user=BOB).xml
    assert [node.get("Key") for node in answer.all("Deleted")] == ["key"]
    refused = [(node.get("Key"), node.get("Code")) for node in answer.all("Error")]
    assert refused == [("other", "AccessDenied")]


def test_canned_acls_of_objects(house: House) -> None:
    house.ask("PUT", "/bucket/open", body=b"x", headers={"x-amz-acl": "public-read"})
    house.ask(
        "PUT", "/bucket/users", body=b"x", headers={"x-amz-acl": "authenticated-read"}
    )
    assert house.ask("GET", "/bucket/open", user=None).status == 200
    assert house.ask("GET", "/bucket/users", user=None).status == 403
    assert house.ask("GET", "/bucket/users", user=BOB).status == 200
    assert house.ask("PUT", "/bucket/open", user=None).status == 403
    house.ask("PUT", "/bucket/open", "acl=", headers={"x-amz-acl": "private"})
    assert house.ask("GET", "/bucket/open", user=None).status == 403


def test_grants_in_headers_and_xml(house: House) -> None:
    grant = {"x-amz-grant-read": f'id="{BOB.account}"'}
    house.ask("PUT", "/bucket/key", body=b"x", headers=grant)
    assert house.ask("GET", "/bucket/key", user=BOB).status == 200
    shown = house.ask("GET", "/bucket/key", "acl=").body
    assert house.ask("PUT", "/bucket/key", "acl=", shown).status == 200
    assert house.ask("GET", "/bucket/key", "acl=").body == shown
    assert house.ask("GET", "/bucket/key", user=BOB).status == 200
    foreign = shown.replace(b"AUTH_alice", b"AUTH_x", 1)
    assert house.ask("PUT", "/bucket/key", "acl=", foreign).code == "AccessDenied"
    assert house.ask("PUT", "/bucket/key", "acl=", b"<x/>").code == "MalformedACLError"


def test_bucket_acls(house: House) -> None:
    house.ask("PUT", "/bucket", "acl=", headers={"x-amz-acl": "public-read"})
    assert house.ask("GET", "/bucket", user=None).status == 200
    assert house.ask("GET", "/bucket/key", user=None).status == 403
    assert house.ask("PUT", "/bucket/new", body=b"x", user=BOB).status == 403
    house.ask("PUT", "/bucket", "acl=", headers={"x-amz-acl": "public-read-write"})
    assert house.ask("PUT", "/bucket/new", body=b"x", user=BOB).status == 200
    # Written by another account: his, until he gives it to the bucket's owner.
    shown = house.ask("GET", "/bucket/new", "acl=", user=BOB).xml.child("Owner")
    assert shown is not None
    assert shown.get("ID") == BOB.account


def test_new_buckets_may_begin_closed() -> None:
    house = House(S3Settings(block_public_access=True))
    made = house.ask("PUT", "/open", headers={"x-amz-acl": "public-read"})
    assert made.code == "InvalidBucketAclWithBlockPublicAccessError"
    house.bucket()
    shown = house.ask("GET", "/bucket", "publicAccessBlock=").xml
    assert [switch.text for switch in shown.children] == ["true"] * 4
    open_acl = {"x-amz-acl": "public-read"}
    assert house.ask("PUT", "/bucket/k", headers=open_acl).code == "AccessDenied"
    assert house.ask("DELETE", "/bucket", "publicAccessBlock=").status == 204
    assert house.ask("PUT", "/bucket/k", headers=open_acl).status == 200
    assert house.ask("GET", "/bucket/k", user=None).status == 200


def test_public_access_block(house: House) -> None:
    def block(**switches: str) -> None:
        inner = "".join(f"<{name}>{value}</{name}>" for name, value in switches.items())
        root = "PublicAccessBlockConfiguration"
        body = f"<{root}>{inner}</{root}>".encode()
        assert house.ask("PUT", "/bucket", "publicAccessBlock=", body).status == 200

    open_acl = {"x-amz-acl": "public-read"}
    house.ask("PUT", "/bucket/open", body=b"x", headers=open_acl)
    block(BlockPublicAcls="true")
    assert (
        house.ask("PUT", "/bucket/b", body=b"x", headers=open_acl).code
        == "AccessDenied"
    )
    assert house.ask("GET", "/bucket/open", user=None).status == 200
    block(IgnorePublicAcls="true")
    assert house.ask("GET", "/bucket/open", user=None).status == 403
    put_policy(house)
    assert house.ask("GET", "/bucket/key", user=None).status == 200
    block(RestrictPublicBuckets="true")
    assert house.ask("GET", "/bucket/key", user=None).status == 403
    block(BlockPublicPolicy="true")
    document = house.ask("GET", "/bucket", "policy=").body
    assert house.ask("PUT", "/bucket", "policy=", document).code == "AccessDenied"


def test_enforced_ownership_ends_acls(house: House) -> None:
    house.ask("PUT", "/bucket/open", body=b"x", headers={"x-amz-acl": "public-read"})
    rule = "<Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule>"
    body = f"<OwnershipControls>{rule}</OwnershipControls>".encode()
    assert house.ask("PUT", "/bucket", "ownershipControls=", body).status == 200
    assert house.ask("GET", "/bucket/open", user=None).status == 403
    answer = house.ask(
        "PUT", "/bucket/a", body=b"x", headers={"x-amz-acl": "public-read"}
    )
    assert answer.code == "AccessControlListNotSupported"
    full = {"x-amz-acl": "bucket-owner-full-control"}
    assert house.ask("PUT", "/bucket/a", body=b"x", headers=full).status == 200


def test_swift_acls_count(house: House) -> None:
    path = f"/{ALICE.account}/bucket"
    house.cluster.ask("POST", path, {"X-Container-Read": ".r:*"})
    assert house.ask("GET", "/bucket/key", user=None).status == 200
    assert house.ask("GET", "/bucket", user=None).status == 403
    house.cluster.ask("POST", path, {"X-Container-Read": "bob:owner"})
    assert house.ask("GET", "/bucket/key", user=None).status == 403
    assert house.ask("GET", "/bucket/key", user=BOB).status == 200
    assert house.ask("GET", "/bucket", user=BOB).status == 200
    assert house.ask("PUT", "/bucket/new", body=b"x", user=BOB).status == 403
    house.cluster.ask("POST", path, {"X-Container-Write": "bob"})
    assert house.ask("PUT", "/bucket/new", body=b"x", user=BOB).status == 200


def test_bucket_names_are_everybodys(house: House) -> None:
    assert house.ask("PUT", "/bucket", user=BOB).code == "BucketAlreadyExists"
    assert house.ask("PUT", "/bucket").code == "BucketAlreadyOwnedByYou"
    assert house.ask("GET", "/nowhere", user=BOB).code == "NoSuchBucket"
    house.ask("DELETE", "/bucket/key")
    assert house.ask("DELETE", "/bucket").status == 204
    assert house.ask("PUT", "/bucket", user=BOB).status == 200
    assert house.ask("GET", "/bucket").code == "AccessDenied"
    assert house.ask("GET", "/bucket", user=BOB).status == 200


def test_swift_containers_are_reached_by_account(house: House) -> None:
    house.cluster.ask("PUT", f"/{BOB.account}/By_Swift")
    house.cluster.ask("PUT", f"/{BOB.account}/By_Swift/o", body=b"swift")
    assert house.ask("GET", "/By_Swift/o", user=BOB).body == b"swift"
    assert house.ask("GET", "/By_Swift/o").code == "InvalidBucketName"
    assert house.ask("GET", "/bob:By_Swift/o").code == "AccessDenied"
    assert house.ask("GET", "/bob:None/o").code == "AccessDenied"
    assert house.ask("GET", "/bob:None/o", user=BOB).code == "NoSuchBucket"
    house.cluster.ask("POST", f"/{BOB.account}/By_Swift", {"X-Container-Read": ".r:*"})
    assert house.ask("GET", "/bob:By_Swift/o", user=None).body == b"swift"


@pytest.mark.parametrize("name", ["bucket+segments", "bucket+locks", ".s3"])
def test_containers_of_the_house_are_no_buckets(house: House, name: str) -> None:
    for method in ("GET", "PUT", "DELETE", "HEAD"):
        assert house.ask(method, f"/{name}").status == 400
    assert house.ask("GET", "/.s3:buckets").status == 400


def test_unsigned_requests_of_swift_are_handed_on(house: House) -> None:
    answer = house.ask("GET", f"/v1/{ALICE.account}/bucket/key", user=None)
    assert (answer.status, answer.body) == (200, b"data")


def test_anonymous_requests_can_be_switched_off() -> None:
    house = House(S3Settings(allow_anonymous=False))
    house.bucket()
    assert (
        house.ask("GET", "/bucket", user=None).headers.get("x-amz-request-id") is None
    )


def test_unknown_and_wrong_keys(house: House) -> None:
    nobody = User("nobody:x", "y", "AUTH_x")
    assert house.ask("GET", "/", user=nobody).code == "InvalidAccessKeyId"
    wrong = User(ALICE.name, "wrong", ALICE.account)
    answer = house.ask("GET", "/", user=wrong)
    assert answer.code == "SignatureDoesNotMatch"
    assert ALICE.secret.encode() not in answer.body


def test_a_wrong_signature_is_told_with_what_was_signed(house: House) -> None:
    environ = house.environ("GET", "/bucket/a b", "x=1")
    sent = environ["HTTP_AUTHORIZATION"]
    environ["HTTP_AUTHORIZATION"] = sent[:-64] + "0" * 64
    answer = house.send(environ)
    assert answer.code == "SignatureDoesNotMatch"
    told = answer.xml
    assert told.get("AWSAccessKeyId") == ALICE.name
    assert told.get("SignatureProvided") == "0" * 64
    canonical = told.get("CanonicalRequest")
    assert canonical.startswith("GET\n/bucket/a%20b\nx=1\nhost:s3.test\n")
    assert bytes.fromhex(told.get("CanonicalRequestBytes")) == canonical.encode()
    text = told.get("StringToSign")
    assert bytes.fromhex(told.get("StringToSignBytes")) == text.encode()
    assert text.endswith(sha256(canonical.encode()).hexdigest())
    # The client's own signature is over the very same.
    date, region, service, _ = text.split("\n")[2].split("/")
    assert sign(derive(ALICE.secret, date, region, service), text) == sent[-64:]


def test_writes_in_a_read_only_store_are_denied(house: House) -> None:
    house.ask("PUT", "/bucket/k", body=b"x")

    def read_only(app: object) -> ReadOnly:
        return ReadOnly(SwiftFeatures(app), ReadOnlySettings(read_only=True))

    closed = House(cluster=house.cluster, features_over=read_only)
    for method, path, query in (
        ("PUT", "/bucket/k", ""),
        ("DELETE", "/bucket/k", ""),
        ("POST", "/bucket/k", "uploads="),
        ("PUT", "/another", ""),
        ("DELETE", "/bucket", "cors="),
    ):
        for _ in range(2):
            answer = closed.ask(method, path, query)
            assert (answer.status, answer.code) == (403, "AccessDenied")
            assert "Writes are disabled" in answer.xml.get("Message")
    assert closed.ask("GET", "/bucket/k").body == b"x"


def test_a_bucket_that_cannot_be_is_told_as_such(house: House) -> None:
    assert house.ask("GET", "/not-there").code == "NoSuchBucket"
    for name in ("No_Name", "192.168.0.1", "ab"):
        assert house.ask("GET", f"/{name}").code == "InvalidBucketName"
        assert house.ask("HEAD", f"/{name}").status == 400
