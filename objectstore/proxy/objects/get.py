"""GET and HEAD of an object."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from objectstore.kernel import byte_ranges as ranges
from objectstore.kernel.conditions import Conditions, range_still_holds
from objectstore.kernel.reply import HeaderList, Reply, text_reply
from objectstore.kernel.request import Request
from objectstore.kernel.timestamps import to_text
from objectstore.proxy.known.lookups import Found, look_up
from objectstore.proxy.objects.fragment_get import read_fragments
from objectstore.proxy.objects.replica_body import read_body
from objectstore.proxy.objects.target import ObjectTarget
from objectstore.proxy.parts import Parts
from objectstore.proxy.protocol.dates import http_date, whole_seconds
from objectstore.proxy.protocol.expiry import has_expired
from objectstore.proxy.protocol.headers import REDUCED, is_set
from objectstore.wire.layouts import LAYOUT
from objectstore.wire.records import ObjectState

# Of ``object_headers``: those before the metadata, which describes the object's
# bytes and would be wrong on a page that says what went wrong.
_OWN_HEADERS = 5

DATA_TIMESTAMP = "X-Backend-Data-Timestamp"
# Of what is not there any more, for filters that write in its place.
GONE_TIMESTAMP = "X-Backend-Timestamp"
SEALED = (
    "The object was stored with an encryption key of its client's (S3's SSE-C) and can "
    "be read through S3 only, with that key."
)


def get_object(parts: Parts, target: ObjectTarget) -> Reply:
    """The object's headers and, for GET, its bytes or the ranges asked for."""
    request = target.request
    environ = request.environ
    is_head = request.method == "HEAD"
    newest = is_set(request, "HTTP_X_NEWEST")
    found = look_up(
        parts.rounds,
        target.group,
        target.key,
        want_body=not is_head,
        newest=newest,
    )
    if found.state is not None and LAYOUT in found.state.system_metadata:
        found.unfold()
    state = found.state
    consistency = [REDUCED] if found.is_reduced else []
    if state is not None and not is_head and _is_sealed(request, state):
        return text_reply(400, SEALED, consistency)
    conditions = Conditions.of(request)
    has_range = "HTTP_RANGE" in environ
    if state is None or not state.exists or has_expired(state, parts.clock.time()):
        status = conditions.evaluate_absent() if conditions else 404
        if state is not None and request.context.is_internal:
            gone = (GONE_TIMESTAMP, to_text(state.newest))
            return text_reply(status, "", [*consistency, gone])
        return text_reply(status, "", consistency)
    if (has_range or conditions is not None) and _only_leads(request, state):
        has_range, conditions = False, None
    headers = object_headers(state) + consistency
    if conditions is not None:
        etag = conditional_etag(request, state)
        status = conditions.evaluate(etag, whole_seconds(state.modified))
        if status == 304:
            return Reply(304, (), headers)
        if status:
            return text_reply(status, "", headers[1:_OWN_HEADERS])
    if is_head:
        headers.append(("Content-Length", str(state.size)))
        return Reply(200, (), headers)
    if has_range:
        slices = wanted_slices(request, state)
        if slices is not None:
            return _partial(parts, target, found, headers, slices)
    return Reply(200, *_whole(parts, target, found, headers))


def object_headers(state: ObjectState) -> HeaderList:
    """What GET and HEAD say of the object, but its length; Content-Type first."""
    modified = state.modified
    headers = [
        ("Content-Type", state.content_type),
        ("Etag", state.etag),
        ("Last-Modified", http_date(modified)),
        ("X-Timestamp", to_text(modified)),
        ("Accept-Ranges", "bytes"),
    ]
    if state.metadata:
        headers.extend(state.metadata.items())
    if state.system_metadata:
        headers.extend(state.system_metadata.items())
    if state.delete_at:
        headers.append(("X-Delete-At", str(state.delete_at)))
    if modified != state.timestamp:
        # For filters only: how old the data is, whatever was said of it later.
        headers.append((DATA_TIMESTAMP, to_text(state.timestamp)))
    return headers


