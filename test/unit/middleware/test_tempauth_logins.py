"""Tempauth's token endpoint, and the settings that name its users."""

from __future__ import annotations

import base64
import json

import pytest

from objectstore.kernel.errors import Rejected
from objectstore.kernel.settings import BadSettings
from objectstore.middleware.auth.users import read_prefixes, read_users
from objectstore.middleware.tempauth import Tempauth, filter_factory
from test.fakes.swift_app import SwiftApp
from test.unit.middleware.tempauth_house import House


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
