"""Users, passwords, lock-out, groups: over the API."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from test.unit.compute.identity.house import CHEAP, House, make_house


def test_a_users_life(house: House) -> None:
    made = house.ok(
        "POST",
        "/v3/users",
        {"user": {"name": "ann", "password": "pw", "email": "a@b", "enabled": True}},
    )["user"]
    assert made["domain_id"] == "default"
    assert made["email"] == "a@b"
    assert "password" not in str(made).replace("password_expires_at", "")
    path = f"/v3/users/{made['id']}"
    changed = house.ok("PATCH", path, {"user": {"name": "anna", "phone": "1"}})["user"]
    assert (changed["name"], changed["email"], changed["phone"]) == ("anna", "a@b", "1")
    found = house.ok("GET", "/v3/users?name=anna")["users"]
    assert [user["id"] for user in found] == [made["id"]]
    assert house.ok("GET", "/v3/users?name__startswith=an")["users"] == found
    house.ok("DELETE", path)
    assert house.status("GET", path) == 404


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"name": ""}, 400),
        ({"name": " "}, 400),
        ({"name": "x" * 256}, 400),
        ({"name": "x", "enabled": "yes"}, 400),
        ({"name": "x", "domain_id": "nothing"}, 404),
        ({"name": "x", "options": {"magic": True}}, 400),
        ({"name": "x", "options": {"lock_password": "yes"}}, 400),
        ({"name": "x", "options": {"ignore_password_expiry": 1}}, 400),
        ({"name": "x", "options": {"ignore_password_expiry": [None]}}, 400),
        ({"name": "x", "options": {"multi_factor_auth_enabled": 0}}, 400),
        ({"name": "x", "options": {"multi_factor_auth_rules": ["totp"]}}, 400),
        ({"name": "x", "options": {"multi_factor_auth_rules": [[]]}}, 400),
        ({"name": "x", "options": {"multi_factor_auth_rules": [["telepathy"]]}}, 400),
        ({"name": "x", "password": ""}, 400),
        ({"name": "admin"}, 409),
        ({}, 400),
    ],
)
def test_users_that_cannot_be(
    house: House, values: dict[str, object], status: int
) -> None:
    assert house.status("POST", "/v3/users", {"user": values}) == status


def test_options_come_and_go(house: House) -> None:
    none = {"multi_factor_auth_enabled": False, "multi_factor_auth_rules": []}
    options = {"lock_password": True, "ignore_password_expiry": False, **none}
    user = {"name": "ann", "options": options}
    made = house.ok("POST", "/v3/users", {"user": user})["user"]
    assert made["options"] == options
    path = f"/v3/users/{made['id']}"
    body = {"user": {"options": dict.fromkeys(options)}}
    assert house.ok("PATCH", path, body)["user"]["options"] == {}


def test_pages(house: House) -> None:
    ids = sorted(house.make("user", name=f"u{number}") for number in range(5))
    seen: list[str] = []
    path = "/v3/users?limit=2&name__startswith=u"
    while path:
        body = house.ok("GET", path)
        seen += [user["id"] for user in body["users"]]
        following = body["links"]["next"] or ""
        path = following.removeprefix("http://cloud/identity")
    assert seen == ids


def test_wrong_passwords_lock_a_user_out(house: House) -> None:
    house.member()
    for _ in range(3):
        assert house.sign_in("ann", "wrong").status == 401
    assert house.sign_in("ann", "pw").status == 401
    house.clock.advance(61)
    assert house.sign_in("ann", "pw").status == 201
    for _ in range(2):
        house.sign_in("ann", "wrong")
    assert house.sign_in("ann", "pw").status == 201
    for _ in range(2):
        house.sign_in("ann", "wrong")
    assert house.sign_in("ann", "pw").status == 201


def test_every_refusal_looks_the_same(house: House) -> None:
    user_id, _, _ = house.member()
    house.ok("PATCH", f"/v3/users/{user_id}", {"user": {"enabled": False}})
    bodies = [
        house.sign_in("ann", "pw"),
        house.sign_in("ann", "wrong"),
        house.sign_in("nobody", "pw"),
        house.sign_in("ann", "pw", domain="nowhere"),
    ]
    assert {said.status for said in bodies} == {401}
    assert len({str(said.body) for said in bodies}) == 1


def test_changing_ones_own_password_ends_tokens(house: House) -> None:
    user_id, _, token = house.member()
    path = f"/v3/users/{user_id}/password"
    house.clock.advance(1)
    wrong = {"user": {"original_password": "no", "password": "new"}}
    assert house.say("POST", path, wrong).status == 401
    right = {"user": {"original_password": "pw", "password": "new"}}
    assert house.say("POST", path, right).status == 204
    assert not house.is_good(token)
    assert house.sign_in("ann", "pw").status == 401
    assert house.sign_in("ann", "new").status == 201


def test_password_rules(tmp_path: Path) -> None:
    settings = replace(
        CHEAP,
        password_regex=r".*\d.*",
        password_regex_description="a digit",
        password_history=2,
        password_life=100.0,
    )
    house = make_house(tmp_path, settings)
    said = house.say(
        "POST",
        "/v3/users",
        {"user": {"name": "x", "password": "pw"}},
        token=house.admin,
    )
    assert said.status == 400 and "a digit" in said.body["error"]["message"]
    user_id = house.make("user", name="ann", password="pw1")
    path = f"/v3/users/{user_id}/password"

    def change(before: str, after: str) -> int:
        body = {"user": {"original_password": before, "password": after}}
        house.clock.advance(1)
        return house.say("POST", path, body).status

    assert change("pw1", "pw1") == 400
    assert change("pw1", "pw2") == 204
    assert change("pw2", "pw1") == 400
    assert change("pw2", "pw3") == 204
    assert change("pw3", "pw1") == 204
    house.clock.advance(101)
    assert house.sign_in("ann", "pw1").status == 401
    assert change("wrong", "pw4") == 401
    assert change("pw1", "pw4") == 204
    assert house.sign_in("ann", "pw4").status == 201
    house.parts.database.close()


@pytest.mark.parametrize(
    "change", ["disable", "delete", "ungrant", "project", "domain"]
)
def test_what_ends_a_token(house: House, change: str) -> None:
    user_id, project_id, token = house.member()
    house.clock.advance(1)
    if change == "disable":
        house.ok("PATCH", f"/v3/users/{user_id}", {"user": {"enabled": False}})
        house.ok("PATCH", f"/v3/users/{user_id}", {"user": {"enabled": True}})
    elif change == "delete":
        house.ok("DELETE", f"/v3/users/{user_id}")
    elif change == "ungrant":
        role = house.role("member")
        path = f"/v3/projects/{project_id}/users/{user_id}/roles/{role}"
        house.ok("DELETE", path)
        assert not house.is_good(token)
        house.clock.advance(1)
        house.ok("PUT", path)
    elif change == "project":
        house.ok("PATCH", f"/v3/projects/{project_id}", {"project": {"enabled": False}})
        house.ok("PATCH", f"/v3/projects/{project_id}", {"project": {"enabled": True}})
    else:
        house.ok("DELETE", f"/v3/projects/{project_id}")
    assert not house.is_good(token)


def test_revocations_are_durable_and_reach_other_processes(
    house: House, tmp_path: Path
) -> None:
    _, _, token = house.member()
    (tmp_path / "other").mkdir()
    other = make_house(tmp_path)  # the same files: another process
    assert other.is_good(token)
    house.say("DELETE", "/v3/auth/tokens", token=token, subject=token)
    other.clock.advance(4)
    assert not other.is_good(token)
    assert not make_house(tmp_path).is_good(token)


def test_groups(house: House) -> None:
    user_id = house.make("user", name="ann", password="pw")
    project_id = house.make("project", name="p")
    group_id = house.make("group", name="g")
    house.ok("PUT", f"/v3/groups/{group_id}/users/{user_id}")
    role = house.role("member")
    house.ok("PUT", f"/v3/projects/{project_id}/groups/{group_id}/roles/{role}")
    token = house.token("ann", "pw", {"project": {"id": project_id}})
    found = house.ok("GET", f"/v3/users/{user_id}/groups", token=token)["groups"]
    assert [group["id"] for group in found] == [group_id]
    members = house.ok("GET", f"/v3/groups/{group_id}/users")["users"]
    assert [user["id"] for user in members] == [user_id]
    house.clock.advance(1)
    house.ok("DELETE", f"/v3/groups/{group_id}/users/{user_id}")
    assert not house.is_good(token)
    member = f"/v3/groups/{group_id}/users/{user_id}"
    assert house.status("HEAD", member) == 404
    house.ok("DELETE", f"/v3/groups/{group_id}")
    assert house.status("GET", f"/v3/groups/{group_id}") == 404


def test_a_domain_sees_of_groups_what_is_its_own(house: House) -> None:
    domain_id = house.make("domain", name="d")
    user_id = house.make("user", name="ann", password="pw", domain_id=domain_id)
    stranger = house.make("user", name="bob", domain_id="default")
    inside = house.make("group", name="g", domain_id=domain_id)
    abroad = house.make("group", name="g", domain_id="default")
    house.grant(user_id, "admin", f"domains/{domain_id}")
    for group_id in (inside, abroad):
        for member in (user_id, stranger):
            house.ok("PUT", f"/v3/groups/{group_id}/users/{member}")
    token = house.token("ann", "pw", {"domain": {"id": domain_id}}, domain_id)
    found = house.ok("GET", f"/v3/users/{user_id}/groups", token=token)["groups"]
    assert [group["id"] for group in found] == [inside]
    found = house.ok("GET", f"/v3/groups/{inside}/users", token=token)["users"]
    assert [user["id"] for user in found] == [user_id]
    found = house.ok("GET", "/v3/role_assignments", token=token)["role_assignments"]
    assert [item["scope"] for item in found] == [{"domain": {"id": domain_id}}]


def test_short_lists_have_pages_too(house: House) -> None:
    """A client that asks for pages until one is empty comes to an end."""
    user, _, token = house.member()
    for name in ("a", "b", "c"):
        group = house.make("group", name=name, domain_id="default")
        house.ok("PUT", f"/v3/groups/{group}/users/{user}")
        other = house.make("project", name=name, domain_id="default")
        role = house.ok("GET", "/v3/roles?name=member")["roles"][0]["id"]
        house.ok("PUT", f"/v3/projects/{other}/users/{user}/roles/{role}")
    for path, kind, wanted in (
        (f"/v3/users/{user}/groups", "groups", 3),
        (f"/v3/users/{user}/projects", "projects", 4),
        ("/v3/auth/projects", "projects", 4),
    ):
        everything = [each["id"] for each in house.ok("GET", path, token=token)[kind]]
        assert len(everything) == wanted
        found: list[str] = []
        following = f"{path}?limit=1"
        while following:
            page = house.ok("GET", following, token=token)
            found += [each["id"] for each in page[kind]]
            following = (page["links"]["next"] or "").partition("/identity")[2]
        assert found == everything
        past = house.ok("GET", f"{path}?limit=1&marker={everything[-1]}", token=token)
        assert past[kind] == []
        nobody = house.say("GET", f"{path}?marker=nobody", token=token)
        assert nobody.status == 400


def test_when_passwords_expire_is_a_filter(tmp_path: Path) -> None:
    day = 86400.0
    house = make_house(tmp_path, replace(CHEAP, password_life=day))
    group = house.make("group", name="g", domain_id="default")
    user = house.make("user", name="ann", password="pw", domain_id="default")
    house.ok("PUT", f"/v3/groups/{group}/users/{user}")
    expires = house.ok("GET", f"/v3/users/{user}")["user"]["password_expires_at"]
    for base in ("/v3/users?name=ann&", f"/v3/groups/{group}/users?"):
        for how, there in (("lt", 0), ("lte", 1), ("eq", 1), ("gt", 0), ("neq", 0)):
            path = f"{base}password_expires_at={how}:{expires}"
            assert len(house.ok("GET", path)["users"]) == there, path
        assert house.status("GET", f"{base}password_expires_at=lt:soon") == 400
        assert house.status("GET", f"{base}password_expires_at={expires}") == 400
    house.parts.database.close()


def test_ids_never_change(house: House) -> None:
    user = house.make("user", name="ann", domain_id="default")
    project = house.make("project", name="p", domain_id="default")
    for kind, identifier in (("user", user), ("project", project)):
        path = f"/v3/{kind}s/{identifier}"
        for wanted, status in (("0" * 32, 400), (identifier, 200)):
            body = {kind: {"id": wanted, "description": "x"}}
            assert house.status("PATCH", path, body) == status