def conditional_etag(request: Request, state: ObjectState) -> str:
    """The ETag that the request's conditions are about."""
    for name in request.context.etag_is_at:
        etag = state.system_metadata.get(name)
        if etag:
            return etag
    return state.etag


def _only_leads(request: Request, state: ObjectState) -> bool:
    """Whether the object only leads to the one that the request is about."""
    return any(
        name in state.system_metadata or name in state.metadata
        for name in request.context.unconditional_if
    )


def _is_sealed(request: Request, state: ObjectState) -> bool:
    """Whether the bytes are such as the reader could make nothing of."""
    context = request.context
    return not context.opens_sealed and any(
        name in state.system_metadata for name in context.sealed_if
    )


def wanted_slices(request: Request, state: ObjectState) -> list[ranges.Slice] | None:
    """The slices that the Range header asks for; None: the whole object."""
    for name in request.context.whole_if:
        if name in state.system_metadata:
            return None
    specs = ranges.parse_range(request.environ["HTTP_RANGE"])
    if specs is None:
        return None
    if_range = request.header("If-Range")
    etag = conditional_etag(request, state)
    if not range_still_holds(if_range, etag, whole_seconds(state.modified)):
        return None
    return ranges.resolve(specs, state.size)


def _whole(
    parts: Parts, target: ObjectTarget, found: Found, headers: HeaderList
) -> tuple[Iterable[bytes] | bytes, HeaderList]:
    state = found.state
    assert state is not None
    if found.body is not None:
        return found.body, headers
    headers.append(("Content-Length", str(state.size)))
    return _read(parts, target, found, (0, state.size)), headers


def _read(
    parts: Parts, target: ObjectTarget, found: Found, piece: ranges.Slice
) -> Iterable[bytes]:
    """A slice of the bytes."""
    state = found.state
    assert state is not None
    if found.body is not None:
        return (found.body[piece[0] : piece[1]],)
    if found.layout is not None:
        return read_fragments(parts, target, found.layout, state.timestamp, piece)
    return read_body(found.sources(), target.key, state.timestamp, piece, parts.rounds)


def _partial(
    parts: Parts,
    target: ObjectTarget,
    found: Found,
    headers: HeaderList,
    slices: list[ranges.Slice],
) -> Reply:
    state = found.state
    assert state is not None
    if not slices:
        unsatisfied = ("Content-Range", f"bytes */{state.size}")
        return text_reply(416, "", [unsatisfied, *headers[1:_OWN_HEADERS]])
    if len(slices) == 1:
        piece = slices[0]
        headers.append(("Content-Range", ranges.content_range(piece, state.size)))
        headers.append(("Content-Length", str(piece[1] - piece[0])))
        return Reply(206, _read(parts, target, found, piece), headers)
    multipart = ranges.Multipart(
        slices, state.size, state.content_type, _boundary(target.key, state)
    )
    headers[0] = ("Content-Type", multipart.content_type)
    headers.append(("Content-Length", str(multipart.length)))
    return Reply(206, _MultipartBody(parts, target, found, multipart), headers)


def _boundary(key: bytes, state: ObjectState) -> str:
    """Made of the write's timestamp, which no client could know when he sent
    the bytes: so they do not hold it."""
    text = b"%b %d" % (key, state.timestamp)
    return hashlib.md5(text, usedforsecurity=False).hexdigest()


class _MultipartBody:
    """Several slices, each opened when its turn comes."""

    def __init__(
        self,
        parts: Parts,
        target: ObjectTarget,
        found: Found,
        multipart: ranges.Multipart,
    ) -> None:
        self._origin = (parts, target, found)
        self._multipart = multipart
        self._current: Iterable[bytes] = ()

    def __iter__(self) -> Iterator[bytes]:
        multipart = self._multipart
        for head, piece in zip(multipart.heads, multipart.slices, strict=True):
            yield head
            self._current = _read(*self._origin, piece)
            yield from self._current
            self.close()
            yield b"\r\n"
        yield multipart.tail

    def close(self) -> None:
        """Release what the current slice holds."""
        close = getattr(self._current, "close", None)
        if close is not None:
            close()
        self._current = ()
