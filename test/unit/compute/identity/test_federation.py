"""People who come by an identity provider, and what becomes of their tokens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from compute.identity import tables
from compute.identity.tasks import PruneRevocations
from test.unit.compute.identity.federated import (
    AT,
    PROTOCOL,
    PROVIDER,
    RULES,
    Federated,
    federated_house,
)


@pytest.fixture
def federated(tmp_path: Path) -> Iterator[Federated]:
    with federated_house(tmp_path) as made:
        yield made


def who(federated: Federated, token: str) -> Any:
    found = federated.house.say("GET", "/v3/auth/tokens", token=token, subject=token)
    assert found.status == 200, found
    return found.body["token"]


def test_somebody_comes_and_is_somebody(federated: Federated) -> None:
    house = federated.house
    token = federated.unscoped()
    told = who(federated, token)
    provider = house.ok("GET", PROVIDER)["identity_provider"]
    assert told["user"]["name"] == "ann"
    assert told["user"]["domain"]["id"] == provider["domain_id"]
    assert told["user"]["OS-FEDERATION"] == {
        "identity_provider": {"id": "example"},
        "protocol": {"id": "openid"},
        "groups": [{"id": federated.group_id}],
    }
    assert told["methods"] == ["mapped"]
    assert "project" not in told
    for path in ("/v3/auth/projects", f"{AT}/projects"):
        found = house.say("GET", path, token=token).body["projects"]
        assert [each["name"] for each in found] == ["site"]
    scoped = federated.scoped(token)
    assert scoped.status == 201
    assert [role["name"] for role in scoped.body["token"]["roles"]] == [
        "member",
        "reader",
    ]
    assert scoped.body["token"]["expires_at"] == told["expires_at"]
    # The same person again, by another name.
    again = who(federated, federated.unscoped(preferred_username="ann-marie"))
    assert again["user"]["id"] == told["user"]["id"]
    assert again["user"]["name"] == "ann-marie"
    user = house.ok("GET", f"/v3/users/{told['user']['id']}")["user"]
    assert user["email"] == "ann@example.org"
    assert user["federated"] == [
        {
            "idp_id": "example",
            "protocols": [{"protocol_id": "openid", "unique_id": "1001"}],
        }
    ]


def test_nobody_becomes_anybody_by_his_name(federated: Federated) -> None:
    house = federated.house
    domain = house.ok("GET", PROVIDER)["identity_provider"]["domain_id"]
    local = house.make("user", name="ann", password="pw", domain_id=domain)
    first = who(federated, federated.unscoped())["user"]
    assert first["id"] != local
    assert first["name"].startswith("ann #")
    other = who(federated, federated.unscoped(sub="1002"))["user"]
    assert other["id"] not in (local, first["id"])
    assert other["name"] != first["name"]
    assert house.sign_in(first["name"], "", domain=domain).status == 401


def test_groups_are_as_the_provider_has_them_now(federated: Federated) -> None:
    token = federated.scoped(federated.unscoped()).headers["x-subject-token"]
    assert federated.house.is_good(token)
    federated.unscoped(groups=["everybody"])
    assert not federated.house.is_good(token)
    federated.unscoped()
    assert federated.house.is_good(token)


def test_a_text_is_one_value(federated: Federated) -> None:
    token = federated.unscoped(groups="x;staff")
    assert federated.scoped(token).status == 401
    token = federated.unscoped(groups="staff")
    assert federated.scoped(token).status == 201


def test_memberships_end(federated: Federated) -> None:
    house = federated.house
    token = federated.scoped(federated.unscoped()).headers["x-subject-token"]
    user_id = who(federated, token)["user"]["id"]
    path = f"/v3/users/{user_id}/application_credentials"
    body = {"application_credential": {"name": "c"}}
    made = house.ok("POST", path, body, token=token)["application_credential"]
    known = {"id": made["id"], "secret": made["secret"]}
    identity = {"methods": ["application_credential"], "application_credential": known}
    ask = {"auth": {"identity": identity}}
    assert house.say("POST", "/v3/auth/tokens", ask).status == 201
    house.clock.advance(3601)
    assert house.say("POST", "/v3/auth/tokens", ask).status == 401
    body = {"identity_provider": {"authorization_ttl": 120}}
    house.ok("PATCH", PROVIDER, body)
    federated.unscoped()
    house.clock.advance(2 * 3600 - 1)
    assert house.say("POST", "/v3/auth/tokens", ask).status == 201
    # Whoever disables the provider closes this way too.
    house.ok("PATCH", PROVIDER, {"identity_provider": {"enabled": False}})
    assert house.say("POST", "/v3/auth/tokens", ask).status == 401
    house.ok("PATCH", PROVIDER, {"identity_provider": {"enabled": True}})
    assert house.say("POST", "/v3/auth/tokens", ask).status == 201
    house.clock.advance(2)
    assert house.say("POST", "/v3/auth/tokens", ask).status == 401
    rows = tables.federated_memberships
    PruneRevocations(house.parts).step()
    left = house.parts.read(lambda connection: connection.execute(rows.select()).all())
    assert left == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", PROVIDER, {"identity_provider": {"enabled": False}}),
        ("DELETE", PROVIDER, None),
        ("DELETE", PROTOCOL, None),
        ("DELETE", f"{AT}/mappings/example", None),
    ],
)
def test_tokens_end_with_what_they_rest_on(
    federated: Federated, method: str, path: str, body: Any
) -> None:
    house = federated.house
    unscoped = federated.unscoped()
    scoped = federated.scoped(unscoped).headers["x-subject-token"]
    house.ok(method, path, body)
    assert not house.is_good(unscoped)
    assert not house.is_good(scoped)
    assert federated.come(federated.provider.token_for("ann")).status == 401
    # Made anew it lets in anew, and brings no token back.
    house.clock.advance(1)
    if method == "DELETE":
        if path == PROVIDER:
            house.ok("PUT", PROVIDER, {"identity_provider": {"enabled": True}})
        if path.endswith("mappings/example"):
            house.ok("PUT", path, {"mapping": {"rules": RULES}})
        else:
            house.ok("PUT", PROTOCOL, {"protocol": {"mapping_id": "example"}})
    else:
        house.ok("PATCH", PROVIDER, {"identity_provider": {"enabled": True}})
    assert not house.is_good(unscoped)
    assert not house.is_good(scoped)
    assert federated.scoped(federated.unscoped()).status == 201


def test_deleted_providers_take_their_people(federated: Federated) -> None:
    house = federated.house
    user_id = who(federated, federated.unscoped())["user"]["id"]
    house.ok("DELETE", PROVIDER)
    assert house.status("GET", f"/v3/users/{user_id}") == 404


def test_a_domain_takes_its_providers(federated: Federated) -> None:
    house = federated.house
    token = federated.unscoped()
    domain = house.ok("GET", PROVIDER)["identity_provider"]["domain_id"]
    house.ok("PATCH", f"/v3/domains/{domain}", {"domain": {"enabled": False}})
    assert not house.is_good(token)
    assert federated.come(federated.provider.token_for("ann")).status == 401
    house.ok("DELETE", f"/v3/domains/{domain}")
    assert house.status("GET", PROVIDER) == 404


def test_projects_of_their_own(federated: Federated) -> None:
    house = federated.house
    rules = [
        {
            "local": [
                {"user": {"name": "{0}"}},
                {"projects": [{"name": "of-{0}", "roles": [{"name": "member"}]}]},
            ],
            "remote": [{"type": "OIDC-preferred_username"}],
        }
    ]
    federated.set_rules(rules)
    for _ in range(2):
        token = federated.unscoped()
        found = house.say("GET", "/v3/auth/projects", token=token).body["projects"]
        assert [each["name"] for each in found] == ["of-ann"]
        domain = house.ok("GET", PROVIDER)["identity_provider"]["domain_id"]
        assert found[0]["domain_id"] == domain
    rules[0]["local"][1]["projects"][0]["domain"] = {"name": "Default"}  # type: ignore[index]
    federated.set_rules(rules, "2.0")
    token = federated.unscoped()
    found = house.say("GET", "/v3/auth/projects", token=token).body["projects"]
    assert {each["domain_id"] for each in found} == {domain, "default"}


def test_users_of_our_own(federated: Federated) -> None:
    house = federated.house
    user_id, project_id, _ = house.member("bob")
    local = {"name": "{0}", "type": "local", "domain": {"id": "default"}}
    federated.set_rules(
        [
            {
                "local": [{"user": local}, {"group": {"id": federated.group_id}}],
                "remote": [{"type": "OIDC-preferred_username"}],
            }
        ]
    )
    token = federated.unscoped(preferred_username="bob")
    told = who(federated, token)
    assert told["user"]["id"] == user_id
    assert "OS-FEDERATION" not in told["user"]
    found = house.say("GET", "/v3/auth/projects", token=token).body["projects"]
    assert [each["id"] for each in found] == [project_id]
    said = federated.come(federated.provider.token_for("ann"))
    assert said.status == 401
    # His rules count whatever the provider asked him for.
    options = {"multi_factor_auth_rules": [["password", "totp"]]}
    house.ok("PATCH", f"/v3/users/{user_id}", {"user": {"options": options}})
    token = federated.provider.token_for("ann", preferred_username="bob")
    assert federated.come(token).status == 401


def test_who_is_disabled_stays_out(federated: Federated) -> None:
    token = federated.unscoped()
    path = f"/v3/users/{who(federated, token)['user']['id']}"
    federated.house.ok("PATCH", path, {"user": {"enabled": False}})
    assert not federated.house.is_good(token)
    assert federated.come(federated.provider.token_for("ann")).status == 401


def test_only_its_names_speak_for_a_provider(federated: Federated) -> None:
    body: Any = {"identity_provider": {"remote_ids": ["https://elsewhere"]}}
    federated.house.ok("PATCH", PROVIDER, body)
    assert federated.come(federated.provider.token_for("ann")).status == 401
    body["identity_provider"]["remote_ids"].append(federated.provider.url)
    federated.house.ok("PATCH", PROVIDER, body)
    assert federated.come(federated.provider.token_for("ann")).status == 201
    protocol = {"protocol": {"remote_id_attribute": "OIDC-email"}}
    federated.house.ok("PATCH", PROTOCOL, protocol)
    assert federated.come(federated.provider.token_for("ann")).status == 401


def test_tokens_show_service_providers(federated: Federated) -> None:
    sp = {"auth_url": "https://sp/auth", "sp_url": "https://sp/x", "enabled": True}
    path = f"{AT}/service_providers"
    federated.house.ok("PUT", f"{path}/sp", {"service_provider": sp})
    off = {**sp, "enabled": False}
    federated.house.ok("PUT", f"{path}/off", {"service_provider": off})
    told = who(federated, federated.unscoped())
    assert [each["id"] for each in told["service_providers"]] == ["sp"]
