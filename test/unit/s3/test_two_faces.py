"""What is said through one face holds through the other: ACLs, tags, versions."""

from __future__ import annotations

import pytest

from objectstore.s3.access.acl import (
    ALL_USERS,
    AUTHENTICATED_USERS,
    Acl,
    Grant,
    private,
)
from objectstore.s3.access.swift_acl import bucket_grants, divided, object_grants
from test.unit.s3.house import ALICE, BOB, Answer, House, house_with_real_filters
from test.unit.s3.test_versions import ENABLE, put

TAGS = b"<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>"
BUCKET = f"/v1/{ALICE.account}/bucket"


@pytest.fixture
def house() -> House:
    made = house_with_real_filters()
    made.bucket()
    return made


def swift(house: House, method: str, path: str, **headers: str) -> Answer:
    environ = house.bare(method, path, "", b"")
    environ["HTTP_X_AUTH_TOKEN"] = "t"
    environ["ringstack.context"].is_owner = True
    for name, value in headers.items():
        environ[f"HTTP_{name.upper()}"] = value
    answer = house.send(environ)
    assert answer.status < 300, answer
    return answer


def grants(answer: Answer) -> set[tuple[str, str]]:
    listed = answer.xml.child("AccessControlList")
    assert listed is not None
    found = set()
    for node in listed.all("Grant"):
        grantee = node.child("Grantee")
        assert grantee is not None
        name = grantee.get("ID") or grantee.get("URI").rpartition("/")[2]
        found.add((name, node.get("Permission")))
    return found - {(ALICE.account, "FULL_CONTROL")}


# ---- tags and ACLs ------------------------------------------------------------------


def test_a_swift_post_keeps_tags_and_acl(house: House) -> None:
    headers = {"x-amz-tagging": "k=v", "x-amz-acl": "public-read"}
    house.ask("PUT", "/bucket/key", body=b"x", headers=headers)
    swift(house, "POST", f"{BUCKET}/key", x_object_meta_color="blue")
    assert house.ask("HEAD", "/bucket/key").headers["x-amz-meta-color"] == "blue"
    tagging = house.ask("GET", "/bucket/key", "tagging=")
    assert b"<Key>k</Key><Value>v</Value>" in tagging.body
    assert house.ask("GET", "/bucket/key", user=None).status == 200


def test_tags_and_acls_of_old_versions(house: House) -> None:
    house.ask("PUT", "/bucket/key", body=b"before versions")
    house.ask("PUT", "/bucket", "versioning=", ENABLE)
    first, second = put(house, b"one"), put(house, b"two")
    for version in ("null", first, second):
        query = f"tagging=&versionId={version}"
        assert house.ask("PUT", "/bucket/key", query, TAGS).status == 200, version
        assert b"<Value>v</Value>" in house.ask("GET", "/bucket/key", query).body
        query = f"acl=&versionId={version}"
        public = {"x-amz-acl": "public-read"}
        answer = house.ask("PUT", "/bucket/key", query, headers=public)
        assert answer.status == 200, answer.body
        assert ("AllUsers", "READ") in grants(house.ask("GET", "/bucket/key", query))
    bodies = {"null": b"before versions", first: b"one", second: b"two"}
    for version, body in bodies.items():
        query = f"versionId={version}"
        assert house.ask("GET", "/bucket/key", query, user=None).status == 200
        got = house.ask("GET", "/bucket/key", query)
        assert (got.body, got.headers["x-amz-tagging-count"]) == (body, "1")
    query = f"tagging=&versionId={first}"
    assert house.ask("DELETE", "/bucket/key", query).status == 204
    assert b"<Tag>" not in house.ask("GET", "/bucket/key", query).body
    shown = house.ask("GET", "/bucket", "versions=").xml
    listed = [node.get("VersionId") for node in shown.all("Version")]
    assert listed == [second, first, "null"]


