"""A cloud that knows an identity provider, for tests of people who come by it."""

from __future__ import annotations

import json
from pathlib import Path

from test.fakes.oidc_provider import CLIENT, SECRET, OidcProvider
from test.functional.compute.house import RunningCloud

CLI, CLI_SECRET = "cli", "of the command line"
LABEL = "Example & Sons"
RULES = [
    {
        "local": [
            {"user": {"name": "{0}"}},
            {"groups": "{1}", "domain": {"id": "default"}},
        ],
        "remote": [{"type": "OIDC-preferred_username"}, {"type": "OIDC-groups"}],
    },
    {
        "local": [{"user": {"name": "{0}"}}],
        "remote": [{"type": "OIDC-preferred_username"}],
    },
]


def operators_file(directory: Path, provider: OidcProvider) -> Path:
    """The file that ``[identity] federation_file`` names."""
    provider.clients |= {CLIENT: SECRET, CLI: CLI_SECRET}
    secret, file = directory / "client-secret", directory / "federation.conf"
    secret.write_text(SECRET)
    file.write_text(
        f"[example]\nissuer = {provider.url}\nclient_id = {CLIENT}\n"
        f"client_secret_file = {secret}\naudiences = {CLI}\nlabel = {LABEL}\n"
    )
    return file


def furnish(cloud: RunningCloud, directory: Path) -> None:
    """What an administrator does: by the unmodified client."""
    rules = directory / "rules.json"
    rules.write_text(json.dumps(RULES))
    run = cloud.openstack
    run("identity", "provider", "create", "example")
    run("mapping", "create", "--rules", str(rules), "example")
    run("federation", "protocol", "create", "--identity-provider", "example",
        "--mapping", "example", "openid")  # fmt: skip
    run("group", "create", "staff")
    run("project", "create", "site")
    run("role", "add", "--group", "staff", "--project", "site", "member")


def as_federated(
    cloud: RunningCloud, provider: OidcProvider, **more: str
) -> dict[str, str]:
    """The ``OS_`` variables of a client that comes by the provider."""
    given = {
        "OS_AUTH_URL": cloud.place.auth_url,
        "OS_IDENTITY_API_VERSION": "3",
        "OS_REGION_NAME": "RegionOne",
        "OS_IDENTITY_PROVIDER": "example",
        "OS_PROTOCOL": "openid",
        "OS_CLIENT_ID": CLI,
        "OS_CLIENT_SECRET": CLI_SECRET,
        "OS_DISCOVERY_ENDPOINT": f"{provider.url}/.well-known/openid-configuration",
    }
    return {**given, **{f"OS_{name.upper()}": value for name, value in more.items()}}
