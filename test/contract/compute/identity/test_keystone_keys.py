"""Identity's documents have the keys of Keystone's reference, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from test.unit.compute.identity.house import House, make_house

# Facts of the API reference; what a thing has only when it was given is not given here.
KEYS = {
    "user": "id name domain_id enabled links options password_expires_at",
    "project": """id name domain_id description enabled is_domain parent_id links tags
        options""",
    "domain": "id name description enabled links tags options",
    "role": "id name domain_id description links options",
    "group": "id name domain_id description links",
    "region": "id description parent_region_id links",
    "service": "id type name description enabled links",
    "registered_limit": """id service_id region_id resource_name default_limit
        description links""",
    "limit": """id project_id domain_id service_id region_id resource_name
        resource_limit description links""",
    "limit-model": "name description",
    "endpoint": "id interface region region_id service_id url enabled links",
    "credential": "id type blob user_id project_id links",
    "ec2": "access secret user_id tenant_id trust_id links",
    "trust": """id trustor_user_id trustee_user_id project_id impersonation expires_at
        deleted_at remaining_uses redelegation_count redelegated_trust_id roles
        roles_links links""",
    "application_credential": """id name description expires_at project_id user_id
        system roles unrestricted access_rules links""",
    "access_rule": "id service method path links",
    "role_assignment": "role scope user links",
    "token": """audit_ids catalog expires_at is_domain issued_at methods project roles
        user""",
    "token-unscoped": "audit_ids expires_at issued_at methods user",
    "token-user": "domain id name password_expires_at",
    "token-project": "domain id name",
    "token-role": "id name",
    "catalogue-service": "id type name endpoints",
    "catalogue-endpoint": "id interface region region_id url",
    "list": "links users",
    "list-links": "next previous self",
}


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    directory: Path = tmp_path_factory.mktemp("house")
    yield documents_of(make_house(directory))


def documents_of(house: House) -> dict[str, Any]:
    """One of everything, as the room shows it."""
    user, project, token = house.member()
    group = house.make("group", name="g", domain_id="default")
    other = house.make("user", name="bob", password="pw", domain_id="default")
    found: dict[str, Any] = {}
    for kind, path in (
        ("user", f"users/{user}"),
        ("project", f"projects/{project}"),
        ("domain", "domains/default"),
        ("group", f"groups/{group}"),
    ):
        found[kind] = house.ok("GET", f"/v3/{path}")[kind]
    for kind in ("role", "region", "service", "endpoint", "role_assignment"):
        found[kind] = house.ok("GET", f"/v3/{kind}s")[f"{kind}s"][0]
    blob = '{"access": "a", "secret": "b"}'
    limit = {"service_id": found["service"]["id"], "resource_name": "r"}
    body: Any = {"registered_limits": [{**limit, "default_limit": 1}]}
    house.ok("POST", "/v3/registered_limits", body)
    body = {"limits": [{**limit, "project_id": project, "resource_limit": 2}]}
    house.ok("POST", "/v3/limits", body)
    for kind in ("registered_limit", "limit"):
        found[kind] = house.ok("GET", f"/v3/{kind}s")[f"{kind}s"][0]
    found["limit-model"] = house.ok("GET", "/v3/limits/model")["model"]
    key = {"type": "ec2", "blob": blob, "user_id": user, "project_id": project}
    made = house.ok("POST", "/v3/credentials", {"credential": key})
    found["credential"] = made["credential"]
    path = f"/v3/users/{user}"
    ec2 = house.ok(
        "POST", f"{path}/credentials/OS-EC2", {"tenant_id": project}, token=token
    )
    found["ec2"] = ec2["credential"]
    trust = {
        "trustor_user_id": user,
        "trustee_user_id": other,
        "project_id": project,
        "impersonation": True,
        "roles": [{"name": "member"}],
    }
    made = house.ok("POST", "/v3/OS-TRUST/trusts", {"trust": trust}, token=token)
    found["trust"] = made["trust"]
    rules = [{"service": "compute", "method": "GET", "path": "/x"}]
    body = {"application_credential": {"name": "x", "access_rules": rules}}
    made = house.ok("POST", f"{path}/application_credentials", body, token=token)
    with_secret = made["application_credential"]
    assert with_secret.pop("secret")
    found["application_credential"] = with_secret
    listed = house.ok("GET", f"{path}/access_rules", token=token)
    found["access_rule"] = listed["access_rules"][0]
    said = house.sign_in("ann", "pw", {"project": {"id": project}}).body["token"]
    found |= {"token": said, "token-user": said["user"]}
    found |= {"token-project": said["project"], "token-role": said["roles"][0]}
    found["catalogue-service"] = said["catalog"][0]
    found["catalogue-endpoint"] = said["catalog"][0]["endpoints"][0]
    found["token-unscoped"] = house.sign_in("bob", "pw").body["token"]
    found["list"] = house.ok("GET", "/v3/users")
    found["list-links"] = found["list"]["links"]
    return found


@pytest.mark.parametrize("name", sorted(KEYS))
def test_keys(documents: dict[str, Any], name: str) -> None:
    assert set(documents[name]) == set(KEYS[name].split())
