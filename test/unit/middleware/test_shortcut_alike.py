"""Nobody can tell by the answers whether a request passed the filters by: the same
random requests to a store with the shortcut and to one without it."""

from __future__ import annotations

import json
import random
import re
from importlib.metadata import entry_points
from typing import Any

import pytest

from objectstore.kernel.request import CONTEXT_KEY, Context
from objectstore.middleware.order import DEFAULT_PIPELINE, ENTRY_POINTS
from objectstore.middleware.shortcut import Shortcut, shortened
from objectstore.s3.inner import SEALED
from test.fakes.swift_app import Client, Got
from test.unit.proxy.cluster import Cluster

REQUESTS = 400
USERS = {
    "user_test_tester": "testing .admin",
    "user_test_guest": "guesting",
    "user_test2_other": "othering .admin",
    "user_admin_admin": "admin .admin .reseller_admin",
}
NOBODY = ""
PEOPLE = ("test:tester", "test:tester", "test:guest", "test2:other", "admin:admin")
ROOT = "/v1/AUTH_test"
KINDS_OF_CONTAINERS = {
    "plain": {},
    "public": {
        "X-Container-Read": ".r:*,.rlistings",
        "X-Container-Meta-Web-Index": "o1",
    },
    "shared": {"X-Container-Read": "test:guest", "X-Container-Write": "test:guest"},
    "small": {"X-Container-Meta-Quota-Bytes": "40"},
    "few": {"X-Container-Meta-Quota-Count": "2"},
    "stacked": {"X-Versions-Location": "old"},
    "history": {"X-History-Location": "old"},
    "old": {},
    "versioned": {"X-Versions-Enabled": "true"},
    "plain+segments": {},
}
CONTAINERS = (*KINDS_OF_CONTAINERS, "none", "\0hidden", *("plain", "shared") * 3)
CHANGES = (
    {"X-Container-Meta-Quota-Count": "1"},
    {"X-Container-Meta-Quota-Count": ""},
    {"X-Container-Read": "test:guest"},
    {"X-Remove-Container-Read": "x"},
    {"X-Versions-Enabled": "false"},
    {"X-Versions-Enabled": "true"},
    {"X-Remove-Versions-Location": "x"},
)
NAMES = ("o", "é/", "sealed", "part/1")
QUERIES = ("",) * 20 + (
    "multipart-manifest=get",
    "symlink=get",
    "version-id=null",
    "x=1",
)
HEADERS: tuple[dict[str, str], ...] = (
    *({},) * 25,
    {"Range": "bytes=1-3"},
    {"Range": "bytes=900-"},
    {"If-None-Match": "*"},
    {"If-Match": "0" * 32},
    {"X-Newest": "true"},
    {"X-Web-Mode": "true"},
    {"X-Object-Meta-Color": "red"},
    {"X-Delete-After": "1000"},
    {"X-Copy-From": "plain/o"},
    {"X-Static-Large-Object": "true"},
    {"X-Object-Sysmeta-Slo-Size": "9"},
    {"ETag": "0" * 32},
)
# What is of the moment, or of this request alone.
_VOLATILE_HEADERS = {"Last-Modified", "X-Delete-At", "X-Copied-From-Last-Modified"}
_VOLATILE = re.compile(
    rb"tx[0-9a-f]{8,}(-[0-9a-f]+)?|\d{10}\.\d{5}|\d{4}-\d\d-\d\dT[\d:.]+"
)


