"""tempauth: the token endpoint, tokens, who may do what, ACL headers, secrecy."""

from __future__ import annotations

import base64
import json
import logging
from typing import Any

import pytest

from objectstore.kernel.errors import Rejected
from objectstore.kernel.request import CONTEXT_KEY, AccessRules, Context, Identity
from objectstore.kernel.settings import BadSettings
from objectstore.middleware.auth.users import read_prefixes, read_users
from objectstore.middleware.tempauth import Tempauth, TempauthSettings, filter_factory
from test.fakes.swift_app import Answer, Client, Got, KnownFacts, SteppedClock, SwiftApp

USERS = {
    "user_admin_admin": "adminkey .admin .reseller_admin",
    "user_test_tester": "testing .admin",
    "user_test_reader": "readkey .reseller_reader",
    "user_test_tester3": "testing3",
    "user_test2_tester2": "testing2 .admin https://$HOST.example.com/v1/AUTH_two",
    "user64_dW5kZXJfc2NvcmU_YV9i": "testing4 .admin",
    "user_glance_glance": "glancekey .service",
}


class House:
    """A tempauth in front of a scripted server."""

    def __init__(self, users: dict[str, str] | None = None, **settings: Any) -> None:
        self.server = SwiftApp()
        self.clock = SteppedClock()
        self.facts = KnownFacts()
        settings.setdefault("token_secret", "cluster secret")
        lines = USERS if users is None else users
        made = TempauthSettings(
            **{k: v for k, v in settings.items() if not k.endswith("_require_group")}
        )
        prefixes = read_prefixes(made.reseller_prefix, {**settings, **lines})
        self.filter = Tempauth(
            self.server, made, prefixes, read_users(lines, prefixes), self.clock
        )
        self.client = Client(self.filter, self.facts)

    def login(self, user: str, key: str, **environ: Any) -> Got:
        headers = {"X-Auth-User": user, "X-Auth-Key": key}
        return self.client("GET", "/auth/v1.0", headers, **environ)

    def token(self, user: str = "test:tester", key: str = "testing") -> str:
        return self.login(user, key).headers["X-Auth-Token"]

    def status(
        self,
        method: str,
        path: str,
        token: str = "",
        rules: AccessRules | None = None,
        **headers: str,
    ) -> int:
        self.server.rules = {path: rules or AccessRules()}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            named["X-Auth-Token"] = token
        try:
            return self.client(method, path, named).status
        except Rejected as error:
            return error.status


# ---- the token endpoint ---------------------------------------------------


def test_login() -> None:
    got = House().login("test:tester", "testing", HTTP_HOST="store.example:8080")
    assert got.status == 200
    url = "http://store.example:8080/v1/AUTH_test"
    assert got.headers["X-Storage-Url"] == url
    assert got.headers["X-Auth-Token"].startswith("AUTH_tk")
    assert got.headers["X-Storage-Token"] == got.headers["X-Auth-Token"]
    assert got.headers["X-Auth-Token-Expires"] == "86400"
    assert json.loads(got.body) == {"storage": {"default": "local", "local": url}}


def test_storage_urls() -> None:
    assert House().login("test2:tester2", "testing2", HTTP_HOST="h").headers[
        "X-Storage-Url"
    ] == ("https://http://h.example.com/v1/AUTH_two")
    house = House(storage_url_scheme="https")
    url = house.login("test:tester", "testing", HTTP_HOST="h").headers["X-Storage-Url"]
    assert url == "https://h/v1/AUTH_test"
    url = house.login("test:tester", "testing").headers["X-Storage-Url"]
    assert url == "https://127.0.0.1:8080/v1/AUTH_test"
    url = house.login("test:tester", "testing", HTTP_HOST="a\r\nb").headers[
        "X-Storage-Url"
    ]
    assert "\n" not in url


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/auth/v1.0", {"X-Storage-User": "test:tester", "X-Storage-Pass": "testing"}),
        ("/auth/v1", {"X-Auth-User": "test:tester", "X-Auth-Key": "testing"}),
        ("/auth/auth", {"X-Auth-User": "test%3Atester", "X-Auth-Key": "testin%67"}),
        (
            "/auth/v1/test/auth",
            {"X-Storage-User": "tester", "X-Storage-Pass": "testing"},
        ),
        ("/auth/v1/test/auth", {"X-Auth-User": "test:tester", "X-Auth-Key": "testing"}),
    ],
)
def test_every_form_of_login(path: str, headers: dict[str, str]) -> None:
    assert House().client("GET", path, headers).headers["X-Auth-Token"]


