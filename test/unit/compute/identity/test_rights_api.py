"""Projects, domains, roles and what they let people do: over the API."""

from __future__ import annotations

from typing import Any

import pytest

from test.unit.compute.identity.house import House


def domain_with(house: House, role: str) -> tuple[str, str]:
    """A domain, and a token for it of somebody with that role on it."""
    domain_id = house.make("domain", name=f"{role}s")
    user_id = house.make("user", name=role, password="pw", domain_id=domain_id)
    house.grant(user_id, role, f"domains/{domain_id}")
    return domain_id, house.token(role, "pw", {"domain": {"id": domain_id}}, domain_id)


def test_a_domain_manager_runs_the_domain_and_nothing_else(house: House) -> None:
    domain_id, token = domain_with(house, "manager")

    def status(method: str, path: str, body: Any = None) -> int:
        return house.status(method, path, body, token=token)

    user = {"user": {"name": "new", "password": "pw", "domain_id": domain_id}}
    user_id = house.ok("POST", "/v3/users", user, token=token)["user"]["id"]
    project = {"project": {"name": "new", "domain_id": domain_id}}
    project_id = house.ok("POST", "/v3/projects", project, token=token)["project"]["id"]
    path = f"/v3/projects/{project_id}/users/{user_id}/roles"
    assert status("PUT", f"{path}/{house.role('member')}") == 204
    assert status("PUT", f"{path}/{house.role('admin')}") == 403
    assert status("GET", f"/v3/users?domain_id={domain_id}") == 200
    assert status("GET", "/v3/users?domain_id=default") == 403
    found = house.ok("GET", "/v3/users", token=token)["users"]
    assert {item["domain_id"] for item in found} == {domain_id}
    user["user"]["domain_id"] = "default"
    assert status("POST", "/v3/users", user) == 403
    assert status("POST", "/v3/domains", {"domain": {"name": "more"}}) == 403
    assert status("POST", "/v3/services", {"service": {"type": "x"}}) == 403
    admins = house.ok("GET", "/v3/users?name=admin")["users"][0]["id"]
    assert status("GET", f"/v3/users/{admins}") == 403
    assert status("DELETE", f"/v3/users/{admins}") == 403
    assert status("GET", "/v3/users/nobody") == 403
    member = house.role("member")
    foreign = f"/v3/projects/{project_id}/users/{admins}/roles/{member}"
    assert status("PUT", foreign) == 403
    lines = house.ok("GET", "/v3/role_assignments", token=token)["role_assignments"]
    assert len(lines) == 2


def test_readers_of_a_domain_and_of_the_system_read(house: House) -> None:
    domain_id, token = domain_with(house, "reader")
    assert house.status("GET", f"/v3/domains/{domain_id}", token=token) == 200
    assert house.status("GET", "/v3/projects", token=token) == 200
    assert house.status("GET", "/v3/services", token=token) == 403
    body = {"project": {"name": "x", "domain_id": domain_id}}
    assert house.status("POST", "/v3/projects", body, token=token) == 403
    user_id = house.make("user", name="auditor", password="pw")
    role = house.role("reader")
    house.ok("PUT", f"/v3/system/users/{user_id}/roles/{role}")
    system = house.token("auditor", "pw", {"system": {"all": True}})
    for path in ("users", "projects", "domains", "services", "role_assignments"):
        assert house.status("GET", f"/v3/{path}", token=system) == 200
    assert (
        house.status("POST", "/v3/users", {"user": {"name": "y"}}, token=system) == 403
    )


def test_members_see_what_is_theirs(house: House) -> None:
    user_id, project_id, token = house.member()
    for path in (
        f"users/{user_id}",
        f"users/{user_id}/projects",
        f"projects/{project_id}",
        "domains/default",
        f"role_assignments?user.id={user_id}",
        "regions",
    ):
        assert house.status("GET", f"/v3/{path}", token=token) == 200, path
    for path in ("users", "projects", "services", "domains", "role_assignments"):
        assert house.status("GET", f"/v3/{path}", token=token) == 403, path


