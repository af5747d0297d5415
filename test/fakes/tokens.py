"""Tokens that a test makes up: ``fake:<project>:<user>:<role,role>``."""

from __future__ import annotations

from compute.core.context import RequestContext
from compute.core.errors import Unauthorized

IMPLIED = {
    "admin": {"admin", "manager", "member", "reader"},
    "member": {"member", "reader"},
    "reader": {"reader"},
    "service": {"service"},
}
SERVICE_PROJECT = "5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e"


def fake_token(project_id: str, roles: str = "member", user_id: str = "u1") -> str:
    return f"fake:{project_id}:{user_id}:{roles}"


class FakeTokens:
    """``TokenChecker`` and ``TokenSource`` at once."""

    def check(self, token: str, request_id: str) -> RequestContext:
        parts = token.split(":")
        if len(parts) != 4 or parts[0] != "fake":
            raise Unauthorized
        roles: set[str] = set()
        for name in parts[3].split(","):
            roles |= IMPLIED.get(name, {name})
        return RequestContext(
            request_id,
            user_id=parts[2],
            project_id=parts[1],
            roles=frozenset(roles),
            token=token,
        )

    def token(self) -> str:
        """Our own."""
        return fake_token(SERVICE_PROJECT, "admin,service", "ringstack")
