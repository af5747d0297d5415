"""Requests that the S3 face sends down the pipeline, and their answers.

An inner request is made from scratch: of the client's headers only those get
through that a verb puts there by name, so no internal header can be smuggled.
S3's own rules have decided by then who may do what; the inner request carries
that decision (``allow``) to whoever asks below.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any
from urllib.parse import quote

from objectstore.kernel.access import AccessRules
from objectstore.kernel.application import directly
from objectstore.kernel.errors import Rejected
from objectstore.kernel.request import (
    CONTEXT_KEY,
    Application,
    Context,
    Environ,
    Request,
)
from objectstore.s3 import sysmeta
from objectstore.s3.dates import shown_modified
from objectstore.s3.header_names import header_names

# What only a client's own key opens, as objects' headers are stored.
SEALED = (sysmeta.SSE_C.title(),)
DRAIN_BYTES_MAX = 64 * 1024
# Filters that have nothing to do with an inner request: what they are for (browsers,
# tokens, signed URLs, web pages) has been dealt with in S3's own way, and a page
# of HTML in the place of a listing would be wrong.
_PASSED_BY = frozenset(
    {
        *("cors", "container_sync", "tempurl", "formpost", "identity", "tempauth"),
        *("staticweb", "bulk"),
    }
)
# And those that only have to do with writes: reads of objects begin below them too.
_PASSED_BY_READS = _PASSED_BY | {
    *("copy", "account_quotas", "container_quotas", "lock_guard")
}
# And those that look through replies to reads for objects that are not what they seem,
# and at writes for headers and containers that a plain one has not.
_PASSED_BY_PLAIN_REQUESTS = _PASSED_BY_READS | {
    *("slo", "dlo", "symlink", "versioned_writes", "object_versioning")
}


def allow(request: Request, rules: AccessRules) -> None:
    """S3's rules have allowed it already."""
    request.context.is_owner = True


class Answer:
    """An inner request's answer: status, headers by lower-case name, body."""

    __slots__ = ("_headers", "body", "line", "pairs", "status")

    def __init__(
        self, line: str, pairs: list[tuple[str, str]], body: Iterable[bytes]
    ) -> None:
        self.line = line
        self.status = int(line[:3])
        self.pairs = pairs
        self.body = body
        self._headers: dict[str, str] | None = None

    @classmethod
    def of(cls, rejected: Rejected) -> Answer:
        """The answer that an exception stands for."""
        body = [rejected.text.encode()]
        return cls(str(rejected.status), list(rejected.headers), body)

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def is_reduced(self) -> bool:
        """Whether too few replicas answered to know that nothing is newer."""
        return self.get("x-ringstack-consistency") == "reduced"

    @property
    def headers(self) -> dict[str, str]:
        """Lower-case names to text; the last of several."""
        if self._headers is None:
            self._headers = {
                name.lower(): value
                if value.isascii()
                else value.encode("latin-1").decode("utf-8", "replace")
                for name, value in self.pairs
            }
        return self._headers

    def get(self, name: str, default: str = "") -> str:
        """A header by lower-case name."""
        return self.headers.get(name, default)

    @property
    def modified(self) -> str:
        """When the object was modified, as S3 tells it."""
        return shown_modified(self.get("last-modified"), self.get("x-timestamp"))

    def read(self, limit: int) -> bytes:
        """The body, at most ``limit`` bytes of it; closes it."""
        pieces: list[bytes] = []
        size = 0
        try:
            for piece in self.body:
                pieces.append(piece)
                size += len(piece)
                if size >= limit:
                    break
        finally:
            self.close()
        return b"".join(pieces)[:limit]

    def discard(self) -> Answer:
        """Be done with the body: read it when short, close it."""
        length = self.get("content-length")
        if length.isdigit() and int(length) <= DRAIN_BYTES_MAX:
            for _ in self.body:
                pass
        self.close()
        return self

    def close(self) -> None:
        """Close the body."""
        close = getattr(self.body, "close", None)
        if close is not None:
            close()


