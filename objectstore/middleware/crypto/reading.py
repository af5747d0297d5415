"""Reading encrypted bodies: what is kept of them, whole ones and ranges.

A range is read as the blocks that hold it, of the very version whose head was seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import orjson

from objectstore.kernel.byte_ranges import Slice
from objectstore.kernel.errors import Corrupt, Rejected, Unavailable
from objectstore.kernel.reply import Reply, text_reply
from objectstore.kernel.request import Application, Request
from objectstore.middleware.crypto.blocks import block_range, open_blocks, plain_size
from objectstore.middleware.crypto.keys import Keys, PathKey
from objectstore.middleware.crypto.stored import (
    BODY,
    ETAG,
    ETAG_MAC,
    META_PREFIX,
    META_SECRET,
)
from objectstore.middleware.large_objects.ranged_reply import Large
from objectstore.middleware.large_objects.segment_body import Part
from objectstore.middleware.subrequest import ask, close_body, discard, sub_environ
from objectstore.wire.rows import LISTED_ETAG


@dataclass(frozen=True, slots=True)
class Described:
    """What is known of an encrypted body."""

    key: PathKey
    body_key: bytes
    size: int
    etag: str
    has_listed: bool
    has_size: bool


class Opened:
    """A decrypted body that closes the encrypted one."""

    __slots__ = ("_body", "_described", "_piece")

    def __init__(
        self, body: Iterable[bytes], described: Described, piece: Slice
    ) -> None:
        self._body = body
        self._described = described
        self._piece = piece

    def __iter__(self) -> Iterator[bytes]:
        return open_blocks(self._described.body_key, self._body, *self._piece)

    def close(self) -> None:
        """Close the encrypted body."""
        close_body(self._body)


def describe_body(keys: Keys, reply: Reply, path: tuple[str, str, str]) -> Described:
    """What the reply's system metadata says.  Raises ``Corrupt``."""
    secret, _, sealed = reply.header(BODY).partition(";")
    try:
        key = keys.of(secret, *path)
        body = orjson.loads(key.open(sealed, "body"))
        etag = key.open(reply.header(ETAG), "etag").decode()
    except Corrupt:
        close_body(reply.body)
        raise
    return Described(
        key,
        bytes.fromhex(body["key"]),
        body["size"],
        etag,
        body["listed"],
        body["sized"],
    )


def without_key(request: Request, reply: Reply) -> Reply:
    """The answer where the key is gone: to GET, that it is, and the data with it.  HEAD
    tells all that is not sealed, so that what protects the object holds, and it can be
    deleted."""
    if request.method != "HEAD":
        close_body(reply.body)
        return text_reply(409, "The key that this is encrypted with is gone.")
    sealed = (BODY, ETAG, ETAG_MAC, META_SECRET, LISTED_ETAG)
    is_sealed = bool(reply.header(BODY))
    reply.headers = [
        pair
        for pair in reply.headers
        if pair[0] not in sealed and not pair[0].startswith(META_PREFIX)
    ]
    if is_sealed:
        size = plain_size(int(reply.header("Content-Length", "0")))
        reply.set_header("Content-Length", str(size))
    return reply


def ranged(
    app: Application, request: Request, reply: Reply, described: Described
) -> Reply:
    """The ranges that the request asks for; ``reply`` holds the whole."""
    whole = reply.body
    size = described.size
    is_used = False

    def parts(start: int, stop: int) -> Iterator[Part | bytes]:
        yield Part("", "", size, start, stop)

    def open_one(part: Part) -> Iterable[bytes]:
        nonlocal is_used
        if (part.start, part.stop) == (0, size) and not is_used:
            is_used = True
            return Opened(whole, described, (0, size))
        return _open_range(app, request, reply, described, (part.start, part.stop))

    try:
        answer = Large(described.etag, size, parts, open_one).answer(request, reply)
    except (Rejected, Corrupt, Unavailable):
        close_body(whole)
        raise
    if not is_used:
        close_body(whole)
    return answer


def _open_range(
    app: Application,
    request: Request,
    reply: Reply,
    described: Described,
    piece: Slice,
) -> Iterable[bytes]:
    start, stop = block_range(*piece, described.size)
    environ = sub_environ(request.environ, "GET", request.path)
    made = Request(environ)
    made.set_header("Range", f"bytes={start}-{stop - 1}")
    made.set_header("If-Match", f'"{described.key.mac(described.etag)}"')
    context = made.context
    context.whole_if, context.unconditional_if = (), ()
    context.etag_is_at = (ETAG_MAC,)
    blocks = ask(app, environ)
    same = blocks.header("X-Timestamp") == reply.header("X-Timestamp")
    if blocks.status != 206 or not same:
        discard(blocks)
        raise Unavailable("the object was replaced while it was read")
    return Opened(blocks.body, described, piece)
