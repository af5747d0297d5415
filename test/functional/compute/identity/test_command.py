"""The unmodified ``openstack`` command on every identity subject it knows."""

from __future__ import annotations

import pytest

from test.functional.compute.house import RunningCloud
from test.functional.compute.identity.command import Command
from test.functional.compute.identity.conftest import Member


def test_tokens(identity_cloud: RunningCloud) -> None:
    cloud, command = identity_cloud, Command(identity_cloud)
    issued = command("token", "issue")
    assert len(issued["id"]) < 255
    assert command("catalog", "list")
    assert command("catalog", "show", "identity")["type"] == "identity"
    command("token", "revoke", issued["id"])
    said = cloud.http("GET", "/identity/v3/auth/projects", token=issued["id"])
    assert said.status == 401


def test_users_and_groups(identity_cloud: RunningCloud, name: str) -> None:
    command = Command(identity_cloud)
    made = command(
        "user", "create", "--password", "pw", "--email", "a@b.c",
        "--description", "somebody", name,
    )  # fmt: skip
    assert made["email"] == "a@b.c"
    assert command("user", "show", name)["description"] == "somebody"
    command("user", "set", "--disable", "--name", f"{name}-2", name)
    shown = command("user", "show", made["id"])
    assert (shown["name"], shown["enabled"]) == (f"{name}-2", False)
    assert made["id"] in [row["ID"] for row in command("user", "list")]
    group = command("group", "create", "--description", "some", name)
    command("group", "add", "user", name, f"{name}-2")
    command("group", "contains", "user", name, f"{name}-2")
    rows = command("user", "list", "--group", name)
    assert [row["ID"] for row in rows] == [made["id"]]
    command("group", "remove", "user", name, f"{name}-2")
    assert command("group", "show", name)["id"] == group["id"]
    command("group", "set", "--description", "none", name)
    command("group", "delete", name)
    command("user", "delete", made["id"])
    Command(identity_cloud)("user", "show", made["id"], expected=1)


def test_changing_ones_own_password(
    identity_cloud: RunningCloud, member: Member
) -> None:
    own = identity_cloud.environment(**member.environment)
    Command(identity_cloud)(
        "user", "password", "set", "--original-password", member.password,
        "--password", "new one", as_user=own,
    )  # fmt: skip
    Command(identity_cloud)("token", "issue", as_user=own, expected=1)
    own["OS_PASSWORD"] = "new one"
    assert Command(identity_cloud)("token", "issue", as_user=own)["id"]


def test_projects_and_domains(identity_cloud: RunningCloud, name: str) -> None:
    command = Command(identity_cloud)
    domain = command("domain", "create", "--description", "ours", name)
    parent = command(
        "project", "create", "--domain", name, "--tag", "red", "--property", "a=b", name
    )
    assert parent["a"] == "b"
    child = command(
        "project", "create", "--domain", name, "--parent", parent["id"], f"{name}-child"
    )
    shown = command("project", "show", "--children", parent["id"])
    assert shown["subtree"] == {child["id"]: None}
    command("project", "set", "--tag", "blue", parent["id"])
    found = command("project", "list", "--tags", "red,blue")
    assert [row["ID"] for row in found] == [parent["id"]]
    command("project", "delete", parent["id"], expected=1)
    command("project", "delete", child["id"])
    command("domain", "delete", name, expected=1)
    command("domain", "set", "--disable", name)
    command("domain", "delete", name)
    command("project", "show", parent["id"], expected=1)
    assert domain["enabled"] is True


