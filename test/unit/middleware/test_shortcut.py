"""Which requests pass by the filters, and that nobody can tell by the answers."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import entry_points
from typing import Any

import pytest

from objectstore.kernel.access import Identity
from objectstore.kernel.concerns import Concerns
from objectstore.kernel.request import CONTEXT_KEY, Context
from objectstore.middleware.layers import layers
from objectstore.middleware.order import DEFAULT_PIPELINE, ENTRY_POINTS
from objectstore.middleware.shortcut import Shortcut, shortened
from test.fakes.swift_app import Answer, Body, Client, KnownFacts, SwiftApp

PATH = "/v1/AUTH_a/c/o"
KNOWN = Context(identity=Identity("a:tester"))


class Watcher:
    """Hands everything on, and counts it."""

    def __init__(self, app: Any, concerns: Concerns | None) -> None:
        self.app = app
        self.asked = 0
        if concerns is not None:
            self.concerns = concerns

    def __call__(self, environ: Any, start_response: Any) -> Any:
        self.asked += 1
        return self.app(environ, start_response)


CONCERNS = (
    Concerns(request_keys=("HTTP_X_COLOUR",), reply_headers=("X-Mark",)),
    Concerns(
        container_metadata=("X-Container-Meta-Quota-",),
        container_suffixes=("+hidden",),
        account_metadata=("X-Account-Meta-Quota-",),
    ),
    Concerns(),
)


class Row:
    """A pipeline: one filter that says nothing, three that do, one more, the server."""

    def __init__(self) -> None:
        self.server = SwiftApp()
        self.last = Watcher(self.server, None)
        self.passed: list[Watcher] = []
        app: Any = self.last
        for concerns in reversed(CONCERNS):
            app = Watcher(app, concerns)
            self.passed.insert(0, app)
        self.first = Watcher(app, None)
        self.app = shortened(self.first)
        self.facts = KnownFacts(
            {"AUTH_a": {}, "AUTH_full": {"X-Account-Meta-Quota-Bytes": "1"}},
            {
                ("AUTH_a", "c"): {"X-Container-Read": ".r:*"},
                ("AUTH_a", "full"): {"X-Container-Meta-Quota-Count": "1"},
                ("AUTH_a", "c+hidden"): {},
                ("AUTH_full", "c"): {},
            },
        )

    def ask(
        self,
        method: str,
        path: str = PATH,
        context: Context = KNOWN,
        **headers: str,
    ) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        made = replace(context, facts=self.facts, split_path=None)
        return Client(self.app)(method, path, named, **{CONTEXT_KEY: made})

    @property
    def counts(self) -> list[int]:
        return [watcher.asked for watcher in self.passed]


@pytest.fixture
def row() -> Row:
    return Row()


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_plain_requests_pass_by(row: Row, method: str) -> None:
    assert row.ask(method).status == 200
    assert (row.first.asked, row.counts, row.last.asked) == (1, [0, 0, 0], 1)


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("POST", PATH, {}),
        ("OPTIONS", PATH, {}),
        ("PUT", "/v1/AUTH_a/c", {}),
        ("GET", "/v1/AUTH_a", {}),
        ("GET", f"{PATH}?multipart-manifest=get", {}),
        ("GET", "/v2/AUTH_a/c/o", {}),
        ("PUT", PATH, {"X_Colour": "red"}),
        ("PUT", "/v1/AUTH_a/full/o", {}),
        ("GET", "/v1/AUTH_a/nowhere/o", {}),
        ("GET", "/v1/AUTH_a/c+hidden/o", {}),
        ("PUT", "/v1/AUTH_full/c/o", {}),
    ],
)
def test_others_do_not(
    row: Row, method: str, path: str, headers: dict[str, str]
) -> None:
    row.ask(method, path, **headers)
    assert row.counts == [1, 1, 1]


def test_only_puts_are_about_the_account(row: Row) -> None:
    row.ask("GET", "/v1/AUTH_full/c/o")
    row.ask("DELETE", "/v1/AUTH_full/c/o")
    assert row.counts == [0, 0, 0]


@pytest.mark.parametrize(
    "context",
    [
        Context(),
        replace(KNOWN, is_internal=True),
        replace(KNOWN, is_s3=True),
        replace(KNOWN, allow_reserved_names=True),
    ],
)
def test_not_just_any_client(row: Row, context: Context) -> None:
    row.ask("GET", context=context)
    assert row.counts == [1, 1, 1]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_reply_with_a_mark_is_asked_for_again(row: Row, method: str) -> None:
    pieces: Any = [b"the manifest"]
    row.server.on(method, PATH, Answer(200, [("X-Mark", "1")], pieces), Answer(204))
    assert row.ask(method).status == 204
    assert (row.counts, row.last.asked) == ([1, 1, 1], 2)
    body: Body = row.server.bodies[0]
    assert body.closed


def test_marks_mean_nothing_after_writes(row: Row) -> None:
    row.server.on("PUT", PATH, Answer(201, [("X-Mark", "1")]))
    assert row.ask("PUT").status == 201
    assert row.counts == [0, 0, 0]


def test_without_such_filters_there_is_none() -> None:
    pipeline = Watcher(Watcher(SwiftApp(), None), None)
    assert shortened(pipeline) is pipeline
    assert not any(isinstance(layer, Shortcut) for layer in layers(pipeline))


def test_it_may_be_the_first() -> None:
    app = shortened(Watcher(SwiftApp(), Concerns()))
    assert isinstance(app, Shortcut)


def test_which_of_our_filters_can_be_passed_by() -> None:
    app: Any = SwiftApp()
    for name in reversed(DEFAULT_PIPELINE):
        (entry,) = entry_points(group=ENTRY_POINTS).select(name=name)
        options = {"user_a_b": "c"} if name == "tempauth" else {}
        app = entry.load()({"cluster_secret": "x"}, **options)(app)
    names = [type(layer).__module__.rpartition(".")[2] for layer in layers(app)]
    after = [type(layer).__module__ for layer in layers(shortened(app))]
    place = after.index(Shortcut.__module__)
    # All behind the one that recognises clients.
    assert names[place - 1] == "tempauth"
    passed = [layer for layer in layers(app) if getattr(layer, "concerns", None)]
    assert len(passed) == len(names) - place - 1
