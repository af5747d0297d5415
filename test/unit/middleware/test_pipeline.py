"""All filters together, put together by PasteDeploy from a file."""

from __future__ import annotations

import json
import logging
from importlib.metadata import entry_points
from inspect import ismethod
from pathlib import Path
from typing import Any

import pytest
from paste.deploy import loadapp

from objectstore.kernel.settings import BadSettings
from objectstore.middleware.healthcheck import Healthcheck, HealthcheckSettings
from objectstore.middleware.layers import layers, tighten
from objectstore.middleware.order import (
    ENTRY_POINTS,
    FULL_PIPELINE,
    check_pipeline,
)
from test.fakes.swift_app import Answer, Client, KnownFacts, SwiftApp

SERVER = SwiftApp()
# Filters by name to their modules, as installed.
MODULES = {entry.name: entry.module for entry in entry_points(group=ENTRY_POINTS)}


def server_factory(global_conf: dict[str, str], **local_conf: str) -> SwiftApp:
    """What the file's ``[app:...]`` section names."""
    return SERVER


def load(folder: Path, options: dict[str, str]) -> Any:
    lines = [
        "[DEFAULT]",
        "cluster_secret = deep secret",
        "[pipeline:main]",
        f"pipeline = {' '.join(FULL_PIPELINE)} server",
        "[app:server]",
        f"paste.app_factory = {__name__}:server_factory",
    ]
    for name in FULL_PIPELINE:
        lines.append(f"[filter:{name}]")
        factory = f"{MODULES[name]}:filter_factory"
        lines.append(f"paste.filter_factory = {factory}")
        lines.append(options.get(name, ""))
    path = folder / "proxy.conf"
    path.write_text("\n".join(lines))
    return loadapp(f"config:{path}", name="main")


@pytest.fixture
def app(tmp_path: Path) -> Any:
    SERVER.__init__()  # type: ignore[misc]
    users = "user_test_tester = testing .admin\nuser_test2_other = testing2"
    secret = f"encryption_root_secret = {'A' * 43}=\ndisable_encryption = true"
    return load(tmp_path, {"tempauth": users, "encryption": secret})


def test_the_order_is_right(app: Any) -> None:
    kinds = [type(layer).__module__ for layer in layers(app)]
    expected = [MODULES[name] for name in FULL_PIPELINE]
    assert kinds[:-1] == expected
    assert check_pipeline(FULL_PIPELINE) == []


def test_info_tells_of_every_filter_that_swift_tells_of(app: Any) -> None:
    told = json.loads(Client(app)("GET", "/info").body)
    assert set(told) == {
        "account_quotas",
        "bulk_delete",
        "bulk_upload",
        "cname_lookup",
        "container_quotas",
        "crossdomain",
        "domain_remap",
        "etag_quoter",
        "formpost",
        "name_check",
        "ratelimit",
        "s3api",
        "staticweb",
        "slo",
        "container_sync",
        "object_versioning",
        "dlo",
        "symlink",
        "versioned_writes",
        "swift",
        "tempauth",
        "tempurl",
    }
    assert told["tempauth"] == {"account_acls": True}


def test_a_day_in_the_life(app: Any, caplog: pytest.LogCaptureFixture) -> None:
    facts = KnownFacts({"AUTH_test": {}}, {("AUTH_test", "c"): {}})
    client = Client(app, facts)
    with caplog.at_level(logging.DEBUG):
        headers = {"X-Auth-User": "test:tester", "X-Auth-Key": "testing"}
        login = client("GET", "/auth/v1.0", {**headers, "Host": "10.0.0.1:8080"})
        token = login.headers["X-Auth-Token"]
        url = "http://10.0.0.1:8080/v1/AUTH_test"
        assert login.headers["X-Storage-Url"] == url
        mine = {"X-Auth-Token": token}
        forged = {"X-Backend-Storage-Policy-Index": "1", "X-Object-Sysmeta-A": "b"}
        got = client("PUT", "/v1/AUTH_test/c/o", {**mine, **forged}, b"body")
        assert got.status == 200
        assert SERVER.last.body == b"body"
        assert SERVER.last.context.is_owner
        assert not any("Sysmeta" in name for name in SERVER.last.headers)
        whole = [("Content-Length", "4"), ("Content-Type", "a/b"), ("ETag", "e")]
        SERVER.on("GET", "/v1/AUTH_test/c/o", Answer(200, whole, [b"body"]))
        got = client("COPY", "/v1/AUTH_test/c/o", {**mine, "Destination": "c/o2"})
        assert got.headers["X-Copied-From"] == "c/o"
        assert SERVER.last.path == "/v1/AUTH_test/c/o2"
        refused = client("GET", "/v1/AUTH_test/c/o", {"Origin": "http://x"})
        assert refused.status == 401
        assert refused.headers["Www-Authenticate"] == 'Swift realm="AUTH_test"'
        bad = client("GET", "/v1/AUTH_test", {"X-Auth-Token": token[:-5]})
        assert bad.status == 401
    for got in (login, refused, bad):
        assert got.headers["X-Trans-Id"].startswith("tx")
    for secret in ("testing", token, "deep secret"):
        assert secret not in caplog.text


def test_mistakes_in_a_file_are_told_with_their_place(tmp_path: Path) -> None:
    with pytest.raises(BadSettings) as caught:
        load(tmp_path, {"copy": "max_file_size = huge\nmax_size = 1"})
    text = str(caught.value)
    assert f"{tmp_path}/proxy.conf: [filter:copy] max_file_size:" in text
    assert "[filter:copy] max_size: no such option; did you mean" in text


def test_filters_call_each_other_without_nesting_the_interpreter(app: Any) -> None:
    before = list(layers(app))
    tighten(app)
    assert list(layers(app)) == before
    inner = [layer.app for layer in before if hasattr(layer, "app")]
    assert len(inner) == len(FULL_PIPELINE)
    assert all(map(ismethod, inner))
    assert "tempauth" in json.loads(Client(app)("GET", "/info").body)


def test_filters_of_others_keep_what_they_wrap() -> None:
    class Stranger:
        def __init__(self, app: Any) -> None:
            self.app = app

        def __call__(self, environ: Any, start_response: Any) -> Any:
            return self.app(environ, start_response)

    inner = Healthcheck(SERVER, HealthcheckSettings())
    stranger = Stranger(inner)
    outer = Healthcheck(stranger, HealthcheckSettings())
    tighten(outer)
    assert list(layers(outer)) == [outer, stranger, inner, SERVER]
    assert stranger.app is inner
    assert ismethod(outer.app)
