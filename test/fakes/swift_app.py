"""A scripted WSGI application: the server at the end of a pipeline under test.

It records every request with its body, and answers as told: by method and path, or
with its default.  An answer that is an exception is raised.  When the
context carries ``authorize``, it asks it first, with the rules set for the path.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from objectstore.kernel.access import AccessRules
from objectstore.kernel.known_facts import Located
from objectstore.kernel.reply import Reply
from objectstore.kernel.request import CONTEXT_KEY, Context, Request
from objectstore.wire.records import DatabaseInfo


@dataclass
class Seen:
    """One request as the server saw it."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    context: Context


@dataclass
class Answer:
    """What to reply.  Without Content-Length when ``length`` is None."""

    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes | list[bytes] = b""


class SwiftApp:
    """See the module's docstring."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.answers: dict[tuple[str, str], list[Answer | Exception]] = {}
        self.default: Answer | Exception = Answer()
        self.rules: dict[str, AccessRules] = {}
        self.bodies: list[Body] = []

    def on(self, method: str, path: str, *answers: Answer | Exception) -> None:
        """Answer so, one after the other; the last for ever."""
        self.answers[method, path] = list(answers)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        request = Request(environ)
        if request.context.authorize is not None:
            rules = self.rules.get(request.path, AccessRules())
            request.context.authorize(request, rules)
        self.seen.append(_seen(request))
        queue = self.answers.get((request.method, request.path))
        answer: Answer | Exception = self.default
        if queue:
            answer = queue.pop(0) if len(queue) > 1 else queue[0]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer.body, bytes):
            reply = Reply(answer.status, answer.body, list(answer.headers))
        else:
            body = Body(answer.body)
            self.bodies.append(body)
            reply = Reply(answer.status, body, list(answer.headers))
        return reply(environ, start_response)

    @property
    def last(self) -> Seen:
        """The newest request."""
        return self.seen[-1]


class Body:
    """A streamed body that knows whether it was closed."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces
        self.closed = False

    def __iter__(self) -> Any:
        yield from self._pieces

    def close(self) -> None:
        self.closed = True


def _seen(request: Request) -> Seen:
    headers = dict(request.headers_with_prefix(""))
    for key in ("CONTENT_LENGTH", "CONTENT_TYPE"):
        if key in request.environ:
            headers[key.replace("_", "-").title()] = request.environ[key]
    pieces = []
    stream = request.environ.get("wsgi.input")
    while stream is not None and (piece := stream.read(1 << 16)):
        pieces.append(piece)
    query = request.environ.get("QUERY_STRING", "")
    body = b"".join(pieces)
    context = request.context
    return Seen(request.method, request.path, query, headers, body, context)


class KnownFacts:
    """``Facts`` from two tables of metadata."""

    def __init__(
        self,
        accounts: dict[str, dict[str, str]] | None = None,
        containers: dict[tuple[str, str], dict[str, str]] | None = None,
    ) -> None:
        self.accounts = accounts or {}
        self.containers = containers or {}
        self.used: dict[object, int] = {}  # bytes used, by account or (a, c)
        self.count: dict[object, int] = {}

    def account(self, account: str) -> DatabaseInfo | None:
        return self._info(account, account, self.accounts.get(account))

    def fresh_account(self, account: str) -> DatabaseInfo | None:
        return self.account(account)

    def fresh_container(self, account: str, container: str) -> DatabaseInfo | None:
        return self.container(account, container)

    def locate(self, account: str, container: str = "", name: str = "") -> Located:
        raise AssertionError("no filter asks that of these facts")

    def container(self, account: str, container: str) -> DatabaseInfo | None:
        key = (account, container)
        return self._info(container, key, self.containers.get(key))

    def _info(
        self, name: str, key: object, metadata: dict[str, str] | None
    ) -> DatabaseInfo | None:
        if metadata is None:
            return None
        return DatabaseInfo(
            name=name,
            created=1,
            put_timestamp=1,
            deleted_timestamp=0,
            status_changed=1,
            metadata=metadata,
            object_count=self.count.get(key, 0),
            bytes_used=self.used.get(key, 0),
            container_count=0,
            policy=0,
            row_digest="",
            database_id="",
        )


@dataclass
class Got:
    """A reply as a client saw it."""

    status: int
    headers: dict[str, str]
    body: bytes
    raw_headers: list[tuple[str, str]]
    environ: dict[str, Any]


class Client:
    """Sends requests into a WSGI application."""

    def __init__(self, app: Any, facts: KnownFacts | None = None) -> None:
        self.app = app
        self.facts = facts

    def __call__(
        self,
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        body: bytes | Iterable[bytes] = b"",
        **environ: Any,
    ) -> Got:
        made = make_environ(method, path, headers, body)
        if self.facts is not None:
            made[CONTEXT_KEY] = Context(facts=self.facts)
        made.update(environ)
        head: list[Any] = []

        def start_response(status: str, items: Any, exc_info: Any = None) -> None:
            head[:] = [status, items]

        result = self.app(made, start_response)
        try:
            content = b"".join(result)
        finally:
            close = getattr(result, "close", None)
            if close is not None:
                close()
        raw = head[1]
        named = {name.title(): value for name, value in raw}
        return Got(int(head[0][:3]), named, content, raw, made)


class _Input:
    def __init__(self, body: bytes | Iterable[bytes]) -> None:
        pieces = [body] if isinstance(body, bytes) else body
        self._rest = b"".join(pieces)

    def read(self, size: int = -1) -> bytes:
        if size < 0:
            size = len(self._rest)
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece

    def readinto(self, view: Any) -> int:
        piece = self.read(len(view))
        view[: len(piece)] = piece
        return len(piece)


def make_environ(
    method: str,
    path: str,
    headers: dict[str, str] | None = None,
    body: bytes | Iterable[bytes] = b"",
) -> dict[str, Any]:
    """A WSGI environ; ``path`` is real text, perhaps with a query."""
    path, _, query = path.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path.encode().decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8080",
        "REMOTE_ADDR": "10.1.2.3",
        "wsgi.url_scheme": "http",
        "wsgi.input": _Input(body),
    }
    if body and isinstance(body, bytes):
        environ["CONTENT_LENGTH"] = str(len(body))
    for name, value in (headers or {}).items():
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_LENGTH", "CONTENT_TYPE"):
            key = "HTTP_" + key
        environ[key] = value.encode().decode("latin-1")
    return environ


class SteppedClock:
    """A clock that stands until it is set."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.now = now

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now
