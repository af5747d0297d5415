"""Who may do what under tempauth: roles, ACLs, and what others have decided."""

from __future__ import annotations

import json
from typing import Any

import pytest

from objectstore.kernel.access import AccessRules
from objectstore.kernel.errors import Rejected
from objectstore.kernel.request import CONTEXT_KEY, Context
from test.fakes.swift_app import Answer
from test.unit.middleware.tempauth_house import House


@pytest.mark.parametrize(
    ("user", "key", "method", "path", "status", "owner"),
    [
        ("test:tester", "testing", "GET", "/v1/AUTH_test", 200, True),
        ("test:tester", "testing", "POST", "/v1/AUTH_test", 200, True),
        ("test:tester", "testing", "PUT", "/v1/AUTH_test/c", 200, True),
        ("test:tester", "testing", "PUT", "/v1/AUTH_test", 403, False),
        ("test:tester", "testing", "DELETE", "/v1/AUTH_test", 403, False),
        ("test:tester", "testing", "GET", "/v1/AUTH_test2", 403, False),
        ("test:tester", "testing", "GET", "/v1/OTHER_test", 403, False),
        ("test:tester", "testing", "GET", "/v1/AUTH_testing", 403, False),
        ("test:tester3", "testing3", "GET", "/v1/AUTH_test", 403, False),
        ("test:tester3", "testing3", "PUT", "/v1/AUTH_test/c/o", 403, False),
        ("admin:admin", "adminkey", "DELETE", "/v1/AUTH_test", 200, True),
        ("admin:admin", "adminkey", "PUT", "/v1/AUTH_new", 200, True),
        ("admin:admin", "adminkey", "GET", "/v1/AUTH_", 403, False),
        ("admin:admin", "adminkey", "GET", "/v1/AUTH_.hidden", 403, False),
        ("admin:admin", "adminkey", "GET", "/v1/.hidden", 403, False),
        ("test:reader", "readkey", "GET", "/v1/AUTH_test2/c/o", 200, False),
        ("test:reader", "readkey", "HEAD", "/v1/AUTH_test2", 200, False),
        ("test:reader", "readkey", "PUT", "/v1/AUTH_test2/c/o", 403, False),
        ("test2:tester2", "testing2", "GET", "/v1/AUTH_two/c", 200, True),
        ("under_score:a_b", "testing4", "GET", "/v1/AUTH_under_score", 200, True),
    ],
)
def test_roles(
    user: str, key: str, method: str, path: str, status: int, owner: bool
) -> None:
    house = House()
    assert house.status(method, path, house.token(user, key)) == status
    if status == 200:
        assert house.server.last.context.is_owner is owner


@pytest.mark.parametrize(
    ("acl", "path", "status"),
    [
        ("", "/v1/AUTH_test/c/o", 401),
        (".r:*", "/v1/AUTH_test/c/o", 200),
        (".r:*", "/v1/AUTH_test/c", 401),
        (".r:*,.rlistings", "/v1/AUTH_test/c", 200),
        (".rlistings", "/v1/AUTH_test/c", 401),
        (".r:.x.com", "/v1/AUTH_test/c/o", 200),
        (".r:.x.com,.r:-a.x.com", "/v1/AUTH_test/c/o", 401),
        ("*:*", "/v1/AUTH_test/c/o", 401),
        (".r:*", "/v1/OTHER_test/c/o", 401),
    ],
)
def test_anonymous_readers(acl: str, path: str, status: int) -> None:
    rules = AccessRules(container_acl=acl)
    house = House()
    assert house.status("GET", path, "", rules, Referer="http://a.x.com/") == status


@pytest.mark.parametrize(
    ("acl", "status"),
    [("test:tester3", 200), ("test", 200), ("test:*", 200), ("test2", 403), ("", 403)],
)
def test_container_acls_for_users(acl: str, status: int) -> None:
    house = House()
    token = house.token("test:tester3", "testing3")
    rules = AccessRules(container_acl=acl)
    assert house.status("PUT", "/v1/AUTH_test2/c/o", token, rules) == status


