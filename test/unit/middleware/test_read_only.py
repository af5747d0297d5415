"""read_only: who may write nevertheless."""

from __future__ import annotations

import pytest

from objectstore.kernel.errors import Rejected
from objectstore.middleware.read_only import ReadOnly, ReadOnlySettings
from test.fakes.swift_app import Client, KnownFacts, SwiftApp


@pytest.mark.parametrize(
    ("everywhere", "own", "method", "allowed"),
    [
        (False, None, "PUT", True),
        (True, None, "PUT", False),
        (True, None, "GET", True),
        (True, None, "DELETE", False),
        (True, "false", "POST", True),
        (False, "true", "COPY", False),
        (False, "TRUE", "HEAD", True),
    ],
)
def test_read_only(
    everywhere: bool, own: str | None, method: str, allowed: bool
) -> None:
    metadata = {} if own is None else {"X-Account-Sysmeta-Read-Only": own}
    app = ReadOnly(SwiftApp(), ReadOnlySettings(read_only=everywhere))
    client = Client(app, KnownFacts({"AUTH_a": metadata}))
    if allowed:
        assert client(method, "/v1/AUTH_a/c").status == 200
    else:
        with pytest.raises(Rejected, match="405 Writes are disabled"):
            client(method, "/v1/AUTH_a/c")


def test_read_only_details() -> None:
    settings = ReadOnlySettings(read_only=True, allow_deletes=True)
    client = Client(ReadOnly(SwiftApp(), settings))
    assert client("DELETE", "/v1/AUTH_a/c").status == 200
    assert client("PUT", "/auth").status == 200
    facts = KnownFacts({"AUTH_b": {"X-Account-Sysmeta-Read-Only": "true"}})
    client = Client(ReadOnly(SwiftApp(), ReadOnlySettings()), facts)
    with pytest.raises(Rejected):
        client("COPY", "/v1/AUTH_a/c/o", {"Destination-Account": "AUTH_b"})
