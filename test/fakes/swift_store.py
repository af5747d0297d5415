"""Filters under test around a real proxy over nodes in memory."""

from __future__ import annotations

import json
from typing import Any

from objectstore.kernel.access import AccessRules, Identity
from objectstore.kernel.errors import Rejected
from objectstore.kernel.request import CONTEXT_KEY, Context, Request
from objectstore.middleware import catch_errors
from objectstore.middleware.shortcut import shortened
from test.fakes.swift_app import Client, Got
from test.unit.proxy.cluster import Cluster


class SwiftStore:
    """``filters`` from the outside in, each a callable that wraps an application."""

    def __init__(self, *filters: Any, cluster: Cluster | None = None) -> None:
        self.cluster = cluster or Cluster()
        app: Any = self.cluster.app
        for wrap in reversed(filters):
            app = wrap(app)
        app = shortened(catch_errors.filter_factory({})(app))
        self.app = app
        self.client = Client(self.app)
        self.raw = Client(self.cluster.app)
        # Paths that whoever asks may not touch.
        self.forbidden: set[str] = set()

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Got:
        """A request; ``X_Object_Meta_A="b"`` is the header ``X-Object-Meta-A``."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if method in ("PUT", "POST") and not body:
            named.setdefault("Content-Length", "0")
        context = Context(
            identity=Identity("tester"),
            authorize=self._authorize,
            facts=self.cluster.app.facts,
        )
        return self.client(method, path, named, body, **{CONTEXT_KEY: context})

    def ok(self, method: str, path: str, body: bytes = b"", **headers: str) -> Got:
        """The same; must succeed."""
        got = self.ask(method, path, body, **headers)
        assert 200 <= got.status < 300, (method, path, got)
        return got

    def listing(self, container: str, query: str = "") -> Any:
        """A container's JSON listing."""
        return json.loads(self.ok("GET", f"{container}?format=json&{query}").body)

    def _authorize(self, request: Request, rules: AccessRules) -> None:
        request.context.is_owner = True
        if any(request.path.startswith(path) for path in self.forbidden):
            raise Rejected(403)
