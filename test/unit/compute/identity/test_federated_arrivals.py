"""Who must not be taken for somebody else, or let in, or lost, when he arrives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from compute.identity.federation.claims import assertion_of
from compute.identity.federation.operator_file import ProviderSettings
from compute.identity.federation.outside import AT_ONCE, Outside
from objectstore.kernel import concurrency
from test.unit.compute.identity.federated import Federated, federated_house

NAMED = {"type": "OIDC-preferred_username"}


@pytest.fixture
def federated(tmp_path: Path) -> Iterator[Federated]:
    with federated_house(tmp_path) as made:
        yield made


def come(federated: Federated, **claims: Any) -> int:
    return federated.come(federated.provider.token_for("ann", **claims)).status


@pytest.mark.parametrize("name", [" bob", "bob ", "\u00a0bob"])
def test_space_makes_nobody_a_user_of_ours(federated: Federated, name: str) -> None:
    federated.house.member("bob")
    user = {"name": "{0}", "type": "local", "domain": {"id": "default"}}
    federated.set_rules([{"local": [{"user": user}], "remote": [NAMED]}])
    assert come(federated, preferred_username="bob") == 201
    assert come(federated, preferred_username=name) == 401


def test_space_makes_nobody_anybody_else(federated: Federated) -> None:
    user = {"id": "{0}", "name": "of {0}"}
    federated.set_rules([{"local": [{"user": user}], "remote": [NAMED]}])
    assert come(federated, preferred_username="bob") == 201
    assert come(federated, preferred_username="bob ") == 401
    # A name is only shown.
    federated.set_rules([{"local": [{"user": {"name": "{0}"}}], "remote": [NAMED]}])
    assert come(federated, preferred_username="Bob Smith ") == 201
    assert come(federated, sub="1001 ") == 401


@pytest.mark.parametrize("text", ["a\x00b", "a\nb"], ids=ascii)
def test_what_no_database_takes(federated: Federated, text: str) -> None:
    assert come(federated, preferred_username=text) == 401
    federated.set_rules([{"local": [{"user": {"name": "x"}}], "remote": [NAMED]}])
    assert come(federated, sub=text) == 401


def test_halves_of_characters_are_no_text() -> None:
    assert "OIDC-name" not in assertion_of({"name": "\ud800"}, "OIDC-")


def test_who_is_disabled_makes_nothing(federated: Federated) -> None:
    house = federated.house
    token = federated.unscoped()
    told = house.say("GET", "/v3/auth/tokens", token=token, subject=token).body
    path = f"/v3/users/{told['token']['user']['id']}"
    house.ok("PATCH", path, {"user": {"enabled": False}})
    project: Any = {"projects": [{"name": "of him", "roles": []}]}
    local = [{"user": {"id": "1001", "name": "x"}}, project]
    federated.set_rules([{"local": local, "remote": [NAMED]}])
    assert come(federated) == 401
    found = house.ok("GET", "/v3/projects?name=of%20him")["projects"]
    assert found == []


def test_an_administrator_takes_somebody_out_of_a_group(federated: Federated) -> None:
    house = federated.house
    token = federated.scoped(federated.unscoped()).headers["x-subject-token"]
    told = house.say("GET", "/v3/auth/tokens", token=token, subject=token).body
    path = f"/v3/groups/{federated.group_id}/users/{told['token']['user']['id']}"
    house.ok("DELETE", path)
    assert not house.is_good(token)
    house.clock.advance(1)
    # Until his provider says it again.
    assert federated.scoped(federated.unscoped()).status == 201


def test_memberships_that_stay_are_the_same_rows(federated: Federated) -> None:
    federated.unscoped(groups=["staff"])
    federated.unscoped(groups=["staff", "stray"])
    assert federated.scoped(federated.unscoped(groups=["staff"])).status == 201
    assert federated.scoped(federated.unscoped(groups=["st"])).status == 401


def test_nobody_is_let_in_whom_the_provider_tells_nothing(tmp_path: Path) -> None:
    with federated_house(tmp_path, userinfo="yes") as federated:
        federated.provider.tells_of_users = False
        assert come(federated) == 401


def test_many_ask_in_turn(federated: Federated) -> None:
    outside = Outside(ProviderSettings(federated.provider.url, "ringstack"))
    url = f"{federated.provider.url}/keys"
    tasks = [concurrency.spawn(outside.get, url) for _ in range(3 * AT_ONCE)]
    assert all("keys" in concurrency.wait_task(task) for task in tasks)


def test_nobody_waits_for_keys_that_a_stranger_names(federated: Federated) -> None:
    provider = federated.provider
    token, forged = provider.token_for("ann"), provider.sign({}, kid="made-up")
    assert federated.come(token).status == 201
    federated.house.clock.advance(31)
    asked = provider.asked.count("/keys")
    provider.tells_keys.clear()
    strangers: list[int] = []
    task = concurrency.spawn(lambda: strangers.append(federated.come(forged).status))
    try:
        with concurrency.deadline(60):
            while provider.asked.count("/keys") == asked:
                concurrency.sleep(0.01)
        assert federated.come(token).status == 201
        assert strangers == []
    finally:
        provider.tells_keys.set()
        concurrency.wait_task(task)
