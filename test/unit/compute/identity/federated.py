"""An identity room that knows one provider, and ways to come by it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from compute.core.sql.database import Database
from test.fakes.oidc_provider import CLIENT, SECRET, OidcProvider, running_provider
from test.unit.compute.identity.house import CHEAP, House, Said, make_house

AT = "/v3/OS-FEDERATION"
PROVIDER = f"{AT}/identity_providers/example"
PROTOCOL = f"{PROVIDER}/protocols/openid"
RULES: list[Any] = [
    {
        "local": [
            {"user": {"name": "{0}", "id": "{1}", "email": "{2}"}},
            {"groups": "{3}", "domain": {"id": "default"}},
        ],
        "remote": [
            {"type": "OIDC-preferred_username"},
            {"type": "HTTP_OIDC_SUB"},
            {"type": "OIDC-email"},
            {"type": "OIDC-groups", "whitelist": ["^st"], "regex": True},
        ],
    }
]


@dataclass
class Federated:
    """The house, the provider, and what the house was given for its people."""

    house: House
    provider: OidcProvider
    group_id: str
    project_id: str

    def come(self, token: str, *, path: str = f"{PROTOCOL}/auth") -> Said:
        """With a token of the provider's."""
        headers = {"Authorization": f"Bearer {token}"}
        return self.house.say("POST", path, headers=headers)

    def unscoped(self, name: str = "ann", /, **claims: Any) -> str:
        """A token of ours for somebody, who must be let in."""
        said = self.come(self.provider.token_for(name, **claims))
        assert said.status == 201, said
        return said.headers["x-subject-token"]

    def scoped(self, token: str) -> Said:
        """A token for the project with one that is for nothing."""
        identity = {"methods": ["token"], "token": {"id": token}}
        auth = {"identity": identity, "scope": {"project": {"id": self.project_id}}}
        return self.house.say("POST", "/v3/auth/tokens", {"auth": auth})

    def set_rules(self, rules: Any, version: str = "1.0") -> None:
        """Other rules for the mapping."""
        body = {"mapping": {"rules": rules, "schema_version": version}}
        self.house.ok("PATCH", f"{AT}/mappings/example", body)


@contextmanager
def federated_house(
    directory: Path, database: Database | None = None, **options: str
) -> Iterator[Federated]:
    """``options``: of the provider's section."""
    with running_provider() as provider:
        secret = directory / "client-secret"
        secret.write_text(SECRET + "\n")
        section = {
            "issuer": provider.url,
            "client_id": CLIENT,
            "client_secret_file": str(secret),
            "label": "Example & Sons",
            **options,
        }
        text = "".join(f"{name} = {value}\n" for name, value in section.items())
        file = directory / "federation.conf"
        file.write_text(f"[example]\n{text}")
        house = make_house(
            directory, replace(CHEAP, federation_file=file), database=database
        )
        provider.now = house.clock.time
        try:
            yield furnished(house, provider)
        finally:
            house.parts.database.close()


def furnished(house: House, provider: OidcProvider) -> Federated:
    """The provider in the API, and a group with a role in a project."""
    house.ok("PUT", PROVIDER, {"identity_provider": {"enabled": True}})
    house.ok("PUT", f"{AT}/mappings/example", {"mapping": {"rules": RULES}})
    house.ok("PUT", PROTOCOL, {"protocol": {"mapping_id": "example"}})
    group = house.make("group", name="staff", domain_id="default")
    project = house.make("project", name="site", domain_id="default")
    path = f"/v3/projects/{project}/groups/{group}/roles/{house.role('member')}"
    house.ok("PUT", path)
    return Federated(house, provider, group, project)
