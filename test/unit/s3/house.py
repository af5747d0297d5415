"""A pipeline with the S3 face over a real proxy on nodes in memory.

Requests are signed by botocore, so what the face computes is checked against an
implementation that is not ours.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from objectstore.kernel.access import Identity
from objectstore.kernel.request import CONTEXT_KEY, Context
from objectstore.middleware.object_versioning import ObjectVersioning
from objectstore.middleware.slo import filter_factory as slo
from objectstore.s3.filter import S3Filter
from objectstore.s3.lock_guard import LockGuard
from objectstore.s3.settings import S3Settings
from objectstore.s3.xml.read import Node, read_document
from test.fakes.swift_features import SwiftFeatures
from test.unit.proxy.cluster import Cluster

HOST = "s3.test"
REGION = "us-east-1"
SMALL_PARTS = S3Settings(min_segment_size=5, sts_secret="a secret of the cluster")


@dataclass(frozen=True)
class User:
    """A user with his secret."""

    name: str
    secret: str
    account: str
    is_owner: bool = True

    @property
    def identity(self) -> Identity:
        account, _, _ = self.name.partition(":")
        owned = (self.account,) if self.is_owner else ()
        return Identity(self.name, (account, self.name), owned)


ALICE = User("alice:owner", "alice's key", "AUTH_alice")
BOB = User("bob:owner", "bob's key", "AUTH_bob")
GUEST = User("alice:guest", "guest's key", "AUTH_alice", is_owner=False)
USERS = {user.name: user for user in (ALICE, BOB, GUEST)}


class FakeAuth:
    """Knows the users; below it everything is allowed."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def secret_for(self, access_key: str) -> tuple[Identity, str] | None:
        user = USERS.get(access_key)
        return None if user is None else (user.identity, user.secret)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        return self.app(environ, start_response)


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def xml(self) -> Node:
        return read_document(self.body, keep_space=True)

    @property
    def code(self) -> str:
        """The error code of an error."""
        return self.xml.get("Code") if self.body else ""


@dataclass
class House:
    """The store, and how it is asked."""

    settings: S3Settings = SMALL_PARTS
    cluster: Cluster = field(default_factory=Cluster)
    # Large objects and versions: the fake's, or the real filters'.
    features_over: Callable[[Any], Any] = SwiftFeatures

    def __post_init__(self) -> None:
        self.proxy = self.cluster.app
        self.features = self.features_over(self.proxy)
        self.clock = self.cluster.clock
        guarded = LockGuard(self.features)
        self.app = S3Filter(FakeAuth(guarded), self.settings, self.clock)
        for user in USERS.values():
            self.cluster.ask("PUT", f"/{user.account}")

    def ask(
        self,
        method: str,
        path: str,
        query: str = "",
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        user: User | None = ALICE,
        *,
        presigned: int = 0,
        token: str | None = None,
    ) -> Answer:
        """Send a request, signed by ``user`` (None: unsigned)."""
        return self.send(
            self.environ(
                method,
                path,
                query,
                body,
                headers,
                user,
                presigned=presigned,
                token=token,
            )
        )

    def environ(
        self,
        method: str,
        path: str,
        query: str = "",
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        user: User | None = ALICE,
        *,
        presigned: int = 0,
        token: str | None = None,
        content_sha256: str = "",
    ) -> dict[str, Any]:
        """The request as the edge would give it; ``content_sha256``: announced in the
        place of the body's own."""
        target = quote(path, safe="/-_.~") + (f"?{query}" if query else "")
        request = AWSRequest(method, f"http://{HOST}{target}", headers or {}, body)
        if user is not None:
            credentials = Credentials(user.name, user.secret, token)
            if presigned:
                S3SigV4QueryAuth(credentials, "s3", REGION, presigned).add_auth(request)
            else:
                auth = S3SigV4Auth(credentials, "s3", REGION)
                if content_sha256:
                    auth.payload = lambda request: content_sha256
                auth.add_auth(request)
        url = request.url.partition(HOST)[2]
        raw_path, _, raw_query = url.partition("?")
        environ = self.bare(method, raw_path, raw_query, body)
        for name, value in request.headers.items():
            key = name.upper().replace("-", "_")
            if key not in ("CONTENT_LENGTH", "CONTENT_TYPE"):
                key = "HTTP_" + key
            carried = (
                value.encode().decode("latin-1")
                if isinstance(value, str)
                else value.decode("latin-1")
            )
            environ[key] = carried
        return environ

    def bare(
        self, method: str, raw_path: str, raw_query: str, body: bytes
    ) -> dict[str, Any]:
        context = Context("tx-test", facts=self.proxy.facts)
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(raw_path).encode().decode("latin-1"),
            "RAW_PATH_INFO": raw_path,
            "QUERY_STRING": raw_query,
            "HTTP_HOST": HOST,
            "REMOTE_ADDR": "192.0.2.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            CONTEXT_KEY: context,
        }
        if body or method in ("PUT", "POST"):
            environ["CONTENT_LENGTH"] = str(len(body))
        return environ

    def send(self, environ: dict[str, Any]) -> Answer:
        head: list[Any] = []

        def start_response(status: str, headers: Any, exc_info: Any = None) -> None:
            head[:] = [status, headers]

        result = self.app(environ, start_response)
        body = b"".join(result)
        close = getattr(result, "close", None)
        if close is not None:
            close()
        headers = {name.lower(): value for name, value in head[1]}
        return Answer(int(head[0][:3]), headers, body)

    def bucket(self, name: str = "bucket", user: User = ALICE, **headers: str) -> str:
        """Create a bucket; its path."""
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        answer = self.ask("PUT", f"/{name}", headers=named, user=user)
        assert answer.status == 200, answer.body
        return f"/{name}"


def house_with_real_filters() -> House:
    """A store whose large objects and versions are not the fake's."""
    cluster = Cluster()

    def features(app: Any) -> Any:
        return slo({})(ObjectVersioning(app, cluster.clock))

    return House(cluster=cluster, features_over=features)