def test_inherited_roles(house: House) -> None:
    domain_id = house.make("domain", name="d")
    parent = house.make("project", name="p", domain_id=domain_id)
    child = house.make("project", name="c", domain_id=domain_id, parent_id=parent)
    user_id = house.make("user", name="ann", password="pw")
    role = house.role("member")
    path = f"/v3/OS-INHERIT/projects/{parent}/users/{user_id}/roles/{role}"
    house.ok("PUT", f"{path}/inherited_to_projects")
    assert house.status("HEAD", f"{path}/inherited_to_projects") == 204
    assert house.sign_in("ann", "pw", {"project": {"id": parent}}).status == 401
    token = house.token("ann", "pw", {"project": {"id": child}})
    names = [
        item["name"]
        for item in house.ok("GET", "/v3/auth/projects", token=token)["projects"]
    ]
    assert names == ["c"]
    query = f"user.id={user_id}&effective&include_names"
    lines = house.ok("GET", f"/v3/role_assignments?{query}")["role_assignments"]
    assert {line["scope"]["project"]["name"] for line in lines} == {"c"}
    assert {line["role"]["name"] for line in lines} == {"member", "reader"}
    assert all(line["scope"]["OS-INHERIT:inherited_to"] == "projects" for line in lines)
    query = f"scope.project.id={parent}&include_subtree&effective"
    lines = house.ok("GET", f"/v3/role_assignments?{query}")["role_assignments"]
    assert {line["scope"]["project"]["id"] for line in lines} == {child}
    house.clock.advance(1)
    house.ok("DELETE", f"{path}/inherited_to_projects")
    assert not house.is_good(token)


def test_implied_and_domain_roles(house: House) -> None:
    domain_id = house.make("domain", name="d")
    own = house.make("role", name="ours", domain_id=domain_id)
    project_id = house.make("project", name="p", domain_id=domain_id)
    user_id = house.make("user", name="ann", password="pw")
    house.ok("PUT", f"/v3/roles/{own}/implies/{house.role('reader')}")
    house.ok("PUT", f"/v3/projects/{project_id}/users/{user_id}/roles/{own}")
    body = house.sign_in("ann", "pw", {"project": {"id": project_id}}).body
    assert [role["name"] for role in body["token"]["roles"]] == ["reader"]
    held = f"/v3/role_assignments?effective&user.id={user_id}"
    shown = [item["role"]["id"] for item in house.ok("GET", held)["role_assignments"]]
    assert shown == [house.role("reader")]
    one = f"/v3/roles/{own}/implies/{house.role('reader')}"
    assert (house.status("HEAD", one), house.status("GET", one)) == (204, 200)
    admins = house.ok("GET", "/v3/projects?name=admin")["projects"][0]["id"]
    foreign = f"/v3/projects/{admins}/users/{user_id}/roles/{own}"
    assert house.status("PUT", foreign) == 403
    circle = f"/v3/roles/{house.role('reader')}/implies/{own}"
    assert house.status("PUT", circle) == 403
    to_admin = f"/v3/roles/{own}/implies/{house.role('admin')}"
    assert house.status("PUT", to_admin) == 403
    assert house.status("DELETE", f"/v3/roles/{house.role('admin')}") == 403


def test_trees_of_projects(house: House) -> None:
    above, made = "", []
    for number in range(6):
        values = {"name": f"p{number}"} | ({"parent_id": above} if above else {})
        said = house.say("POST", "/v3/projects", {"project": values}, token=house.admin)
        made.append(said.status)
        above = said.body["project"]["id"] if said.status == 201 else above
    assert made == [201] * 5 + [403]
    shown = house.ok("GET", f"/v3/projects/{above}?parents_as_list")["project"]
    names = [parent["project"]["name"] for parent in shown["parents"]]
    assert names == ["p3", "p2", "p1", "p0"]


def test_tags(house: House) -> None:
    project_id = house.make("project", name="p", tags=["red"])
    path = f"/v3/projects/{project_id}/tags"
    assert house.status("PUT", f"{path}/blue") == 201
    assert house.ok("GET", path)["tags"] == ["blue", "red"]
    assert house.status("HEAD", f"{path}/green") == 404

    def found(query: str) -> bool:
        return bool(house.ok("GET", f"/v3/projects?name=p&{query}")["projects"])

    assert found("tags=red,blue") and found("tags-any=red,green")
    assert not found("tags=red,green") and not found("not-tags=red")
    assert found("not-tags=red,green") and not found("not-tags-any=red,green")
    house.ok("DELETE", f"{path}/red")
    assert house.ok("PUT", path, {"tags": ["x"]})["tags"] == ["x"]
    house.ok("DELETE", path)
    assert house.ok("GET", path)["tags"] == []
    assert house.status("PUT", path, {"tags": ["a,b"]}) == 400


def test_deleting_a_domain_takes_everything_in_it(house: House) -> None:
    domain_id = house.make("domain", name="d")
    user_id = house.make("user", name="u", domain_id=domain_id)
    project_id = house.make("project", name="p", domain_id=domain_id)
    path = f"/v3/domains/{domain_id}"
    assert house.status("DELETE", path) == 403
    house.ok("PATCH", path, {"domain": {"enabled": False}})
    house.ok("DELETE", path)
    for gone in (path, f"/v3/users/{user_id}", f"/v3/projects/{project_id}"):
        assert house.status("GET", gone) == 404
    assert house.status("DELETE", "/v3/domains/default") == 403


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("http://a/$(project_id)s", 201),
        ("http://a/%(tenant_id)s", 201),
        ("http://a/$(password)s", 400),
        ("http://a/$(project_id)", 400),
    ],
)
def test_endpoint_urls(house: House, url: str, status: int) -> None:
    service_id = house.make("service", type="metering", name="m")
    body = {"service_id": service_id, "interface": "public", "url": url}
    assert house.status("POST", "/v3/endpoints", {"endpoint": body}) == status


