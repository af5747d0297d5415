"""gatekeeper: clients can neither forge nor see internal headers."""

from __future__ import annotations

import tracemalloc

import pytest

from objectstore.kernel.http.limits import HEAD_BYTES_MAX
from objectstore.middleware.gatekeeper import Gatekeeper, GatekeeperSettings
from test.fakes.swift_app import Answer, Client, SwiftApp

FORGED = [
    "X-Account-Sysmeta-Core-Access-Control",
    "X-Container-Sysmeta-A",
    "x-object-SYSMETA-a",
    "X-Object-Transient-Sysmeta-Crypto",
    "X-Backend-Storage-Policy-Index",
    "X_Backend_Storage_Policy_Index",
    "X-Ringstack-Internal",
    "X-Timestamp",
]


@pytest.mark.parametrize("name", FORGED)
def test_internal_headers_of_requests_vanish(name: str) -> None:
    server = SwiftApp()
    Client(Gatekeeper(server, GatekeeperSettings()))("PUT", "/v1/a", {name: "evil"})
    assert "evil" not in server.last.headers.values()


def test_other_headers_stay() -> None:
    server = SwiftApp()
    kept = {"X-Object-Meta-Sysmeta-": "a", "X-Container-Read": "b", "X-Newest": "c"}
    Client(Gatekeeper(server, GatekeeperSettings()))("PUT", "/v1/a", kept)
    assert kept.items() <= server.last.headers.items()


def test_the_timestamp_stays_where_the_operator_wants_it() -> None:
    server = SwiftApp()
    settings = GatekeeperSettings(shunt_inbound_x_timestamp=False)
    Client(Gatekeeper(server, settings))("PUT", "/v1/a", {"X-Timestamp": "1.0"})
    assert server.last.headers["X-Timestamp"] == "1.0"


def test_internal_headers_of_replies_vanish() -> None:
    server = SwiftApp()
    server.default = Answer(
        200,
        [
            ("X-Backend-Timestamp", "1"),
            ("x-container-sysmeta-x", "1"),
            ("X-Object-Transient-Sysmeta-y", "1"),
            ("X-Timestamp", "2"),
            ("X-Ringstack-Rows-Owed", "1"),
        ],
    )
    got = Client(Gatekeeper(server, GatekeeperSettings()))("GET", "/v1/a")
    assert set(got.headers) == {
        "X-Timestamp",
        "X-Ringstack-Rows-Owed",
        "Content-Length",
    }


def test_what_is_remembered_of_strangers_is_little() -> None:
    ask = Gatekeeper(lambda environ, start_response: [], GatekeeperSettings())
    tracemalloc.start()
    try:
        for number in range(300):
            ask({f"HTTP_X_{number}_".ljust(HEAD_BYTES_MAX, "A"): ""}, print)
        assert tracemalloc.get_traced_memory()[0] < 20 * 2**20
    finally:
        tracemalloc.stop()