@pytest.mark.parametrize(
    ("acl", "method", "path", "status", "owner"),
    [
        ("admin", "POST", "/v1/AUTH_test", 200, True),
        ("admin", "PUT", "/v1/AUTH_test/c", 200, True),
        ("read-write", "PUT", "/v1/AUTH_test/c", 200, False),
        ("read-write", "GET", "/v1/AUTH_test", 200, False),
        ("read-write", "POST", "/v1/AUTH_test", 403, False),
        ("read-only", "GET", "/v1/AUTH_test/c/o", 200, False),
        ("read-only", "PUT", "/v1/AUTH_test/c/o", 403, False),
    ],
)
def test_account_acls(
    acl: str, method: str, path: str, status: int, owner: bool
) -> None:
    house = House()
    text = json.dumps({acl: ["test:tester3"]})
    token = house.token("test:tester3", "testing3")
    given = AccessRules(account_acl=text)
    assert house.status(method, path, token, given) == status
    if status == 200:
        assert house.server.last.context.is_owner is owner
    # The same when the server leaves it to the account's facts.
    stored = {"X-Account-Sysmeta-Core-Access-Control": text}
    house.facts.accounts["AUTH_test"] = stored
    assert house.status(method, path, token) == status


def test_options_need_no_token() -> None:
    assert House().status("OPTIONS", "/v1/AUTH_test/c") == 200


def test_401_names_the_account() -> None:
    with pytest.raises(Rejected) as caught:
        House().client("GET", '/v1/AUTH_te"st')
    challenge = ("WWW-Authenticate", 'Swift realm="AUTH_te%22st"')
    assert challenge in caught.value.headers


def test_several_prefixes_and_required_groups() -> None:
    house = House(reseller_prefix=("AUTH", "SERVICE"), SERVICE_require_group=".service")
    token = house.token()
    service = house.token("glance:glance", "glancekey")
    assert house.status("GET", "/v1/AUTH_test", token) == 200
    assert house.status("GET", "/v1/SERVICE_test", token) == 403
    assert (
        house.status("GET", "/v1/SERVICE_test", token, X_Service_Token=service) == 200
    )
    assert house.status("GET", "/v1/SERVICE_test", service) == 403
    assert house.status("GET", "/v1/SERVICE_test", token, X_Service_Token="bad") == 403


def test_the_empty_prefix() -> None:
    house = House(reseller_prefix=("''",))
    got = house.login("test:tester", "testing")
    assert got.headers["X-Storage-Url"].endswith("/v1/test")
    token = got.headers["X-Auth-Token"]
    assert house.status("GET", "/v1/test/c", token) == 200
    assert house.status("GET", "/v1/test2/c", token) == 403
    plain = house.token("test:tester3", "testing3")
    assert house.status("GET", "/v1/test/c", plain) == 403


def test_requests_of_the_house_itself_pass() -> None:
    house = House()
    context = Context(is_internal=True)
    got = house.client("GET", "/v1/AUTH_test", **{CONTEXT_KEY: context})
    assert got.status == 200
    assert house.server.last.context.authorize is None


def test_a_filter_before_may_decide() -> None:
    house = House()
    asked: list[str] = []

    def authorize(request: Any, rules: AccessRules) -> None:
        asked.append(request.path)

    context = Context(authorize=authorize)
    got = house.client("GET", "/v1/AUTH_test", **{CONTEXT_KEY: context})
    assert (got.status, asked) == (200, ["/v1/AUTH_test"])


def test_acl_headers_are_cleaned_and_checked() -> None:
    house = House()
    token = house.token()
    headers = {"X-Auth-Token": token, "X-Container-Read": " .ref : * , bob "}
    house.client("PUT", "/v1/AUTH_test/c", headers)
    assert house.server.last.headers["X-Container-Read"] == ".r:*,bob"
    headers = {"X-Auth-Token": token, "X-Container-Write": ".r:*"}
    with pytest.raises(Rejected, match="400 Referrers not allowed in write ACL"):
        house.client("POST", "/v1/AUTH_test/c", headers)


def test_account_acl_is_stored_as_system_metadata_and_shown_to_owners() -> None:
    house = House()
    token = house.token()
    acl = '{"read-only":["test2"]}'
    headers = {"X-Auth-Token": token, "X-Account-Access-Control": acl}
    house.client("POST", "/v1/AUTH_test", headers)
    seen = house.server.last.headers
    assert seen["X-Account-Sysmeta-Core-Access-Control"] == acl
    assert "X-Account-Access-Control" not in seen
    stored = [("X-Account-Sysmeta-Core-Access-Control", acl)]
    house.server.default = Answer(204, stored)
    got = house.client("HEAD", "/v1/AUTH_test", {"X-Auth-Token": token})
    assert got.headers["X-Account-Access-Control"] == acl
    reader = house.token("test:reader", "readkey")
    got = house.client("HEAD", "/v1/AUTH_test", {"X-Auth-Token": reader})
    assert "X-Account-Access-Control" not in got.headers
    with pytest.raises(Rejected, match="400 X-Account-Access-Control invalid"):
        headers["X-Account-Access-Control"] = '{"x":1}'
        house.client("POST", "/v1/AUTH_test", headers)