FILTERS = "/v3/OS-EP-FILTER"


def shown_in(house: House, token: str) -> set[str]:
    """Ids of the endpoints that a token shows."""
    said = house.say("GET", "/v3/auth/tokens", token=token, subject=token)
    found = said.body["token"]["catalog"]
    return {each["id"] for service in found for each in service["endpoints"]}


def test_endpoints_of_projects(house: House) -> None:
    _, project_id, token = house.member()
    everything = shown_in(house, token)
    service_id = house.make("service", type="metering", name="m")
    body = {"service_id": service_id, "interface": "public"}
    mine = house.make("endpoint", **body, url="http://mine")
    other = house.make("endpoint", **body, url="http://other")
    assert shown_in(house, token) == everything | {mine, other}

    path = f"{FILTERS}/projects/{project_id}/endpoints"
    assert house.ok("GET", path)["endpoints"] == []
    for _ in range(2):
        assert house.status("PUT", f"{path}/{mine}") == 204
    assert shown_in(house, token) == {mine}
    assert house.status("GET", f"{path}/{mine}") == 204
    assert house.status("GET", f"{path}/{other}") == 404
    listed = house.ok("GET", path)["endpoints"]
    assert [each["id"] for each in listed] == [mine]
    found = house.ok("GET", f"{FILTERS}/endpoints/{mine}/projects")["projects"]
    assert [each["id"] for each in found] == [project_id]
    # An administrator's own project is another one.
    assert mine in shown_in(house, house.admin)
    assert len(shown_in(house, house.admin)) > 1

    group = {"name": "all of m", "filters": {"service_id": service_id}}
    made = house.ok("POST", f"{FILTERS}/endpoint_groups", {"endpoint_group": group})
    group_id = made["endpoint_group"]["id"]
    one = f"{FILTERS}/endpoint_groups/{group_id}"
    tie = f"{one}/projects/{project_id}"
    assert house.status("GET", tie) == 404
    assert house.status("PUT", tie) == 204
    assert house.ok("GET", tie)["endpoint_group"]["name"] == "all of m"
    assert shown_in(house, token) == {mine, other}
    found = house.ok("GET", f"{one}/endpoints")["endpoints"]
    assert {each["id"] for each in found} == {mine, other}
    found = house.ok("GET", f"{one}/projects")["projects"]
    assert [each["id"] for each in found] == [project_id]
    groups = f"{FILTERS}/projects/{project_id}/endpoint_groups"
    found = house.ok("GET", groups)["endpoint_groups"]
    assert [each["id"] for each in found] == [group_id]
    change = {"endpoint_group": {"filters": {"interface": "internal"}}}
    house.ok("PATCH", one, change)
    assert shown_in(house, token) == {mine} | _internal(house)

    assert house.status("DELETE", f"{path}/{mine}") == 204
    assert house.status("DELETE", f"{path}/{mine}") == 404
    assert house.status("DELETE", one) == 204
    assert house.status("GET", tie) == 404
    assert shown_in(house, token) == everything | {mine, other}


def _internal(house: House) -> set[str]:
    found = house.ok("GET", "/v3/endpoints?interface=internal")["endpoints"]
    return {each["id"] for each in found}


def test_what_is_gone_has_no_ties(house: House) -> None:
    _, project_id, token = house.member()
    everything = shown_in(house, token)
    service_id = house.make("service", type="metering", name="m")
    body = {"service_id": service_id, "interface": "public", "url": "http://m"}
    first, second = house.make("endpoint", **body), house.make("endpoint", **body)
    path = f"{FILTERS}/projects/{project_id}/endpoints"
    for each in (first, second):
        assert house.status("PUT", f"{path}/{each}") == 204
    assert house.status("DELETE", f"/v3/endpoints/{first}") == 204
    assert shown_in(house, token) == {second}
    assert house.status("DELETE", f"/v3/services/{service_id}") == 204
    # A project without endpoints of its own has all again.
    assert shown_in(house, token) == everything


def test_filters_of_endpoint_groups(house: House) -> None:
    for filters in ({"colour": "red"}, {"interface": "up"}, "public"):
        body = {"endpoint_group": {"name": "g", "filters": filters}}
        assert house.status("POST", f"{FILTERS}/endpoint_groups", body) == 400
    nowhere = f"{FILTERS}/projects/{'0' * 32}/endpoints"
    assert house.status("GET", nowhere) == 404
    assert house.status("PUT", f"{nowhere}/{'0' * 32}") == 404
