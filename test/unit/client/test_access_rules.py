"""Access rules: which requests they let through."""

from __future__ import annotations

import pytest

from objectstore.client.access_rules import AccessRule, is_allowed


@pytest.mark.parametrize(
    ("pattern", "path", "allowed"),
    [
        ("/v2.1/servers", "/v2.1/servers", True),
        ("/v2.1/servers", "/v2x1/servers", False),
        ("/v2.1/servers", "/v2.1/servers/1", False),
        ("/v2.1/servers/*", "/v2.1/servers/1", True),
        ("/v2.1/servers/*", "/v2.1/servers/1/action", False),
        ("/v2.1/servers/{id}/action", "/v2.1/servers/1/action", True),
        ("/v2.1/**", "/v2.1/servers/1/action", True),
    ],
)
def test_paths(pattern: str, path: str, allowed: bool) -> None:
    rules = [AccessRule("compute", "GET", pattern)]
    assert is_allowed(rules, "compute", "GET", path) is allowed


def test_service_and_method_must_fit() -> None:
    rules = [AccessRule("compute", "GET", "/v2.1/servers")]
    assert not is_allowed(rules, "image", "GET", "/v2.1/servers")
    assert not is_allowed(rules, "compute", "POST", "/v2.1/servers")
    assert not is_allowed([], "compute", "GET", "/v2.1/servers")