def first_concerned(app: Application, passed: Set[str] = _PASSED_BY) -> Application:
    """The outermost filter that inner requests have to go through."""
    layer: Any = app
    while _name(layer) in passed and hasattr(layer, "app"):
        layer = layer.app
    found: Application = layer
    return found


def _name(layer: object) -> str:
    return type(layer).__module__.rpartition(".")[2]


class Store:
    """The Swift application below.

    ``straight_app`` is where ``plain_requests`` are sent.
    """

    __slots__ = ("_app", "_reading_app", "_straight_rights", "straight_app")

    def __init__(self, app: Application) -> None:
        self._app = directly(first_concerned(app))
        self._reading_app = directly(first_concerned(app, _PASSED_BY_READS))
        straight_app = first_concerned(app, _PASSED_BY_PLAIN_REQUESTS)
        self.straight_app = directly(straight_app)
        # Where no filter is left, nobody but the server asks for rights.
        is_last = not hasattr(straight_app, "app")
        self._straight_rights = None if is_last else allow

    def straight_context(self, context: Context) -> Context:
        """The context of a plain request."""
        return Context(
            context.transaction_id,
            context.identity,
            self._straight_rights,
            True,
            False,
            context.facts,
            False,
            True,
            log_notes=context.log_notes,
        )

    def ask(
        self,
        environ: Environ,
        method: str,
        account: str,
        container: str = "",
        name: str = "",
        *,
        query: str = "",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        stream: Any = None,
        length: int | None = None,
        internal: bool = False,
        if_timestamp: str = "",
    ) -> Answer:
        """Send a request on behalf of ``environ``'s; see ``Answer``.

        ``headers`` are HTTP header names and text values.  ``internal``: the
        house asks for itself, limits such as quotas do not apply.  ``if_timestamp``: a
        POST is 412 when the object's X-Timestamp is another.
        """
        made = header_names(environ).inherit(environ)
        path = f"/v1/{account}"
        if container:
            path = f"{path}/{container}/{name}" if name else f"{path}/{container}"
        if not path.isascii():
            path = path.encode().decode("latin-1")
        made["REQUEST_METHOD"] = method
        made["PATH_INFO"] = path
        made["QUERY_STRING"] = query
        if body is not None:
            stream, length = io.BytesIO(body), len(body)
        elif stream is None:
            stream, length = io.BytesIO(), 0 if method in ("PUT", "POST") else None
        made["wsgi.input"] = stream
        if length is not None:
            made["CONTENT_LENGTH"] = str(length)
        if headers:
            _put_headers(made, headers)
        context: Context = environ[CONTEXT_KEY]
        # A new one for each: what filters note in it is about one request.
        made[CONTEXT_KEY] = Context(
            context.transaction_id,
            context.identity,
            None if internal else allow,
            True,
            internal,
            context.facts,
            is_s3=True,
            if_timestamp=if_timestamp,
            sealed_if=SEALED,
            opens_sealed=True,
            log_notes=context.log_notes,
        )
        reads = name and method in ("GET", "HEAD")
        try:
            return send(self._reading_app if reads else self._app, made)
        except Rejected as rejected:
            return Answer.of(rejected)


def send(app: Application, environ: Environ) -> Answer:
    """The application's answer to a request that is whole already."""
    head: list[Any] = []

    def start_response(status: str, headers: Any, exc_info: Any = None) -> None:
        head[:] = (status, headers)

    body = app(environ, start_response)
    if not head:
        # PEP 3333 lets a generator begin with its first piece.
        body = _begun(iter(body))
    return Answer(head[0], head[1], body)


def _put_headers(environ: Environ, headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = "HTTP_" + key
        environ[key] = value if value.isascii() else value.encode().decode("latin-1")


def _begun(pieces: Iterator[bytes]) -> Iterator[bytes]:
    first = next(pieces, b"")

    def rest() -> Iterator[bytes]:
        yield first
        yield from pieces

    return rest()


def query_string(**parameters: str | int) -> str:
    """A query string of the parameters that are not empty."""
    return "&".join(
        f"{name}={quote(str(value), safe='')}"
        for name, value in parameters.items()
        if value != ""
    )
