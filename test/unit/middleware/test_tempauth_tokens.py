"""Tempauth's tokens: where they are good, and when no more."""

from __future__ import annotations

import logging

import pytest

from objectstore.kernel.access import AccessRules, Identity
from objectstore.kernel.errors import Rejected
from objectstore.middleware.tempauth import filter_factory
from test.fakes.swift_app import SwiftApp
from test.unit.middleware.tempauth_house import USERS, House


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
