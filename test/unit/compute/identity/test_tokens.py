"""Tokens over the API: getting, looking at and ending them."""

from __future__ import annotations

from test.unit.compute.identity.house import ADMIN_PASSWORD, House, project


def test_a_project_token(house: House) -> None:
    said = house.sign_in("admin", ADMIN_PASSWORD, project("admin"))
    assert said.status == 201
    token = said.body["token"]
    assert token["methods"] == ["password"]
    assert token["user"]["name"] == "admin"
    assert token["user"]["domain"] == {"id": "default", "name": "Default"}
    assert token["project"]["name"] == "admin"
    names = [role["name"] for role in token["roles"]]
    assert names == ["admin", "manager", "member", "reader"]
    urls = {entry["type"]: entry["endpoints"][0]["url"] for entry in token["catalog"]}
    project_id = token["project"]["id"]
    assert urls["object-store"] == f"http://cloud/v1/AUTH_{project_id}"
    assert len(said.headers["x-subject-token"]) < 255
    assert said.headers["cache-control"] == "no-store"


def test_domain_system_and_unscoped_tokens(house: House) -> None:
    domain = house.sign_in("admin", ADMIN_PASSWORD, {"domain": {"id": "default"}})
    assert domain.body["token"]["domain"]["name"] == "Default"
    assert [entry["type"] for entry in domain.body["token"]["catalog"]] == [
        "identity",
        "object-store",
    ]
    assert domain.body["token"]["catalog"][1]["endpoints"] == []
    system = house.sign_in("admin", ADMIN_PASSWORD, {"system": {"all": True}})
    assert system.body["token"]["system"] == {"all": True}
    unscoped = house.sign_in("admin", ADMIN_PASSWORD)
    assert unscoped.status == 201
    assert not {"roles", "catalog", "project"} & set(unscoped.body["token"])


def test_no_role_no_token(house: House) -> None:
    user_id = house.make("user", name="ann", password="pw")
    assert house.sign_in("ann", "pw", project("admin")).status == 401
    assert house.sign_in("ann", "pw", {"system": {"all": True}}).status == 401
    assert house.sign_in("ann", "pw", {"project": {"id": "nothing"}}).status == 401
    assert house.sign_in("ann", "pw").status == 201
    assert user_id


def test_the_default_project_is_the_scope_when_none_is_named(house: House) -> None:
    user_id, project_id, _ = house.member()
    house.ok(
        "PATCH", f"/v3/users/{user_id}", {"user": {"default_project_id": project_id}}
    )
    body = house.sign_in("ann", "pw").body["token"]
    assert body["project"]["id"] == project_id
    body = house.sign_in("ann", "pw", {"unscoped": {}}).body["token"]
    assert "project" not in body


def test_a_token_gets_a_token_that_lives_no_longer(house: House) -> None:
    _, project_id, first = house.member()
    house.clock.advance(1000)
    auth = {
        "identity": {"methods": ["token"], "token": {"id": first}},
        "scope": {"project": {"id": project_id}},
    }
    said = house.say("POST", "/v3/auth/tokens", {"auth": auth})
    assert said.status == 201
    token = said.body["token"]
    assert token["methods"] == ["password", "token"]
    earlier = house.say("GET", "/v3/auth/tokens", token=first, subject=first)
    assert token["expires_at"] == earlier.body["token"]["expires_at"]
    assert token["audit_ids"][1] == earlier.body["token"]["audit_ids"][0]


def test_a_token_always_says_the_same_of_itself(house: House) -> None:
    for step in range(1, 9):
        # Clocks tell quarters of microseconds.
        house.clock.advance(0.1 + step * 2**-22)
        said = house.sign_in("admin", ADMIN_PASSWORD, project("admin"))
        token = said.headers["x-subject-token"]
        shown = house.say("GET", "/v3/auth/tokens", token=token, subject=token)
        assert shown.body == said.body


def test_validation(house: House) -> None:
    _, _, token = house.member()
    path = "/v3/auth/tokens"
    assert house.say("GET", path, token=house.service, subject=token).status == 200
    head = house.say("HEAD", path, token=token, subject=token)
    assert (head.status, head.body) == (200, None)
    bare = house.say("GET", f"{path}?nocatalog", token=token, subject=token)
    assert "catalog" not in bare.body["token"]
    assert house.say("GET", path, token=token, subject="nonsense").status == 404
    assert house.say("GET", path, token=token).status == 400
    assert house.say("GET", path, subject=token).status == 401
    other = house.make("user", name="bob", password="pw")
    stranger = house.token("bob", "pw")
    assert other
    assert house.say("GET", path, token=stranger, subject=token).status == 403


def test_an_expired_token(house: House) -> None:
    _, _, token = house.member()
    house.clock.advance(3601)
    assert not house.is_good(token)
    path = "/v3/auth/tokens"
    service = house.service
    assert house.say("GET", path, token=service, subject=token).status == 404
    late = house.say("GET", f"{path}?allow_expired=1", token=service, subject=token)
    assert late.status == 200
    house.clock.advance(3 * 86400)
    service = house.service
    late = house.say("GET", f"{path}?allow_expired=1", token=service, subject=token)
    assert late.status == 404


def test_a_revoked_token_is_no_longer_good(house: House) -> None:
    _, _, token = house.member()
    said = house.say("DELETE", "/v3/auth/tokens", token=token, subject=token)
    assert said.status == 204
    assert not house.is_good(token)
    assert house.is_good(house.token("ann", "pw"))


def test_what_a_token_gives_access_to(house: House) -> None:
    _, project_id, token = house.member()
    assert house.say("GET", "/v3/auth/projects", token=token).body["projects"][0][
        "id"
    ] == (project_id)
    assert house.say("GET", "/v3/auth/domains", token=token).body["domains"] == []
    assert house.say("GET", "/v3/auth/system", token=token).body["system"] == []
    found = house.say("GET", "/v3/auth/system", token=house.admin).body
    assert found["system"] == [{"all": True}]
    catalogue = house.say("GET", "/v3/auth/catalog", token=token).body["catalog"]
    assert {entry["type"] for entry in catalogue} == {"identity", "object-store"}


def test_malformed_requests_name_the_field(house: House) -> None:
    said = house.say("POST", "/v3/auth/tokens", {"auth": {"identity": {}}})
    assert said.status == 400
    assert "methods" in said.body["error"]["message"]
    auth = {"identity": {"methods": ["password"]}}
    assert house.say("POST", "/v3/auth/tokens", {"auth": auth}).status == 400
    auth = {"identity": {"methods": ["magic"]}}
    assert house.say("POST", "/v3/auth/tokens", {"auth": auth}).status == 401


def test_version_documents(house: House) -> None:
    choices = house.say("GET", "/")
    assert choices.status == 300
    (version,) = choices.body["versions"]["values"]
    assert version["id"].startswith("v3.")
    assert version["links"][0]["href"] == "http://cloud/identity/v3/"
    assert house.say("GET", "/v3").body["version"]["status"] == "stable"
    assert house.say("GET", "/v3/").status == 200