def test_roles_and_assignments(
    identity_cloud: RunningCloud, member: Member, name: str
) -> None:
    command = Command(identity_cloud)
    role = command("role", "create", f"{name}-role")
    command("role", "add", "--user", member.name, "--project",
            member.project_name, f"{name}-role")  # fmt: skip
    rows = command("role", "assignment", "list", "--user", member.name, "--names")
    assert {row["Role"] for row in rows} == {f"{name}-role", "member"}
    rows = command("role", "assignment", "list", "--user", member.name, "--effective")
    assert len(rows) == 3
    command("implied", "role", "create", "--implied-role", "reader", f"{name}-role")
    pairs = [(row["Prior Role Name"], row["Implied Role Name"])
             for row in command("implied", "role", "list")]  # fmt: skip
    assert (f"{name}-role", "reader") in pairs
    command("implied", "role", "delete", "--implied-role", "reader", f"{name}-role")
    command("role", "remove", "--user", member.name, "--project",
            member.project_name, f"{name}-role")  # fmt: skip
    command("role", "set", "--description", "a role", f"{name}-role")
    assert command("role", "show", role["id"])["description"] == "a role"
    command("role", "delete", role["id"])
    command("role", "delete", "admin", expected=1)
    command("role", "add", "--user", member.name, "--system", "all", "reader")
    rows = command("role", "assignment", "list", "--system", "all", "--names")
    assert f"{member.name}@Default" in [row["User"] for row in rows]


def test_the_catalogue(identity_cloud: RunningCloud, name: str) -> None:
    command = Command(identity_cloud)
    region = command("region", "create", "--description", "far", name)
    service = command("service", "create", "--name", name, "metering")
    endpoint = command("endpoint", "create", "--region", name, service["id"],
                       "public", "http://m/$(project_id)s")  # fmt: skip
    assert endpoint["url"] == "http://m/$(project_id)s"
    command("endpoint", "set", "--url", "http://n", endpoint["id"])
    assert command("endpoint", "show", endpoint["id"])["url"] == "http://n"
    assert command("endpoint", "list", "--service", name)
    command("region", "set", "--description", "near", name)
    assert command("region", "show", name)["description"] == "near"
    command("region", "delete", name, expected=1)
    command("service", "set", "--disable", service["id"])
    assert command("service", "show", service["id"])["enabled"] is False
    command("service", "delete", service["id"])
    command("endpoint", "show", endpoint["id"], expected=1)
    command("region", "delete", name)
    assert region["region"] == name


def test_endpoints_of_projects(identity_cloud: RunningCloud, member: Member) -> None:
    command, own = (
        Command(identity_cloud),
        identity_cloud.environment(**member.environment),
    )
    before = command("catalog", "list", as_user=own)
    assert len(before) > 1
    identity = command("endpoint", "list", "--service", "identity",
                       "--interface", "public")[0]["ID"]  # fmt: skip
    command("endpoint", "add", "project", identity, member.project_name)
    assert [row["Type"] for row in command("catalog", "list", as_user=own)] == [
        "identity"
    ]
    rows = command("endpoint", "list", "--project", member.project_name)
    assert [row["ID"] for row in rows] == [identity]
    rows = command("endpoint", "list", "--endpoint", identity)
    assert [row["Name"] for row in rows] == [member.project_name]
    command("endpoint", "remove", "project", identity, member.project_name)
    assert command("catalog", "list", as_user=own) == before
    command("endpoint", "remove", "project", identity, member.project_name, expected=1)


def test_credentials(identity_cloud: RunningCloud, member: Member) -> None:
    command = Command(identity_cloud)
    own = identity_cloud.environment(**member.environment)
    key = command("ec2", "credentials", "create", as_user=own)
    rows = command("ec2", "credentials", "list", as_user=own)
    assert [row["Access"] for row in rows] == [key["access"]]
    shown = command("ec2", "credentials", "show", key["access"], as_user=own)
    assert shown["secret"] == key["secret"]
    command("ec2", "credentials", "delete", key["access"], as_user=own)
    made = command("credential", "create", "--type", "cert", member.name, "a blob")
    command("credential", "set", "--user", member.name, "--type", "cert", "--data",
            "another", made["id"])  # fmt: skip
    assert command("credential", "show", made["id"])["blob"] == "another"
    assert made["id"] in [row["ID"] for row in command("credential", "list")]
    command("credential", "delete", made["id"])


