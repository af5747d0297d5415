"""Who may: container ACLs, account ACLs, referrers."""

from __future__ import annotations

import json

import pytest

from test.functional.conftest import Connect
from test.functional.harness.http import Client
from test.functional.harness.store import wait_for
from test.functional.harness.users import GUEST, LISTER, RESELLER, STRANGER

# A node may go on with what it knew of a container for this long.
FACTS_SECONDS = 10


@pytest.fixture
def shared(client: Client, container: str) -> str:
    client.ok("PUT", container, "object", body=b"data")
    return container


def statuses(
    who: Client, container: str, headers: dict[str, str] | None = None
) -> dict[str, int]:
    """What somebody gets for each kind of request."""

    def status(method: str, *path: str) -> int:
        answer = who.send(
            method, container, *path, account="AUTH_test", headers=headers
        )
        return answer.status

    return {
        "read": status("GET", "object"),
        "list": status("GET"),
        "write": status("PUT", "new"),
        "post": status("POST", "object"),
        "delete": status("DELETE", "new"),
        "change": status("POST"),
    }


NOTHING = dict.fromkeys(("read", "list", "write", "post", "delete", "change"), 403)
READS = {**NOTHING, "read": 200, "list": 200}
WRITES = {**NOTHING, "write": 201, "post": 202, "delete": 204}


def test_read_grants(connect: Connect, client: Client, shared: str) -> None:
    guest, stranger = connect(GUEST), connect(STRANGER)
    assert statuses(guest, shared) == NOTHING
    for grants, users in {
        "test:tester3": {"guest"},
        "test2": {"stranger"},
        "test2:tester2": {"stranger"},
        "test2:*": {"stranger"},
        "*:tester2": {"stranger"},
        "*:*": {"guest", "stranger"},
        "test:tester3, test2:nobody": {"guest"},
        "nobody": set(),
    }.items():
        client.ok("POST", shared, X_Container_Read=grants)
        assert statuses(guest, shared) == (READS if "guest" in users else NOTHING)
        assert statuses(stranger, shared) == (READS if "stranger" in users else NOTHING)
    client.ok("POST", shared, X_Remove_Container_Read="x")
    assert statuses(stranger, shared) == NOTHING


def test_write_grants(connect: Connect, client: Client, shared: str) -> None:
    guest, stranger = connect(GUEST), connect(STRANGER)
    client.ok("POST", shared, X_Container_Write="test:tester3")
    assert statuses(guest, shared) == WRITES
    assert statuses(stranger, shared) == NOTHING
    client.ok("POST", shared, X_Container_Read="*:*", X_Container_Write="*:*")
    assert statuses(stranger, shared) == {**READS, **WRITES, "read": 200, "list": 200}


def test_everybody_reads(connect: Connect, client: Client, shared: str) -> None:
    nobody, guest = connect(None), connect(GUEST)
    refused = dict.fromkeys(NOTHING, 401)
    assert statuses(nobody, shared) == refused
    client.ok("POST", shared, X_Container_Read=".r:*")
    assert statuses(nobody, shared) == {**refused, "read": 200}
    assert statuses(guest, shared) == {**NOTHING, "read": 200}
    client.ok("POST", shared, X_Container_Read=".r:*,.rlistings")
    assert statuses(nobody, shared) == {**refused, "read": 200, "list": 200}
    # Even a token that is no good must not open more than none at all.
    answer = nobody.raw("GET", f"/v1/AUTH_test/{shared}/object")
    assert (answer.status, answer.body) == (200, b"data")


def test_referrers(connect: Connect, client: Client, shared: str) -> None:
    nobody = connect(None)
    acl = ".r:.example.com,.r:-thief.example.com,.r:friend.org"
    client.ok("POST", shared, X_Container_Read=acl)
    for referrer, status in {
        "": 401,
        "http://www.example.com/page": 200,
        "https://a.b.example.com:8443/": 200,
        "http://thief.example.com/": 401,
        "http://friend.org/x?y": 200,
        "http://www.friend.org/": 401,
        "http://example.com.evil.net/": 401,
        "not a url": 401,
    }.items():
        headers = {"Referer": referrer} if referrer else {}
        answer = nobody.send(
            "GET", shared, "object", account="AUTH_test", headers=headers
        )
        assert answer.status == status, referrer


def test_acls_are_cleaned_and_only_owners_see_them(
    connect: Connect, client: Client, shared: str
) -> None:
    client.ok(
        "POST",
        shared,
        X_Container_Read=" .referrer : * , .rlistings, test2 : tester2 ",
        X_Container_Meta_Plain="1",
    )
    headers = client.ok("HEAD", shared).headers
    assert headers["x-container-read"].startswith(".r:*,.rlistings,")
    seen = connect(None).send("HEAD", shared, account="AUTH_test").headers
    assert "x-container-read" not in seen
    assert seen["x-container-meta-plain"] == "1"
    for header, wrong in (
        ("X-Container-Write", ".r:*"),
        ("X-Container-Read", ".unknown:x"),
        ("X-Container-Read", ".r:"),
        ("X-Container-Read", ".r:-"),
    ):
        answer = client.send("POST", shared, headers={header: wrong})
        assert answer.status == 400, wrong
        assert answer.body
    assert client.ok("HEAD", shared).headers["x-container-read"].startswith(".r:*")


def test_account_acls(connect: Connect, name: str) -> None:
    reseller = connect(RESELLER)
    account = f"AUTH_acl-{name}"
    reseller.ok("PUT", "c", account=account)
    reseller.ok("PUT", "c", "o", body=b"data", account=account)
    user = connect(LISTER)

    def rights() -> dict[str, int]:
        return {
            "account": user.call("HEAD", account=account).status,
            "read": user.call("GET", "c", "o", account=account).status,
            "write": user.call("PUT", "c", "n", body=b"", account=account).status,
            "create": user.call("PUT", "new", account=account).status,
            "change": user.call("POST", account=account).status,
        }

    no = dict.fromkeys(("account", "read", "write", "create", "change"), 403)
    reads = {**no, "account": 204, "read": 200}
    writes = {**reads, "write": 201}
    assert rights() == no
    for grants, wanted in (
        ({"read-only": ["lister:owner"]}, reads),
        ({"read-write": ["lister"]}, writes),
        ({"admin": ["lister:owner"]}, {**writes, "change": 204}),
        ({"admin": ["somebody:else"]}, no),
    ):
        acl = json.dumps(grants)
        reseller.ok("POST", account=account, X_Account_Access_Control=acl)

        def is_so(wanted: dict[str, int] = wanted) -> bool:
            found = rights()
            created = found.pop("create")
            may_write = found["write"] == 201
            assert created in ((201, 202) if may_write else (403,))
            return found == {k: v for k, v in wanted.items() if k != "create"}

        wait_for(is_so, f"{grants} to hold", FACTS_SECONDS)
    shown = reseller.ok("HEAD", account=account).headers["x-account-access-control"]
    assert json.loads(shown) == {"admin": ["somebody:else"]}
    for wrong in ("text", "[]", '{"admin": "x"}', '{"unknown": ["x"]}'):
        answer = reseller.call("POST", account=account, X_Account_Access_Control=wrong)
        assert answer.status == 400, wrong
    reseller.ok("POST", account=account, X_Account_Access_Control="")
    shown_headers = reseller.ok("HEAD", account=account).headers
    assert "x-account-access-control" not in shown_headers