def test_names_of_any_language() -> None:
    house = House({"user_müller_jörg": "schlüssel .admin"})
    headers = {"X-Storage-User": "jörg", "X-Storage-Pass": "schlüssel"}
    got = house.client("GET", "/auth/v1/müller/auth", headers, HTTP_HOST="h")
    assert got.headers["X-Storage-Url"] == "http://h/v1/AUTH_m%C3%BCller"
    token = got.headers["X-Auth-Token"]
    assert house.status("GET", "/v1/AUTH_müller/c", token) == 200


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "realm"),
    [
        ("GET", "/auth/v1.0", {}, 401, "unknown"),
        ("GET", "/auth/v1.0", {"X-Auth-User": "test:tester"}, 401, "test"),
        (
            "GET",
            "/auth/v1.0",
            {"X-Auth-User": "tester", "X-Auth-Key": "x"},
            401,
            "tester",
        ),
        (
            "GET",
            "/auth/v1.0",
            {"X-Auth-User": "test:tester", "X-Auth-Key": "wrong"},
            401,
            "test",
        ),
        (
            "GET",
            "/auth/v1.0",
            {"X-Auth-User": "test:no\nbody", "X-Auth-Key": "x"},
            401,
            "test",
        ),
        (
            "GET",
            "/auth/v1/test2/auth",
            {"X-Auth-User": "test:tester", "X-Auth-Key": "testing"},
            401,
            "test2",
        ),
        ("GET", "/auth/v3", {}, 400, ""),
        ("GET", "/auth/", {}, 400, ""),
        ("POST", "/auth/v1.0", {}, 405, ""),
    ],
)
def test_failed_logins(
    method: str, path: str, headers: dict[str, str], status: int, realm: str
) -> None:
    with pytest.raises(Rejected) as caught:
        House().client(method, path, headers)
    assert caught.value.status == status
    if realm:
        challenge = ("WWW-Authenticate", f'Swift realm="{realm}"')
        assert challenge in caught.value.headers


# ---- tokens -----------------------------------------------------------------


def test_tokens_are_good_on_every_worker_and_after_a_restart() -> None:
    token = House().token()
    assert House().status("GET", "/v1/AUTH_test", token) == 200


def test_without_a_secret_tokens_last_while_the_users_do() -> None:
    token = House(token_secret="").token()
    assert House(token_secret="").status("GET", "/v1/AUTH_test", token) == 200
    changed = {**USERS, "user_test_tester3": "other"}
    house = House(changed, token_secret="")
    assert house.status("GET", "/v1/AUTH_test", token) == 401


def test_a_token_ends() -> None:
    house = House(token_life=10.0)
    token = house.token()
    assert house.status("GET", "/v1/AUTH_test", token) == 200
    house.clock.now += 11
    assert house.status("GET", "/v1/AUTH_test", token) == 401
    late = House()
    late.clock.now += 11
    assert late.status("GET", "/v1/AUTH_test", token) == 401


def test_a_token_dies_with_its_key_or_user() -> None:
    token = House().token()
    changed = {**USERS, "user_test_tester": "newkey .admin"}
    assert House(changed).status("GET", "/v1/AUTH_test", token) == 401
    gone = {k: v for k, v in USERS.items() if k != "user_test_tester"}
    assert House(gone).status("GET", "/v1/AUTH_test", token) == 401


