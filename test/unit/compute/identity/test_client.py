"""The client that other rooms use, against the room itself."""

from __future__ import annotations

import time

import pytest

from compute.core.errors import Unauthorized
from compute.identity.client import (
    IdentityTokens,
    ServiceCredentials,
    ServiceTokens,
)
from objectstore.kernel.errors import Unavailable
from test.unit.compute.identity.house import SERVICE_PASSWORD, House


def checker(house: House) -> IdentityTokens:
    return IdentityTokens(house.caller, house.clock, bus=house.bus)


def service(house: House, password: str = SERVICE_PASSWORD) -> ServiceTokens:
    return ServiceTokens(house.caller, ServiceCredentials(password), house.clock)


def test_who_a_token_stands_for(house: House) -> None:
    user_id, project_id, token = house.member()
    context = checker(house).check(token, "req-1")
    assert context.request_id == "req-1"
    assert (context.user_id, context.user_name) == (user_id, "ann")
    assert context.project_id == project_id
    assert context.project_name == "ann-project"
    assert context.roles == {"member", "reader"}
    assert context.token == token
    assert token not in repr(context)


def test_with_the_services_token(house: House) -> None:
    _, project_id, token = house.member()
    asking = IdentityTokens(house.caller, house.clock, service=service(house))
    assert asking.check(token, "").project_id == project_id


def test_a_service_whose_own_token_was_revoked_gets_another(house: House) -> None:
    _, _, token = house.member()
    own = service(house)
    asking = IdentityTokens(house.caller, house.clock, service=own)
    revoked = own.token()
    house.say("DELETE", "/v3/auth/tokens", token=revoked, subject=revoked)
    assert asking.check(token, "").user_name == "ann"
    assert own.token() != revoked


@pytest.mark.parametrize("token", ["", "nonsense", "x" * 9000, "a b", "é"])
def test_bad_tokens(house: House, token: str) -> None:
    with pytest.raises(Unauthorized):
        checker(house).check(token, "")


def test_expiry_is_honoured_from_the_cache(house: House) -> None:
    _, _, token = house.member()
    known = IdentityTokens(house.caller, house.clock, cache_seconds=1e6)
    known.check(token, "")
    house.clock.advance(3599)
    known.check(token, "")
    house.clock.advance(2)
    with pytest.raises(Unauthorized):
        known.check(token, "")


def test_a_revocation_is_heard_of_at_once(house: House) -> None:
    user_id, _, token = house.member()
    known = checker(house)
    known.check(token, "")
    house.ok("PATCH", f"/v3/users/{user_id}", {"user": {"enabled": False}})
    with pytest.raises(Unauthorized):
        known.check(token, "")


def test_without_a_bus_it_is_heard_of_soon(house: House) -> None:
    user_id, _, token = house.member()
    known = IdentityTokens(house.caller, house.clock)
    known.check(token, "")
    house.ok("PATCH", f"/v3/users/{user_id}", {"user": {"enabled": False}})
    house.clock.advance(31)
    with pytest.raises(Unauthorized):
        known.check(token, "")


def test_service_tokens_are_renewed_in_time(house: House) -> None:
    tokens = service(house)
    first = tokens.token()
    assert tokens.token() == first
    house.clock.advance(3100)
    second = tokens.token()
    assert second != first
    assert house.is_good(second)
    tokens.discard(second)
    assert tokens.token() != second


def test_a_wrong_password_is_told_as_unavailable(house: House) -> None:
    with pytest.raises(Unavailable, match="401 to user ringstack"):
        service(house, "wrong").token()


def test_a_known_token_costs_next_to_nothing(house: House) -> None:
    _, _, token = house.member()
    known = checker(house)
    known.check(token, "")
    begun = time.perf_counter()
    for _ in range(200):
        known.check(token, "")
    assert (time.perf_counter() - begun) / 200 < 0.0005