class House:
    """A store in memory behind the default pipeline, which may have the shortcut."""

    def __init__(self, *, is_short: bool) -> None:
        self.cluster = Cluster()
        app: Any = self.cluster.app
        for name in reversed(DEFAULT_PIPELINE):
            (entry,) = entry_points(group=ENTRY_POINTS).select(name=name)
            options = USERS if name == "tempauth" else {}
            app = entry.load()({"cluster_secret": "x"}, **options)(app)
        if is_short:
            app = shortened(app)
        facts: Any = self.cluster.app.facts
        self.ask = Client(app, facts)
        self._inside = Client(self.cluster.app)
        self._tokens = {NOBODY: ""}
        for person in PEOPLE:
            key = USERS["user_" + person.replace(":", "_")].split()[0]
            got = self.ask(
                "GET", "/auth/v1.0", {"X-Auth-User": person, "X-Auth-Key": key}
            )
            self._tokens[person] = got.headers["X-Auth-Token"]

    def send(
        self, person: str, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> Got:
        named = dict(headers)
        if person:
            named["X-Auth-Token"] = self._tokens[person]
        if method in ("PUT", "POST") and not body:
            named["Content-Length"] = "0"
        return self.ask(method, path, named, body)

    def seal(self, path: str, body: bytes) -> None:
        """What S3's face stores for a client with a key of its own."""
        context = Context(is_internal=True, is_s3=True)
        inside = {CONTEXT_KEY: context}
        sealed = dict.fromkeys(SEALED, "x:7")
        assert self._inside("PUT", path, sealed, body, **inside).status in (201, 404)


def _shown(got: Got) -> tuple[int, list[tuple[str, bytes]], bytes]:
    headers = sorted(
        (name, _VOLATILE.sub(b"", value.encode()))
        for name, value in got.headers.items()
        if name not in _VOLATILE_HEADERS
    )
    return got.status, headers, _VOLATILE.sub(b"", got.body)


class Clients:
    """Ask both, and compare."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.houses = [House(is_short=True), House(is_short=False)]
        self.statuses: set[int] = set()
        self.both("test:tester", "PUT", ROOT)
        for name, headers in KINDS_OF_CONTAINERS.items():
            self.both("test:tester", "PUT", f"{ROOT}/{name}", headers)

    def both(
        self,
        person: str,
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
    ) -> None:
        short, long = (
            _shown(house.send(person, method, path, headers or {}, body))
            for house in self.houses
        )
        assert short == long, (person, method, path, headers)
        self.statuses.add(short[0])

    def one(self) -> None:
        choice = self.random.choice
        container = f"{ROOT}/{choice(CONTAINERS)}"
        person = choice((*PEOPLE, NOBODY))
        path = f"{container}/{choice(NAMES)}"
        kind = self.random.random()
        if kind < 0.03:
            self.both("test:tester", "POST", container, choice(CHANGES))
        elif kind < 0.05:
            quota = {"X-Account-Meta-Quota-Bytes": choice(("1", "", ""))}
            self.both("admin:admin", "POST", ROOT, quota)
        elif kind < 0.07:
            self.both("test:tester", choice(("DELETE", "GET")), container)
            self.both("test:tester", "PUT", container)
        elif kind < 0.1:
            for house in self.houses:
                house.seal(f"{ROOT}/plain/sealed", b"0123456789")
        elif kind < 0.13:
            link = {"X-Symlink-Target": f"plain/{choice(NAMES)}"}
            self.both("test:tester", "PUT", path, link)
        elif kind < 0.16:
            self.both("test:tester", "PUT", path, {"X-Object-Manifest": "plain/part"})
        elif kind < 0.2:
            self.both("test:tester", "PUT", f"{ROOT}/plain/part/1", body=b"1234567")
            manifest = json.dumps([{"path": "plain/part/1"}] * 2).encode()
            self.both(
                "test:tester", "PUT", f"{path}?multipart-manifest=put", body=manifest
            )
        else:
            method = choice(("GET", "GET", "HEAD", "PUT", "PUT", "DELETE", "POST"))
            query = choice(QUERIES)
            body = self.random.randbytes(self.random.randrange(30))
            self.both(
                person,
                method,
                f"{path}?{query}" if query else path,
                choice(HEADERS),
                body if method == "PUT" else b"",
            )


@pytest.mark.parametrize("seed", range(3))
def test_nobody_can_tell(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    passed = 0
    is_plain = Shortcut._is_plain

    def counted(self: Shortcut, environ: Any) -> bool:
        nonlocal passed
        found = is_plain(self, environ)
        passed += found
        return found

    monkeypatch.setattr(Shortcut, "_is_plain", counted)
    clients = Clients(seed)
    for _ in range(REQUESTS):
        clients.one()
    assert passed > REQUESTS // 8
    assert {200, 201, 204, 404, 403, 401} <= clients.statuses
