"""healthcheck, info and crossdomain."""

from __future__ import annotations

import hmac
import json
from pathlib import Path
from typing import Any

import pytest

from objectstore.kernel.errors import Rejected
from objectstore.middleware.crossdomain import Crossdomain, CrossdomainSettings
from objectstore.middleware.healthcheck import Healthcheck, HealthcheckSettings
from objectstore.middleware.info import Info, InfoSettings
from test.fakes.swift_app import Client, SteppedClock, SwiftApp


def test_healthcheck(tmp_path: Path) -> None:
    off = tmp_path / "off"
    settings = HealthcheckSettings(disable_path=str(off))
    server = SwiftApp()
    client = Client(Healthcheck(server, settings))
    got = client("GET", "/healthcheck")
    assert (got.status, got.body) == (200, b"OK")
    off.touch()
    got = client("GET", "/healthcheck")
    assert (got.status, got.body) == (503, b"DISABLED BY FILE")
    assert server.seen == []
    assert client("GET", "/healthcheck/x").status == 200
    assert server.last.path == "/healthcheck/x"


class Server(SwiftApp):
    def describe(self, registry: Any) -> None:
        registry.add("swift", version="1.0", max_file_size=5)
        registry.add("swift", valid_api_versions=["v1"])
        registry.add_admin("inside", workers=2)


class Between:
    def __init__(self, app: Any) -> None:
        self.app = app

    def describe(self, registry: Any) -> None:
        registry.add("slo")

    def __call__(self, environ: Any, start_response: Any) -> Any:
        return self.app(environ, start_response)


def info_client(**settings: Any) -> Client:
    return Client(Info(Between(Server()), InfoSettings(**settings), SteppedClock()))


def signed(key: str, method: str, expires: int, digest: str) -> str:
    text = f"{method}\n{expires}\n/info".encode()
    sig = hmac.new(key.encode(), text, digest).hexdigest()
    return f"/info?swiftinfo_sig={sig}&swiftinfo_expires={expires}"


def test_info_is_what_the_layers_tell() -> None:
    got = info_client()("GET", "/info")
    assert got.status == 200
    assert got.headers["Content-Type"] == "application/json; charset=UTF-8"
    told = json.loads(got.body)
    assert told == {"slo": {}, "swift": {"version": "1.0", "max_file_size": 5}}


def test_info_can_be_hidden_or_thinned() -> None:
    got = info_client(disallowed_sections=("slo", "swift.version"))("GET", "/info")
    assert set(json.loads(got.body)) == {"swift"}
    assert "version" not in json.loads(got.body)["swift"]
    with pytest.raises(Rejected, match="403"):
        info_client(expose_info=False)("GET", "/info")


@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha512"])
def test_admins_sign(digest: str) -> None:
    client = info_client(admin_key="secret")
    later = 1_700_000_100
    got = client("GET", signed("secret", "GET", later, digest))
    assert json.loads(got.body)["admin"]["inside"] == {"workers": 2}
    assert client("HEAD", signed("secret", "GET", later, digest)).status == 200
    assert client("HEAD", signed("secret", "HEAD", later, digest)).status == 200


@pytest.mark.parametrize(
    "path",
    [
        signed("secret", "GET", 1_600_000_000, "sha1"),  # too late
        signed("other", "GET", 1_700_000_100, "sha1"),
        signed("secret", "HEAD", 1_700_000_100, "sha1"),
        "/info?swiftinfo_sig=x&swiftinfo_expires=1700000100",
        "/info?swiftinfo_sig=" + "0" * 40 + "&swiftinfo_expires=soon",
        "/info?swiftinfo_expires=1700000100",
    ],
)
def test_bad_signatures_are_401(path: str) -> None:
    with pytest.raises(Rejected, match="401"):
        info_client(admin_key="secret")("GET", path)


def test_no_admin_key_no_admins() -> None:
    with pytest.raises(Rejected, match="403"):
        info_client()("GET", signed("", "GET", 1_700_000_100, "sha1"))


def test_info_options_and_origin() -> None:
    got = info_client()("OPTIONS", "/info")
    assert got.headers["Allow"] == "HEAD, GET, OPTIONS"
    got = info_client()("GET", "/info", {"Origin": "http://x"})
    assert got.headers["Access-Control-Allow-Origin"] == "http://x"


def test_crossdomain() -> None:
    client = Client(Crossdomain(SwiftApp(), CrossdomainSettings("<allow/>")))
    got = client("GET", "/crossdomain.xml")
    assert got.headers["Content-Type"] == "application/xml"
    assert b"<cross-domain-policy>\n<allow/>\n</cross-domain-policy>" in got.body
    assert client("PUT", "/crossdomain.xml").body == b""
