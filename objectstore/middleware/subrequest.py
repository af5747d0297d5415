"""Requests that a filter sends down the pipeline, and replies as values.

``ask`` runs the inner application and brings its answer back as a ``Reply``
whose body is still the application's own iterable: nothing is buffered, and
whoever takes a reply either hands it on or closes it (``discard``).

A subrequest has a *copy* of the context, so that what the authorisation of
one side finds out (``is_owner``) does not leak to the other side.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.kernel.reply import HeaderList, Reply, rejection
from objectstore.kernel.request import (
    CONTEXT_KEY,
    Application,
    Context,
    Environ,
    StartResponse,
)
from objectstore.middleware.iterable_input import EMPTY_INPUT

# What of the client's request says something about its body only, or asks for a
# condition that was meant for the client's own request.
_BODY_KEYS = ("CONTENT_LENGTH", "CONTENT_TYPE", "HTTP_TRANSFER_ENCODING", "HTTP_ETAG")
_CONDITION_KEYS = (
    "HTTP_RANGE",
    "HTTP_IF_RANGE",
    "HTTP_IF_MATCH",
    "HTTP_IF_NONE_MATCH",
    "HTTP_IF_MODIFIED_SINCE",
    "HTTP_IF_UNMODIFIED_SINCE",
    "HTTP_EXPECT",
)
# Small error bodies are read to their end, so that connections can be reused.
DISCARD_BYTES_MAX = 64 * 1024


def sub_environ(
    environ: Environ,
    method: str,
    path: str,
    query_string: str = "",
    *,
    keep_conditions: bool = False,
    internal: bool = False,
) -> Environ:
    """A bodiless request on behalf of ``environ``'s, to ``path`` (real text).

    ``internal``: the house asks on its own account; no rights are checked.
    """
    made = dict(environ)
    for key in _BODY_KEYS if keep_conditions else _BODY_KEYS + _CONDITION_KEYS:
        made.pop(key, None)
    made["REQUEST_METHOD"] = method
    made["PATH_INFO"] = path.encode().decode("latin-1")
    made["QUERY_STRING"] = query_string
    made["wsgi.input"] = EMPTY_INPUT
    context: Context = environ.get(CONTEXT_KEY) or Context()
    made[CONTEXT_KEY] = (
        context.for_internal() if internal else dataclasses.replace(context)
    )
    return made


def ask(application: Application, environ: Environ) -> Reply:
    """The application's reply.  A ``Rejected`` becomes the reply it stands for."""
    head: list[Any] = []

    def start_response(
        status: str, headers: HeaderList, exc_info: object = None
    ) -> None:
        head[:] = [status, headers]

    try:
        body = application(environ, start_response)
        if not head:
            # PEP 3333 lets a generator start the reply with its first piece.
            body = _begun(body)
    except Rejected as error:
        return rejection(error)
    reply = Reply(int(head[0][:3]), _NO_BODY, _as_text(head[1]))
    reply.body = body
    return reply


def pass_unless_marked(
    application: Application,
    environ: Environ,
    start_response: StartResponse,
    header: str,
) -> Iterable[bytes] | Reply:
    """The application's answer, begun with ``start_response``; but one that bears
    ``header`` is held back, as a ``Reply``, for the filter to make another of it.

    What most requests get, an answer without the mark, costs one look at its headers.
    """
    held: list[Any] = []

    def start(status: str, headers: HeaderList, exc_info: Any = None) -> Any:
        for pair in headers:
            if pair[0] == header:
                held[:] = status, headers
                return None
        if exc_info is None:
            return start_response(status, headers)
        return start_response(status, headers, exc_info)

    body: Iterable[bytes] = application(environ, start)
    if not held:
        return body
    reply = Reply(int(held[0][:3]), _NO_BODY, _as_text(held[1]))
    reply.body = body
    return reply


def status_of(application: Application, environ: Environ) -> int:
    """The reply's status, 503 when the store does not answer; its body is not read."""
    try:
        reply = ask(application, environ)
    except Unavailable:
        return 503
    discard(reply)
    return reply.status


def discard(reply: Reply) -> None:
    """Be done with a reply's body: read it out when short, and close it."""
    length = reply.header("Content-Length")
    if length.isdigit() and int(length) <= DISCARD_BYTES_MAX:
        for _ in reply.body:
            pass
    close_body(reply.body)


def read_reply(reply: Reply, limit: int) -> bytes:
    """The reply's body, at most ``limit`` bytes of it, and close it."""
    pieces: list[bytes] = []
    size = 0
    for piece in reply.body:
        pieces.append(piece)
        size += len(piece)
        if size >= limit:
            break
    close_body(reply.body)
    return b"".join(pieces)[:limit]


def close_body(body: object) -> None:
    """Call the body's ``close`` if it has one."""
    close = getattr(body, "close", None)
    if close is not None:
        close()


class _Begun:
    """An iterator whose first piece has already been fetched."""

    __slots__ = ("_body", "_first", "_rest")

    def __init__(self, first: bytes | None, rest: Iterator[bytes], body: object):
        self._first = first
        self._rest = rest
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        if self._first is not None:
            first, self._first = self._first, None
            yield first
        yield from self._rest

    def close(self) -> None:
        """Close the body underneath."""
        close_body(self._body)


def _begun(body: Iterable[bytes]) -> _Begun:
    rest = iter(body)
    return _Begun(next(rest, None), rest, body)


# Reply counts the bytes of a body that is bytes; a streamed one brings its length.
_NO_BODY: tuple[bytes, ...] = ()


def _as_text(headers: HeaderList) -> HeaderList:
    """WSGI's latin-1-carried header values as text (``Reply`` turns them back)."""
    return [
        (name, value if value.isascii() else _utf8(value)) for name, value in headers
    ]


def _utf8(value: str) -> str:
    return value.encode("latin-1").decode("utf-8", "replace")
