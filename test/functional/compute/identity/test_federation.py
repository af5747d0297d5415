"""People who come by an identity provider, with the unmodified client's plugins."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from test.fakes.oidc_provider import OidcProvider, running_provider
from test.functional.compute.federated import (
    CLI,
    as_federated,
    furnish,
    operators_file,
)
from test.functional.compute.house import RunningCloud, running_cloud

PASSWORD = "the provider's password"
SITE = {"project_name": "site", "project_domain_id": "default"}


@pytest.fixture(scope="module")
def provider() -> Iterator[OidcProvider]:
    with running_provider() as found:
        yield found


@pytest.fixture(scope="module")
def cloud(
    tmp_path_factory: pytest.TempPathFactory, provider: OidcProvider
) -> Iterator[RunningCloud]:
    directory: Path = tmp_path_factory.mktemp("federation")
    file = operators_file(directory, provider)
    settings = {"identity": {"federation_file": str(file)}}
    with running_cloud(directory / "c", settings, roles=("identity",)) as running:
        furnish(running, directory)
        yield running


def token(cloud: RunningCloud, provider: OidcProvider, **more: str) -> Any:
    """A token that the client gets."""
    environment = as_federated(cloud, provider, **more)
    return cloud.openstack("token", "issue", as_user=environment)


def test_plugins(cloud: RunningCloud, provider: OidcProvider) -> None:
    by_password = {"username": "ann", "password": PASSWORD}
    code = provider.code_for("ann", {"redirect_uri": "http://127.0.0.1/"})
    ways = {
        "v3oidcpassword": by_password,
        "v3oidcauthcode": {"code": code, "redirect_uri": "http://127.0.0.1/"},
        "v3oidcdeviceauthz": {
            "device_authorization_endpoint": f"{provider.url}/device"
        },
        "v3oidcaccesstoken": {"access_token": provider.token_for("ann")},
    }
    users = set()
    for plugin, answers in ways.items():
        found = token(cloud, provider, auth_type=plugin, **answers, **SITE)
        assert found["project_id"], plugin
        users.add(found["user_id"])
    assert len(users) == 1
    unscoped = token(
        cloud, provider, auth_type="v3oidcpassword", **by_password,
        access_token_type="id_token",
    )  # fmt: skip
    assert "project_id" not in unscoped
    # A program comes as itself, and has what it was given.
    machine = token(cloud, provider, auth_type="v3oidcclientcredentials")
    assert machine["user_id"] not in users
    shown = cloud.openstack("user", "show", machine["user_id"])
    assert shown["name"] == CLI
    refused = as_federated(
        cloud, provider, auth_type="v3oidcpassword", username="ann", password="x"
    )
    assert cloud.run_openstack("token", "issue", as_user=refused, expected=1)


def test_what_federated_people_do(cloud: RunningCloud, provider: OidcProvider) -> None:
    by_password = {"username": "ann", "password": PASSWORD}
    ann = as_federated(
        cloud, provider, auth_type="v3oidcpassword", **by_password, **SITE
    )
    run = cloud.openstack
    made = run("application", "credential", "create", "mine", as_user=ann)
    by_credential = {
        "OS_AUTH_URL": cloud.place.auth_url,
        "OS_IDENTITY_API_VERSION": "3",
        "OS_AUTH_TYPE": "v3applicationcredential",
        "OS_APPLICATION_CREDENTIAL_ID": made["ID"],
        "OS_APPLICATION_CREDENTIAL_SECRET": made["Secret"],
    }
    assert run("token", "issue", as_user=by_credential)["project_id"]
    projects = run("federation", "project", "list", as_user=ann)
    assert [each["Name"] for each in projects] == ["site"]
    run("identity", "provider", "set", "--disable", "example")
    for environment in (ann, by_credential):
        cloud.run_openstack("token", "issue", as_user=environment, expected=1)
    run("identity", "provider", "set", "--enable", "example")
    assert run("token", "issue", as_user=by_credential)["project_id"]


def test_managing(cloud: RunningCloud, tmp_path: Path) -> None:
    run = cloud.openstack
    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps([{"local": [{}], "remote": [{"type": "x"}]}]))
    made = run(
        "identity", "provider", "create", "--remote-id", "https://a", "--description",
        "d", "--authorization-ttl", "5", "--disable", "other",
    )  # fmt: skip
    assert made["remote_ids"] == ["https://a"] and made["enabled"] is False
    run("identity", "provider", "set", "--remote-id", "https://b", "other")
    shown = run("identity", "provider", "show", "other")
    assert shown["remote_ids"] == ["https://b"] and shown["authorization_ttl"] == 5
    run("mapping", "create", "--rules", str(rules), "other")
    run("mapping", "set", "--rules", str(rules), "other")
    names = ("--identity-provider", "other")
    run("federation", "protocol", "create", *names, "--mapping", "other", "openid")
    listed = run("federation", "protocol", "list", *names)
    assert listed == [{"id": "openid", "mapping": "other"}]
    urls = ("--auth-url", "https://sp/auth", "--service-provider-url", "https://sp/x")
    run("service", "provider", "create", *urls, "sp")
    assert run("service", "provider", "list")[0]["ID"] == "sp"
    run("service", "provider", "delete", "sp")
    run("federation", "protocol", "delete", *names, "openid")
    run("mapping", "delete", "other")
    run("identity", "provider", "delete", "other")
    listed = run("identity", "provider", "list")
    assert [each["ID"] for each in listed] == ["example"]