def test_a_token_under_another_secret_is_worthless() -> None:
    token = House(token_secret="elsewhere").token()
    assert House().status("GET", "/v1/AUTH_test", token) == 401


def test_any_change_to_a_token_ruins_it() -> None:
    house = House()
    token = house.token()
    # The last character carries bits that base64 ignores.
    for at in range(len(token) - 1):
        wrong = "A" if token[at] != "A" else "B"
        bad = token[:at] + wrong + token[at + 1 :]
        assert house.status("GET", "/v1/AUTH_test", bad) == 401, at
    for bad in (token[:-4], token + "AAAA", "AUTH_tk", "AUTH_tké", "x", "A" * 5000):
        assert house.status("GET", "/v1/AUTH_test", bad) == 401


def test_bad_tokens_are_401_even_on_public_containers() -> None:
    house = House()
    public = AccessRules(container_acl=".r:*")
    assert house.status("GET", "/v1/AUTH_test/c/o", "AUTH_tkbad", public) == 401
    assert house.status("GET", "/v1/AUTH_test/c/o", "", public) == 200


def test_storage_token_is_a_token_too() -> None:
    house = House()
    got = house.client("GET", "/v1/AUTH_test", {"X-Storage-Token": house.token()})
    assert got.status == 200
    assert house.server.last.context.identity is not None


def test_the_table_of_read_tokens_is_bounded() -> None:
    house = House()
    tokens = house.filter._tokens
    filler = (9e9, Identity("x"))
    tokens._remembered = {str(i): filler for i in range(10_000)}
    assert house.status("GET", "/v1/AUTH_test", house.token()) == 200
    assert len(tokens._remembered) == 10_000


def test_no_secret_in_any_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        house = House()
        token = house.token()
        house.status("GET", "/v1/AUTH_test", token)
        house.status("GET", "/v1/AUTH_test", token + "x")
        with pytest.raises(Rejected):
            house.login("test:tester", "wrongkey")
        filter_factory({}, **USERS)(SwiftApp())
    logged = caplog.text + repr(house.filter._users)
    for secret in ("testing", "wrongkey", "adminkey", token, "cluster secret"):
        assert secret not in logged


# ---- who may do what ------------------------------------------------------


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
    challenge = ("WWW-Authenticate", 'Swift realm="AUTH_test"')
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


# ---- ACL headers ------------------------------------------------------------


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


# ---- settings ---------------------------------------------------------------


def test_all_wrong_user_lines_are_told_together() -> None:
    prefixes = read_prefixes(("AUTH",), {})
    lines = {"user_a": "k", "user_a_b_c": "k", "user64_!_x": "k", "user_a_b": ""}
    with pytest.raises(BadSettings) as caught:
        read_users(lines, prefixes)
    assert [mistake.option for mistake in caught.value.mistakes] == list(lines)


def test_base64_users() -> None:
    name = "_".join(
        base64.b64encode(part.encode()).decode().rstrip("=") for part in ("a_b", "ü")
    )
    (user,) = read_users({f"user64_{name}": "k"}, read_prefixes((), {})).values()
    assert user.name == "a_b:ü"


def test_factory_reads_a_section() -> None:
    app = filter_factory(
        {"cluster_secret": "s"},
        use="egg:ringstack#tempauth",
        reseller_prefix="AUTH, ''",
        AUTH_require_group=".staff",
        user_a_b="k .admin",
    )(SwiftApp())
    assert isinstance(app, Tempauth)
    with pytest.raises(BadSettings, match="token_live"):
        filter_factory({}, token_live="1")


def test_s3_keys() -> None:
    filter_ = House().filter
    found = filter_.secret_for("test:tester")
    assert found is not None
    identity, secret = found
    assert (identity.user, secret) == ("test:tester", "testing")
    assert filter_.secret_for("test:nobody") is None
