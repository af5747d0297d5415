"""identity: Keystone's tokens, roles, ACLs and keys, against a fake service.

In this process, and over a socket.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from objectstore.client.caller import Caller
from objectstore.client.in_process import InProcessCaller
from objectstore.client.over_http import HttpCaller
from objectstore.kernel.access import AccessRules
from objectstore.kernel.client import ClientPool
from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.kernel.settings import BadSettings
from objectstore.kernel.wsgi import Server, listen
from objectstore.middleware.auth.users import read_prefixes, read_users
from objectstore.middleware.identity import (
    IdentityFilter,
    IdentityFilterSettings,
    filter_factory,
)
from objectstore.middleware.keystone.roles import read_prefix_roles
from objectstore.middleware.tempauth import Tempauth, TempauthSettings
from test.fakes.identity import FakeIdentity, token_of
from test.fakes.stepped_clock import SteppedClock
from test.fakes.swift_app import Client, KnownFacts, SwiftApp

SETTINGS: dict[str, Any] = {"service_password": "secret"}


class House:
    """The filter in front of a scripted server."""

    def __init__(
        self,
        caller: Caller,
        identity: FakeIdentity,
        lines: dict[str, str] | None = None,
        *,
        tempauth_below: bool = False,
        **settings: Any,
    ) -> None:
        self.identity = identity
        self.server = SwiftApp()
        self.clock = SteppedClock()
        self.facts = KnownFacts()
        app: Any = self.server
        if tempauth_below:
            app = _tempauth(app, self.clock)
        made = IdentityFilterSettings(**{**SETTINGS, **settings})
        prefixes = read_prefix_roles(
            made.reseller_prefix, made.operator_roles, lines or {}
        )
        self.filter = IdentityFilter(app, made, prefixes, self.clock)
        self.filter.connect(caller)
        self.client = Client(self.filter, self.facts)

    def status(
        self,
        method: str,
        path: str,
        token: str = "",
        rules: AccessRules | None = None,
        headers: dict[str, str] | None = None,
    ) -> int:
        self.server.rules = {path: rules or AccessRules()}
        named = dict(headers or {})
        if token:
            named["X-Auth-Token"] = token
        try:
            return self.client(method, path, named).status
        except Rejected as error:
            return error.status
        except Unavailable:
            return 503


def _tempauth(app: Any, clock: SteppedClock) -> Tempauth:
    lines = {"user_test_tester": "testing .admin"}
    prefixes = read_prefixes(("AUTH",), lines)
    settings = TempauthSettings(token_secret="s")
    return Tempauth(app, settings, prefixes, read_users(lines, prefixes), clock)


@pytest.fixture
def identity() -> FakeIdentity:
    fake = FakeIdentity()
    fake.tokens |= {
        "member": token_of("ann", "red", ["member", "reader"]),
        "reader": token_of("rob", "red", ["reader"]),
        "nobody": token_of("ned", "red", ["auditor"]),
        "other": token_of("bob", "blue", ["member", "reader"]),
        "foreign": token_of("ann", "red", ["member"], domain="elsewhere"),
        "admin": token_of("root", "admin", ["admin", "member"]),
        "unscoped": token_of("ann", "", []),
        "restricted": token_of(
            "ann",
            "red",
            ["member"],
            access_rules=[
                {"service": "object-store", "method": "GET", "path": "/v1/*/c/**"}
            ],
        ),
    }
    fake.tokens["foreign"]["project"]["id"] = "green-id"
    fake.keys["KEY"] = ("SECRET", fake.tokens["member"])
    return fake


@pytest.fixture(params=["in process", "http"])
def caller(request: pytest.FixtureRequest, identity: FakeIdentity) -> Iterator[Caller]:
    if request.param == "in process":
        yield InProcessCaller(identity)
        return
    listener = listen("127.0.0.1", 0)
    server, pool = Server(identity, [listener]), ClientPool()
    server.start()
    yield HttpCaller(f"http://127.0.0.1:{listener.getsockname()[1]}", pool)
    server.close()
    pool.close()


@pytest.fixture
def house(caller: Caller, identity: FakeIdentity) -> House:
    return House(caller, identity)


RED = "/v1/AUTH_red-id"


def test_operators_do_anything_in_their_projects_account(house: House) -> None:
    for method in ("GET", "HEAD", "POST"):
        assert house.status(method, RED, "member") == 200
    for path in (f"{RED}/c", f"{RED}/c/o"):
        for method in ("GET", "PUT", "POST", "DELETE"):
            assert house.status(method, path, "member") == 200
    assert house.server.last.context.is_owner
    assert house.status("DELETE", RED, "member") == 403
    assert house.status("GET", "/v1/AUTH_blue-id/c", "member") == 403


def test_readers_read(house: House) -> None:
    for path in (RED, f"{RED}/c", f"{RED}/c/o"):
        assert house.status("GET", path, "reader") == 200
        assert not house.server.last.context.is_owner
        assert house.status("POST", path, "reader") == 403
    assert house.status("PUT", f"{RED}/c/o", "reader") == 403
    assert house.status("GET", f"{RED}/c/o", "nobody") == 403
    assert house.status("GET", f"{RED}/c/o", "unscoped") == 403


def test_reseller_admins_do_anything_anywhere(house: House) -> None:
    assert house.status("DELETE", RED, "admin") == 200
    assert house.status("PUT", f"{RED}/c/o", "admin") == 200
    assert house.status("GET", "/v1/.expiring/c", "admin") == 403


def test_an_administrator_of_a_domain_is_none_of_the_store(
    house: House, identity: FakeIdentity
) -> None:
    token = token_of("root", "", ["admin", "member", "service"])
    token["domain"] = {"id": "elsewhere", "name": "elsewhere"}
    identity.tokens["of-a-domain"] = token
    assert house.status("GET", f"{RED}/c/o", "of-a-domain") == 403
    assert house.status("PUT", f"{RED}/c/o", "of-a-domain") == 403
    assert house.status("DELETE", RED, "of-a-domain") == 403


def test_tokens_that_are_not_good(house: House) -> None:
    assert house.status("GET", RED, "wrong") == 401
    assert house.status("GET", RED, "x" * 9000) == 401
    assert house.status("GET", RED) == 401
    house.identity.tokens["old"] = token_of(
        "ann", "red", ["member"], expires="2000-01-01T00:00:00Z"
    )
    assert house.status("GET", RED, "old") == 401


@pytest.mark.parametrize(
    ("acl", "allowed"),
    [
        ("blue-id:bob-id", True),
        ("blue-id", True),
        ("blue-id:*", True),
        ("*:bob-id", True),
        ("*:*", True),
        ("blue:bob", True),
        ("*:bob", True),
        ("red-id:bob-id", False),
        ("member", False),
        ("blue:ann", False),
        ("", False),
    ],
)
def test_acls_name_users_of_other_projects(
    house: House, acl: str, allowed: bool
) -> None:
    wanted = 200 if allowed else 403
    rules = AccessRules(container_acl=acl)
    assert house.status("GET", f"{RED}/c/o", "other", rules) == wanted


def test_names_of_other_domains_never_count(house: House) -> None:
    by_name, by_id = AccessRules("red:ann"), AccessRules("green-id:ann-id")
    assert house.status("GET", "/v1/AUTH_blue-id/c/o", "foreign", by_name) == 403
    assert house.status("GET", "/v1/AUTH_blue-id/c/o", "foreign", by_id) == 200


def test_role_names_count_in_the_own_project(house: House) -> None:
    rules = AccessRules("auditor")
    assert house.status("GET", f"{RED}/c/o", "nobody", rules) == 200
    assert house.status("GET", "/v1/AUTH_blue-id/c/o", "nobody", rules) == 403


def test_referrers_and_account_acls(house: House) -> None:
    public = AccessRules(".r:*,.rlistings")
    assert house.status("GET", f"{RED}/c/o", "", public) == 200
    assert house.status("GET", f"{RED}/c", "", public) == 200
    assert house.status("PUT", f"{RED}/c/o", "", AccessRules("*:*")) == 401
    account = AccessRules(account_acl='{"read-only": ["blue-id:bob-id"]}')
    assert house.status("GET", f"{RED}/c/o", "other", account) == 200
    assert house.status("PUT", f"{RED}/c/o", "other", account) == 403


def test_answers_are_kept_for_a_while(house: House) -> None:
    for _ in range(3):
        house.status("GET", RED, "member")
        house.status("GET", RED, "wrong")
    assert len(house.identity.asked) == 2
    house.clock.advance(31)
    del house.identity.tokens["member"]
    assert house.status("GET", RED, "member") == 401
    house.identity.tokens["new"] = house.identity.tokens["reader"]
    assert house.status("GET", RED, "new") == 200
    del house.identity.tokens["new"]
    house.filter.forget()
    assert house.status("GET", RED, "new") == 401


def test_identity_is_away(house: House) -> None:
    assert house.status("GET", RED, "member") == 200
    house.identity.is_down = True
    assert house.status("GET", RED, "member") == 200
    assert house.status("GET", RED, "reader") == 503
    assert house.status("GET", f"{RED}/c/o", "", AccessRules(".r:*")) == 200
    house.identity.is_down = False
    assert house.status("GET", RED, "reader") == 200


def test_access_rules(house: House) -> None:
    assert house.status("GET", f"{RED}/c/o", "restricted") == 200
    assert house.status("PUT", f"{RED}/c/o", "restricted") == 401
    assert house.status("GET", f"{RED}/d/o", "restricted") == 401


def test_accounts_that_a_service_keeps(caller: Caller, identity: FakeIdentity) -> None:
    house = House(
        caller,
        identity,
        {"SERVICE_service_roles": "service"},
        reseller_prefix=("AUTH", "SERVICE"),
    )
    path = "/v1/SERVICE_red-id/c/o"
    vouched = {"X-Service-Token": "the-service-token"}
    assert house.status("PUT", path, "member") == 403
    assert house.status("PUT", path, "member", headers=vouched) == 200
    assert (
        house.status("PUT", path, "member", headers={"X-Service-Token": "other"}) == 403
    )
    assert house.status("PUT", path, "other", headers=vouched) == 403
    assert house.status("PUT", f"{RED}/c/o", "member", headers=vouched) == 200


def test_keys(house: House) -> None:
    found = house.filter.secret_for("KEY")
    assert found is not None
    who, secret = found
    assert secret == "SECRET"
    assert who.owned_accounts == ("AUTH_red-id",)
    assert who.user == "red-id:ann-id"
    assert house.filter.secret_for("NONE") is None
    asked = len(house.identity.asked)
    house.filter.secret_for("KEY")
    house.filter.secret_for("NONE")
    assert len(house.identity.asked) == asked
    house.clock.advance(31)
    del house.identity.keys["KEY"]
    assert house.filter.secret_for("KEY") is None


def test_keys_when_the_services_token_was_taken_back(house: House) -> None:
    assert house.filter.secret_for("KEY") is not None
    known = house.identity.tokens.pop("the-service-token")
    with pytest.raises(Unavailable):
        house.filter.secret_for("OTHER")
    house.identity.tokens["the-service-token"] = known
    assert house.filter.secret_for("OTHER") is None


def test_before_tempauth(caller: Caller, identity: FakeIdentity) -> None:
    house = House(caller, identity, tempauth_below=True)
    headers = {"X-Auth-User": "test:tester", "X-Auth-Key": "testing"}
    token = house.client("GET", "/auth/v1.0", headers).headers["X-Auth-Token"]
    assert house.status("PUT", "/v1/AUTH_test/c/o", token) == 200
    assert house.status("PUT", f"{RED}/c/o", "member") == 200
    assert house.status("PUT", "/v1/AUTH_test/c/o", "member") == 403
    assert house.status("PUT", f"{RED}/c/o", token) == 403
    assert house.status("GET", f"{RED}/c/o", "", AccessRules(".r:*")) == 200
    found = house.filter.secret_for("test:tester")
    assert found is not None and found[1] == "testing"
    assert house.filter.secret_for("KEY") is not None


def test_wrong_settings_are_told() -> None:
    with pytest.raises(BadSettings, match="cache_tim"):
        filter_factory({}, cache_tim="3")
    maker = filter_factory({}, AUTH_service_roles="service", operator_roles="boss")
    made = maker(SwiftApp())
    assert isinstance(made, IdentityFilter)
    # Nothing is connected: nobody can say whether a token is good.
    with pytest.raises(Unavailable):
        Client(made)("GET", RED, {"X-Auth-Token": "member"})