def test_tags_and_acls_modify_no_object(house: House) -> None:
    house.ask("PUT", "/bucket", "versioning=", ENABLE)
    put(house, b"data")

    def told() -> tuple[str, ...]:
        head = house.ask("HEAD", "/bucket/key").headers["last-modified"]
        pages = (house.ask("GET", "/bucket", query).xml for query in ("", "versions="))
        entries = [page.child("Contents") or page.child("Version") for page in pages]
        return head, *(entry.get("LastModified") for entry in entries if entry)

    before = told()
    house.clock.ahead += 60
    assert house.ask("PUT", "/bucket/key", "tagging=", TAGS).status == 200
    public = {"x-amz-acl": "public-read"}
    assert house.ask("PUT", "/bucket/key", "acl=", headers=public).status == 200
    assert told() == before
    assert len(before) == 3
    # Swift's own POST does, as its clients expect.
    swift(house, "POST", f"{BUCKET}/key", x_object_meta_color="blue")
    assert told()[0] != before[0]


# ---- ACLs of containers -------------------------------------------------------


def test_swifts_acls_as_grants() -> None:
    read = ".r:*,.rlistings,bob:owner,AUTH_carol,.r:-bad.example,team:*"
    assert set(bucket_grants(read, "bob:owner,*:*")) == {
        Grant("bob:owner", "READ"),
        Grant("AUTH_carol", "READ"),
        Grant(ALL_USERS, "READ"),
        Grant("bob:owner", "WRITE"),
        Grant(AUTHENTICATED_USERS, "WRITE"),
    }
    assert bucket_grants(".r:*", "") == ()
    assert object_grants(".r:*") == (Grant(ALL_USERS, "READ"),)


def test_an_s3_acl_divided() -> None:
    acl = Acl(
        "AUTH_a",
        (
            Grant("AUTH_a", "FULL_CONTROL"),
            Grant("bob:owner", "WRITE"),
            Grant("carol:x", "FULL_CONTROL"),
            Grant("dan:x", "READ"),
            Grant(ALL_USERS, "WRITE"),
            Grant(AUTHENTICATED_USERS, "WRITE"),
        ),
    )
    own, read, write = divided(acl, "dan:x,eve:x")
    assert (read, write) == ("dan:x", "bob:owner,carol:x,*:*")
    assert own.grants == (
        Grant("AUTH_a", "FULL_CONTROL"),
        Grant("carol:x", "FULL_CONTROL"),
        Grant(ALL_USERS, "WRITE"),
    )
    closed = divided(private("AUTH_a"), ".r:*,.rlistings,bob:owner")
    assert closed == (private("AUTH_a"), "", "")


def test_swifts_acls_show_in_s3(house: House) -> None:
    read = ".r:*,.rlistings,bob:owner"
    acls = {"x_container_read": read, "x_container_write": "bob:owner"}
    swift(house, "POST", BUCKET, **acls)
    house.ask("PUT", "/bucket/key", body=b"x")
    assert grants(house.ask("GET", "/bucket", "acl=")) == {
        ("AllUsers", "READ"),
        ("bob:owner", "READ"),
        ("bob:owner", "WRITE"),
    }
    assert grants(house.ask("GET", "/bucket/key", "acl=")) == {
        ("AllUsers", "READ"),
        ("bob:owner", "READ"),
    }


def test_s3s_acls_show_in_swift(house: House) -> None:
    granted = {"x-amz-grant-write": "id=bob:owner", "x-amz-grant-read": "id=carol:x"}
    assert house.ask("PUT", "/bucket", "acl=", headers=granted).status == 200
    shown = house.cluster.ask("HEAD", f"/{ALICE.account}/bucket").headers
    assert shown["X-Container-Write"] == "bob:owner"
    assert not shown.get("X-Container-Read")
    assert grants(house.ask("GET", "/bucket", "acl=")) == {
        ("bob:owner", "WRITE"),
        ("carol:x", "READ"),
    }
    assert house.ask("PUT", "/bucket/key", body=b"x", user=BOB).status == 200
    # What Swift takes away is gone.
    swift(house, "POST", BUCKET, x_container_write="")
    assert house.ask("PUT", "/bucket/key", body=b"x", user=BOB).status == 403
    made = house.ask("PUT", "/new", headers={"x-amz-grant-write": "id=bob:owner"})
    assert made.status == 200
    shown = house.cluster.ask("HEAD", f"/{ALICE.account}/new").headers
    assert shown["X-Container-Write"] == "bob:owner"


