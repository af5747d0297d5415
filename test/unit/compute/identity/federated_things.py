"""Identity providers and what belongs to them, for the play about rights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from test.unit.compute.identity.house import House

AT = "/v3/OS-FEDERATION"
RULES: list[Any] = [
    {
        "local": [{"user": {"name": "{0}"}}, {"group_ids": "{1}"}],
        "remote": [{"type": "OIDC-name"}, {"type": "OIDC-groups", "whitelist": ["a"]}],
    }
]
SERVICE_PROVIDER = {"auth_url": "https://a/auth", "sp_url": "https://a/sp"}
FEDERATED = ("identity provider", "mapping", "protocol", "service provider")


def federated_makers(
    house: House, new_name: Callable[[], str]
) -> dict[str, Callable[[], str]]:
    """How each of them is made."""

    def put(path: str, noun: str, value: Any) -> str:
        name = new_name()
        house.ok("PUT", f"{AT}/{path}/{name}", {noun: value})
        return name

    def provider() -> str:
        return put("identity_providers", "identity_provider", {"enabled": True})

    def mapping() -> str:
        return put("mappings", "mapping", {"rules": RULES})

    def protocol() -> str:
        """As two segments of a path: of which provider, and which."""
        whose = provider()
        path = f"identity_providers/{whose}/protocols"
        return f"{whose}/protocols/{put(path, 'protocol', {'mapping_id': mapping()})}"

    def service_provider() -> str:
        return put("service_providers", "service_provider", SERVICE_PROVIDER)

    return {
        "identity provider": provider,
        "mapping": mapping,
        "protocol": protocol,
        "service provider": service_provider,
    }
