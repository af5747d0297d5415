"""cors: preflights, headers on actual replies, refusals."""

from __future__ import annotations

from typing import Any

import pytest

from objectstore.kernel.errors import Rejected
from objectstore.middleware.cors import Cors, CorsSettings
from test.fakes.swift_app import Answer, Client, Got, KnownFacts, SwiftApp

PREFIX = "X-Container-Meta-Access-Control-"


class House:
    def __init__(self, metadata: dict[str, str] | None = None, **settings: Any) -> None:
        stored = {PREFIX + name: value for name, value in (metadata or {}).items()}
        self.server = SwiftApp()
        facts = KnownFacts(containers={("AUTH_a", "c"): stored})
        self.client = Client(Cors(self.server, CorsSettings(**settings)), facts)

    def preflight(
        self,
        origin: str,
        method: str = "GET",
        path: str = "/v1/AUTH_a/c/o",
        **more: str,
    ) -> Got:
        headers = {"Origin": origin, "Access-Control-Request-Method": method}
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return self.client("OPTIONS", path, {**headers, **named})

    def get(self, path: str = "/v1/AUTH_a/c/o", origin: str = "http://x") -> Got:
        return self.client("GET", path, {"Origin": origin})


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("/v1/AUTH_a", "HEAD, GET, POST, OPTIONS"),
        ("/v1/AUTH_a/c", "HEAD, GET, PUT, POST, OPTIONS, DELETE"),
        ("/v1/AUTH_a/c/o", "HEAD, GET, PUT, POST, OPTIONS, DELETE, COPY"),
    ],
)
def test_options_without_origin(path: str, allow: str) -> None:
    got = House().client("OPTIONS", path)
    assert (got.status, got.headers["Allow"]) == (200, allow)
    assert not any(name.startswith("Access-Control") for name in got.headers)


def test_account_preflights_say_nothing_of_origins() -> None:
    got = House(cors_allow_origin=("*",)).preflight("http://x", path="/v1/AUTH_a")
    assert got.status == 200
    assert "Access-Control-Allow-Origin" not in got.headers


def test_preflight_of_an_allowed_origin() -> None:
    house = House({"Allow-Origin": "http://x http://y", "Max-Age": "60"})
    got = house.preflight(
        "http://y", "PUT", Access_Control_Request_Headers="X-Auth-Token, x-b"
    )
    assert got.status == 200
    methods = "HEAD, GET, PUT, POST, OPTIONS, DELETE, COPY"
    assert got.headers["Access-Control-Allow-Methods"] == methods
    assert got.headers["Access-Control-Allow-Origin"] == "http://y"
    assert got.headers["Access-Control-Max-Age"] == "60"
    assert got.headers["Access-Control-Allow-Headers"] == "X-Auth-Token, x-b"
    assert got.headers["Vary"] == "Origin, Access-Control-Request-Headers"
    assert house.server.seen == []


def test_preflight_of_a_container_for_everybody() -> None:
    got = House({"Allow-Origin": "*"}).preflight("http://z")
    assert got.headers["Access-Control-Allow-Origin"] == "*"
    assert "Vary" not in got.headers


@pytest.mark.parametrize(
    ("metadata", "origin", "method", "path"),
    [
        ({}, "http://x", "GET", "/v1/AUTH_a/c"),
        ({"Allow-Origin": "http://x"}, "http://xx", "GET", "/v1/AUTH_a/c"),
        ({"Allow-Origin": "http://x"}, "http://x", "BREW", "/v1/AUTH_a/c"),
        ({"Allow-Origin": "http://x"}, "http://x", "COPY", "/v1/AUTH_a/c"),
        ({"Allow-Origin": "*"}, "http://x", "GET", "/v1/AUTH_a/missing"),
    ],
)
def test_refused_preflights(
    metadata: dict[str, str], origin: str, method: str, path: str
) -> None:
    got = House(metadata).preflight(origin, method, path)
    assert got.status == 401
    assert "Access-Control-Allow-Origin" not in got.headers
    assert got.headers["Www-Authenticate"] == 'Swift realm="AUTH_a"'


def test_the_operator_allows_origins_everywhere() -> None:
    house = House(cors_allow_origin=("http://x",))
    assert house.preflight("http://x").status == 200
    assert house.get().headers["Access-Control-Allow-Origin"] == "http://x"


def test_actual_replies() -> None:
    house = House(
        {"Allow-Origin": "http://x", "Expose-Headers": "X-One x-two"},
        cors_expose_headers=("X-Three",),
    )
    house.server.default = Answer(
        200, [("X-Object-Meta-Color", "red"), ("Vary", "Accept")], b"x"
    )
    got = house.get()
    exposed = got.headers["Access-Control-Expose-Headers"].split(", ")
    assert {"etag", "x-trans-id", "x-timestamp", "content-type"} < set(exposed)
    assert exposed[-4:] == ["x-three", "x-object-meta-color", "x-one", "x-two"]
    assert got.headers["Access-Control-Allow-Origin"] == "http://x"
    assert got.headers["Vary"] == "Accept, Origin"


def test_strict_mode_tells_strangers_nothing() -> None:
    house = House({"Allow-Origin": "http://y"})
    assert "Access-Control-Allow-Origin" not in house.get().headers
    house = House({"Allow-Origin": "http://y"}, strict_cors_mode=False)
    got = house.get()
    assert got.headers["Access-Control-Allow-Origin"] == "http://x"
    assert got.headers["Vary"] == "Origin"


def test_refusals_can_be_read_by_scripts() -> None:
    house = House({"Allow-Origin": "*"})
    house.server.default = Rejected(401)
    got = house.get()
    assert got.status == 401
    assert got.headers["Access-Control-Allow-Origin"] == "*"


def test_headers_that_are_there_already_stay() -> None:
    house = House({"Allow-Origin": "*"})
    mine = [
        ("Access-Control-Allow-Origin", "http://mine"),
        ("Access-Control-Expose-Headers", "x"),
    ]
    house.server.default = Answer(200, mine)
    got = house.get()
    assert [pair for pair in got.raw_headers if "Access" in pair[0]] == mine


def test_other_apis_have_rules_of_their_own() -> None:
    house = House(cors_allow_origin=("*",))
    got = house.preflight("http://x", path="/bucket/key/o")
    assert "Access-Control-Allow-Origin" not in got.headers
    assert house.server.last.path == "/bucket/key/o"


def test_requests_without_origin_are_not_touched() -> None:
    house = House({"Allow-Origin": "*"})
    got = house.client("GET", "/v1/AUTH_a/c/o")
    assert not any(name.startswith("Access-Control") for name in got.headers)
