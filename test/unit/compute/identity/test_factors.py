"""Signing in by passcodes, and by several methods."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from compute.core.errors import BadRequest, Unauthorized
from compute.identity.auth.password import count_failure, refuse_locked
from compute.identity.changes.credentials import DEVICES_MAX
from compute.identity.passcodes import check_secret, step_of
from compute.identity.store.subjects import users
from test.unit.compute.identity.house import ADMIN_PASSWORD, House, Said

KEY = b"a device's own secret"
SECRET = "MEQGIZLWNFRWKJ3TEBXXO3RAONSWG4TFOQ"


def passcode(house: House, *, minutes: float = 0.0) -> str:
    clock = TOTP(KEY, 6, SHA1(), 30, enforce_key_length=False)
    return clock.generate(int(house.clock.time() + minutes * 60)).decode()


def user_with_device(house: House, **options: Any) -> str:
    user_id = house.make("user", name="ann", password="pw", options=options)
    credential = {"type": "totp", "blob": SECRET, "user_id": user_id}
    house.ok("POST", "/v3/credentials", {"credential": credential})
    return user_id


def sign_in(
    house: House, *, password: str = "", code: str = "", receipt: str = ""
) -> Said:
    who = {"name": "ann", "domain": {"id": "default"}}
    identity: dict[str, Any] = {"methods": []}
    for method, key, value in (
        ("password", "password", password),
        ("totp", "passcode", code),
    ):
        if value:
            identity["methods"].append(method)
            identity[method] = {"user": {**who, key: value}}
    headers = {"Openstack-Auth-Receipt": receipt} if receipt else {}
    body = {"auth": {"identity": identity}}
    return house.say("POST", "/v3/auth/tokens", body, headers=headers)


def test_the_rfcs_own_example() -> None:
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert step_of(secret, "287082", 59) == 1
    assert step_of(secret, "287082", 89) == 1
    assert step_of(secret, "287082", 90) is None
    assert step_of(secret, "081804", 1111111109) == 1111111109 // 30
    assert step_of(secret.lower(), "005924", 1234567890) is not None


@pytest.mark.parametrize("blob", ["", "MEQGIZLW", "not base32!", "1" * 20])
def test_secrets_that_no_device_has(blob: str) -> None:
    with pytest.raises(BadRequest):
        check_secret(blob)


def test_a_passcode_is_good_once(house: House) -> None:
    user_with_device(house)
    code = passcode(house)
    said = sign_in(house, code=code)
    assert said.status == 201
    assert said.body["token"]["methods"] == ["totp"]
    assert sign_in(house, code=code).status == 401
    house.clock.advance(60)
    assert sign_in(house, code=passcode(house, minutes=-0.5)).status == 201
    assert sign_in(house, code=passcode(house)).status == 201
    assert sign_in(house, code=passcode(house, minutes=-0.5)).status == 401


@pytest.mark.parametrize(
    "code", ["000000", "", "12345", "1234567", "abcdef", "\uff11" * 6]
)
def test_wrong_passcodes(house: House, code: str) -> None:
    user_with_device(house)
    body = {"name": "ann", "domain": {"id": "default"}, "passcode": code}
    identity = {"methods": ["totp"], "totp": {"user": body}}
    said = house.say("POST", "/v3/auth/tokens", {"auth": {"identity": identity}})
    assert said.status == 401


def test_who_knows_the_password_cannot_try_passcodes(house: House) -> None:
    rules = {
        "multi_factor_auth_enabled": True,
        "multi_factor_auth_rules": [["password", "totp"]],
    }
    user_with_device(house, **rules)
    for _ in range(3):
        assert sign_in(house, password="pw", code="000000").status == 401
        house.clock.advance(1)
    # Locked out, whatever is right.
    assert sign_in(house, password="pw", code=passcode(house)).status == 401
    house.clock.advance(120)
    assert sign_in(house, password="pw", code=passcode(house)).status == 201


TWO = {
    "multi_factor_auth_enabled": True,
    "multi_factor_auth_rules": [["password", "totp"]],
}


def failures_of(house: House, user_id: str) -> int:
    found = house.parts.read(lambda connection: users.get(connection, user_id))
    return found.failures


def test_a_new_password_forgives_no_passcodes(house: House) -> None:
    user_id = user_with_device(house, **TWO)
    path = f"/v3/users/{user_id}/password"
    for number in range(2):
        assert sign_in(house, code="000000").status == 401
        change = {"original_password": f"pw{number or ''}", "password": "pw1"}
        assert house.say("POST", path, {"user": change}).status == 204
    assert failures_of(house, user_id) == 2


def test_what_nobody_guesses_forgives_no_guesses(house: House) -> None:
    _, _, token = house.member()
    assert house.sign_in("ann", "wrong").status == 401
    identity = {"methods": ["token"], "token": {"id": token}}
    said = house.say("POST", "/v3/auth/tokens", {"auth": {"identity": identity}})
    assert said.status == 201
    user_id = said.body["token"]["user"]["id"]
    path = f"/v3/users/{user_id}/application_credentials"
    body = {"application_credential": {"name": "c"}}
    made = house.ok("POST", path, body, token=token)["application_credential"]
    known = {"id": made["id"], "secret": made["secret"]}
    identity = {"methods": ["application_credential"], "application_credential": known}
    said = house.say("POST", "/v3/auth/tokens", {"auth": {"identity": identity}})
    assert said.status == 201
    assert failures_of(house, user_id) == 1
    assert house.sign_in("ann", "pw").status == 201
    assert failures_of(house, user_id) == 0


def test_an_administrator_who_locked_himself_out(house: House) -> None:
    found = house.ok("GET", "/v3/users?name=admin")["users"]
    path = f"/v3/users/{found[0]['id']}"
    house.ok("PATCH", path, {"user": {"options": TWO}})
    assert house.sign_in("admin", ADMIN_PASSWORD).status == 401
    options = {"multi_factor_auth_enabled": False}
    house.ok("PATCH", path, {"user": {"options": options}}, token=house.service)
    assert house.sign_in("admin", ADMIN_PASSWORD).status == 201


def test_of_wrong_ones_at_the_same_time_each_counts(house: House) -> None:
    user_id = user_with_device(house)
    # Read by both before either has written.
    user = house.parts.read(lambda connection: users.get(connection, user_id))
    for _ in range(3):
        count_failure(house.parts, user, house.parts.now())
    assert failures_of(house, user_id) == 3
    with pytest.raises(Unauthorized):
        refuse_locked(house.parts, user, house.parts.now())


def test_a_secret_that_is_there_twice(house: House) -> None:
    user_id = user_with_device(house)
    credential = {"type": "totp", "blob": SECRET.lower(), "user_id": user_id}
    house.ok("POST", "/v3/credentials", {"credential": credential})
    code = passcode(house)
    assert sign_in(house, code=code).status == 201
    assert sign_in(house, code=code).status == 401


def test_devices_are_few(house: House) -> None:
    user_id = user_with_device(house)
    credential = {"type": "totp", "blob": SECRET, "user_id": user_id}
    body = {"credential": credential}
    for _ in range(DEVICES_MAX - 1):
        house.ok("POST", "/v3/credentials", body)
    assert house.status("POST", "/v3/credentials", body) == 403


def test_secrets_from_before_open_nothing() -> None:
    empty = TOTP(b"", 6, SHA1(), 30, enforce_key_length=False)
    assert step_of("", empty.generate(0).decode(), 0) is None


def test_several_factors_by_receipts(house: House) -> None:
    rules = [["password", "totp"]]
    options = {"multi_factor_auth_rules": rules, "multi_factor_auth_enabled": False}
    user_id = user_with_device(house, **options)
    assert sign_in(house, password="pw").status == 201
    # Rules count unless they are switched off.
    house.ok(
        "PATCH",
        f"/v3/users/{user_id}",
        {"user": {"options": {"multi_factor_auth_enabled": None}}},
    )
    first = sign_in(house, password="pw")
    assert first.status == 401
    assert first.body["required_auth_methods"] == rules
    assert first.body["receipt"]["methods"] == ["password"]
    assert first.body["receipt"]["user"]["id"] == user_id
    receipt = first.headers["openstack-auth-receipt"]
    assert not house.is_good(receipt)
    again = sign_in(house, password="pw", receipt=receipt)
    assert again.status == 401
    done = sign_in(house, code=passcode(house), receipt=receipt)
    assert done.status == 201
    assert done.body["token"]["methods"] == ["totp", "password"]
    token = done.headers["x-subject-token"]
    # A token is no receipt, and brings its methods along when it is scoped anew.
    house.clock.advance(60)
    assert sign_in(house, code=passcode(house), receipt=token).status == 401
    identity = {"methods": ["token"], "token": {"id": token}}
    said = house.say("POST", "/v3/auth/tokens", {"auth": {"identity": identity}})
    assert said.status == 201
    house.clock.advance(301)
    late = sign_in(house, code=passcode(house), receipt=receipt)
    assert late.status == 401


def test_a_receipt_of_a_receipt_ends_with_it(house: House) -> None:
    options = {
        "multi_factor_auth_enabled": True,
        "multi_factor_auth_rules": [["password", "totp"]],
    }
    user_with_device(house, **options)
    receipt = sign_in(house, password="pw").headers["openstack-auth-receipt"]
    for _ in range(2):
        house.clock.advance(140)
        again = sign_in(house, password="pw", receipt=receipt)
        receipt = again.headers["openstack-auth-receipt"]
    house.clock.advance(140)
    assert sign_in(house, code=passcode(house), receipt=receipt).status == 401


def test_a_receipt_ends_with_the_password(house: House) -> None:
    options = {
        "multi_factor_auth_enabled": True,
        "multi_factor_auth_rules": [["password", "totp"]],
    }
    user_id = user_with_device(house, **options)
    receipt = sign_in(house, password="pw").headers["openstack-auth-receipt"]
    house.clock.advance(1)
    house.ok("PATCH", f"/v3/users/{user_id}", {"user": {"password": "new"}})
    assert sign_in(house, code=passcode(house), receipt=receipt).status == 401


def test_secrets_of_devices_are_checked(house: House) -> None:
    credential = {"type": "totp", "blob": "short"}
    assert house.status("POST", "/v3/credentials", {"credential": credential}) == 400
    credential["blob"] = SECRET
    made = house.ok("POST", "/v3/credentials", {"credential": credential})
    path = f"/v3/credentials/{made['credential']['id']}"
    assert house.status("PATCH", path, {"credential": {"blob": "no"}}) == 400
    assert house.status("PATCH", path, {"credential": {"type": "cert"}}) == 400