def test_application_credentials(
    identity_cloud: RunningCloud, member: Member, name: str
) -> None:
    command = Command(identity_cloud)
    own = identity_cloud.environment(**member.environment)
    made = command("application", "credential", "create", "--role", "reader",
                   "--secret", "s3cret", name, as_user=own)  # fmt: skip
    with_it = {
        "OS_AUTH_TYPE": "v3applicationcredential",
        "OS_AUTH_URL": own["OS_AUTH_URL"],
        "OS_IDENTITY_API_VERSION": "3",
        "OS_APPLICATION_CREDENTIAL_ID": made["ID"],
        "OS_APPLICATION_CREDENTIAL_SECRET": "s3cret",
    }
    issued = command("token", "issue", as_user=with_it)
    assert issued["project_id"] == member.project_id
    rows = command("application", "credential", "list", as_user=own)
    assert [row["Name"] for row in rows] == [name]
    command("application", "credential", "create", "other", as_user=with_it, expected=1)
    command("application", "credential", "delete", name, as_user=own)
    command("token", "issue", as_user=with_it, expected=1)


def test_trusts(identity_cloud: RunningCloud, member: Member, name: str) -> None:
    command = Command(identity_cloud)
    own = identity_cloud.environment(**member.environment)
    trustee = command("user", "create", "--password", "pw", f"{name}-trustee")
    made = command("trust", "create", "--impersonate", "--project",
                   member.project_id, "--role", "member", member.user_id,
                   trustee["id"], as_user=own)  # fmt: skip
    with_it = {
        "OS_AUTH_URL": own["OS_AUTH_URL"],
        "OS_IDENTITY_API_VERSION": "3",
        "OS_USERNAME": f"{name}-trustee",
        "OS_PASSWORD": "pw",
        "OS_USER_DOMAIN_ID": "default",
        "OS_TRUST_ID": made["id"],
    }
    issued = command("token", "issue", as_user=with_it)
    assert issued["project_id"] == member.project_id
    assert issued["user_id"] == member.user_id
    shown = command("trust", "show", made["id"], as_user=own)
    assert shown["trustee_user_id"] == trustee["id"]
    command("trust", "delete", made["id"], as_user=own)
    command("token", "issue", as_user=with_it, expected=1)


@pytest.mark.parametrize("scope", ["system", "domain", "unscoped"])
def test_scopes(identity_cloud: RunningCloud, scope: str) -> None:
    admin = identity_cloud.environment()
    del admin["OS_PROJECT_NAME"], admin["OS_PROJECT_DOMAIN_ID"]
    if scope == "system":
        admin["OS_SYSTEM_SCOPE"] = "all"
    elif scope == "domain":
        admin["OS_DOMAIN_ID"] = "default"
    issued = Command(identity_cloud)("token", "issue", as_user=admin)
    assert ("system" in issued) == (scope == "system")
    assert issued.get("domain_id") == ("default" if scope == "domain" else None)


def test_limits(identity_cloud: RunningCloud, member: Member) -> None:
    command = Command(identity_cloud)
    registered = command(
        "registered", "limit", "create", "--service", "identity",
        "--default-limit", "5", "users",
    )  # fmt: skip
    assert registered["default_limit"] == 5
    command("registered", "limit", "set", "--default-limit", "7", registered["id"])
    rows = command("registered", "limit", "list", "--resource-name", "users")
    assert [row["Default Limit"] for row in rows] == [7]
    made = command(
        "limit", "create", "--project", member.project_name, "--service", "identity",
        "--resource-limit", "9", "users",
    )  # fmt: skip
    command("limit", "set", "--resource-limit", "11", made["id"])
    assert command("limit", "show", made["id"])["resource_limit"] == 11
    own = identity_cloud.environment(**member.environment)
    mine = command("limit", "list", as_user=own)
    assert [row["ID"] for row in mine] == [made["id"]]
    command("registered", "limit", "delete", registered["id"], expected=1)
    command("limit", "delete", made["id"])
    command("registered", "limit", "delete", registered["id"])