def test_a_grant_of_everything_is_shown_as_one(house: House) -> None:
    own = {"x-amz-grant-full-control": f'id="{ALICE.account}", id="{BOB.account}"'}
    assert house.ask("PUT", "/bucket", "acl=", headers=own).status == 200
    assert house.ask("PUT", "/bucket/k", body=b"x", user=BOB).status == 200

    def shown() -> set[tuple[str, str]]:
        acl = house.ask("GET", "/bucket", "acl=").xml
        assert [node.name for node in acl.children] == ["Owner", "AccessControlList"]
        return {
            (grant.children[0].get("ID"), grant.get("Permission"))
            for grant in acl.children[1].children
        }

    both = {(ALICE.account, "FULL_CONTROL"), (BOB.account, "FULL_CONTROL")}
    assert shown() == both
    own["x-amz-grant-write"] = f'id="{BOB.account}"'
    house.ask("PUT", "/bucket", "acl=", headers=own)
    assert shown() == both | {(BOB.account, "WRITE")}


def test_private_closes_what_swift_opened(house: House) -> None:
    swift(house, "POST", BUCKET, x_container_read=".r:*,.rlistings")
    house.ask("PUT", "/bucket/key", body=b"x")
    assert house.ask("GET", "/bucket/key", user=None).status == 200
    house.ask("PUT", "/bucket", "acl=", headers={"x-amz-acl": "private"})
    assert house.ask("GET", "/bucket/key", user=None).status == 403
    shown = house.cluster.ask("HEAD", f"/{ALICE.account}/bucket").headers
    assert not shown.get("X-Container-Read")


def test_what_is_read_and_put_back_stays(house: House) -> None:
    acls = {"x_container_read": ".r:*,.rlistings,bob:owner", "x_container_write": "*:*"}
    swift(house, "POST", BUCKET, **acls)
    read = house.ask("GET", "/bucket", "acl=")
    assert house.ask("PUT", "/bucket", "acl=", read.body).status == 200
    shown = house.cluster.ask("HEAD", f"/{ALICE.account}/bucket").headers
    assert set(shown["X-Container-Read"].split(",")) == {
        ".r:*",
        ".rlistings",
        "bob:owner",
    }
    assert shown["X-Container-Write"] == "*:*"
    assert grants(house.ask("GET", "/bucket", "acl=")) == grants(read)


# ---- versions -------------------------------------------------------------------


@pytest.mark.parametrize("has_versions", [False, True])
def test_versions_that_cannot_be_or_are_not_there(
    house: House, has_versions: bool
) -> None:
    if has_versions:
        house.ask("PUT", "/bucket", "versioning=", ENABLE)
    house.ask("PUT", "/bucket/key", body=b"x")
    for version, code, status in (
        ("zzz", "InvalidArgument", 400),
        ("1.2.3", "InvalidArgument", 400),
        ("1795298440.45144", "NoSuchVersion", 404),
    ):
        for query in (f"versionId={version}", f"versionId={version}&tagging="):
            answer = house.ask("GET", "/bucket/key", query)
            assert (answer.status, answer.code) == (status, code), query
        source = {"x-amz-copy-source": f"/bucket/key?versionId={version}"}
        answer = house.ask("PUT", "/bucket/copy", headers=source)
        assert (answer.status, answer.code) == (status, code)
    assert house.ask("DELETE", "/bucket/key", "versionId=zzz").code == "InvalidArgument"
    # What is not there is deleted.
    gone = house.ask("DELETE", "/bucket/key", "versionId=1795298440.45144")
    assert gone.status == 204
    assert house.ask("GET", "/bucket/key").body == b"x"
