"""A store with versions, whose requests can be cut off below the filter."""

from __future__ import annotations

import json
from typing import Any

from objectstore.kernel.clock import Clock, SystemClock
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.request import CONTEXT_KEY, Context
from objectstore.middleware import catch_errors, slo
from objectstore.middleware.object_versioning import ObjectVersioning
from test.fakes.swift_app import Client, Got
from test.unit.proxy.cluster import Cluster

A = "/v1/AUTH_a"
C = f"{A}/c"
MARKER = "application/x-deleted;swift_versions_deleted=1"


class Cut:
    """Passes requests on until told to fail one."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.fails_at: tuple[str, str] | None = None

    def __call__(self, environ: Any, start_response: Any) -> Any:
        hidden = "\0versions" in environ["PATH_INFO"]
        place = (environ["REQUEST_METHOD"], "version" if hidden else "link")
        if place == self.fails_at:
            self.fails_at = None
            raise Unavailable("cut here")
        return self.app(environ, start_response)


class Store:
    """A store with versions in one container, over the real proxy."""

    def __init__(self) -> None:
        self.cluster = Cluster()
        self.cut = Cut(self.cluster.app)
        self.client = self.client_of_clock(SystemClock())
        self.is_s3 = False
        assert self.ask("PUT", C, X_Versions_Enabled="true").status == 201

    def client_of_clock(self, clock: Clock) -> Client:
        """A client of another process, which has that clock."""
        app: Any = slo.filter_factory({})(ObjectVersioning(self.cut, clock))
        return Client(catch_errors.filter_factory({})(app))

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Got:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if method in ("PUT", "POST") and not body:
            named.setdefault("Content-Length", "0")
        context = Context(facts=self.cluster.app.facts, is_s3=self.is_s3)
        return self.client(method, path, named, body, **{CONTEXT_KEY: context})

    def put(self, name: str, body: bytes, **headers: str) -> str:
        got = self.ask("PUT", f"{C}/{name}", body, **headers)
        assert got.status == 201, got
        return got.headers["X-Object-Version-Id"]

    def versions(self, query: str = "") -> list[tuple[str, str, bool]]:
        got = self.ask("GET", f"{C}?versions&{query}")
        assert got.status == 200, got
        return [
            (entry["name"], entry["version_id"], entry["is_latest"])
            if "name" in entry
            else (entry["subdir"], "", False)
            for entry in json.loads(got.body)
        ]

    def listing(self, query: str = "") -> Any:
        return json.loads(self.ask("GET", f"{C}?format=json&{query}").body)
