"""One HTTP request as filters and servers see it: a typed view of the environ.

WSGI keeps text as latin-1-decoded bytes; everything that leaves this module is
real text (UTF-8).  What filters tell each other about a request travels in one
``Context`` under one environ key, never as loose keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from objectstore.kernel.access import AccessRules, Identity
from objectstore.kernel.errors import Rejected
from objectstore.kernel.known_facts import Facts
from objectstore.kernel.request_text import parse_query, to_text

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Any]
"""A WSGI application (PEP 3333)."""

PathParts = tuple[str, str, str, str]
"""Version, account, container and object; "" for what the path does not name."""

CONTEXT_KEY = "ringstack.context"
# The client's connection, for what has to set an option of it.
SOCKET_KEY = "ringstack.socket"
# Sets of an environ's keys that are remembered where some are looked for.  Clients
# choose them, also those that nobody knows, and send up to 128 KiB of names.
KEY_SETS_MAX = 128


@dataclass(slots=True)
class Context:
    """What the house knows about one request on its way through the pipeline."""

    transaction_id: str = "-"
    identity: Identity | None = None
    # Asked by the proxy once the container's ACL is known: raises Rejected 401
    # or 403.  None: no auth filter stands in the pipeline, everything is allowed.
    authorize: Callable[[Request, AccessRules], None] | None = None
    # The requester owns the account: may see and set ACLs and quotas.
    is_owner: bool = False
    # A request the house makes for itself: limits and rights do not apply.
    is_internal: bool = False
    # Set by the application that wraps the pipeline: filters ask it for ACLs,
    # keys, quotas and the like instead of sending subrequests.
    facts: Facts | None = None
    # The request may name what clients cannot: accounts and containers whose names
    # begin with NUL, where filters keep what belongs to them.
    allow_reserved_names: bool = False
    # Asked by the S3 face: where its versions differ from Swift's, S3's rules hold.
    is_s3: bool = False
    # For filters whose stored bytes are not what a reader gets.  Names of system
    # metadata: the ETag that conditions are about is the value of the first of
    # ``etag_is_at`` that the object has; one that has any of ``whole_if`` is read whole
    # whatever Range says, for the filter gives the range.  One that has any metadata
    # of ``unconditional_if`` is read without conditions and ranges: it only leads to
    # what they are about.
    etag_is_at: tuple[str, ...] = ()
    whole_if: tuple[str, ...] = ()
    unconditional_if: tuple[str, ...] = ()
    # Objects with any of this system metadata are sealed with a key that only their
    # clients have: a GET of one is 400, but for who ``opens_sealed`` (S3's face, which
    # is brought the key; and copies inside the house that keep the metadata).
    sealed_if: tuple[str, ...] = ()
    opens_sealed: bool = False
    # A POST of an object goes ahead only if this is its X-Timestamp still; else 412.
    if_timestamp: str = ""
    # What filters and servers add for the access line: short words.
    log_notes: list[str] = field(default_factory=list)
    # PATH_INFO and its parts: a dozen filters ask for the same ones.
    split_path: tuple[str, PathParts] | None = None

    def for_internal(self) -> Context:
        """The context of a subrequest that the house makes on its own behalf."""
        return replace(self, authorize=None, is_owner=True, is_internal=True)


class Request:
    """A request's parts, decoded on first use."""

    __slots__ = ("_path", "_query", "context", "environ", "method")

    def __init__(self, environ: Environ) -> None:
        self.environ = environ
        self.method: str = environ["REQUEST_METHOD"]
        context = environ.get(CONTEXT_KEY)
        if context is None:
            context = environ[CONTEXT_KEY] = Context()
        self.context: Context = context
        self._path: str | None = None
        self._query: dict[str, str] | None = None

    @property
    def path(self) -> str:
        """The decoded path.  Raises Rejected 412 when it is not UTF-8."""
        if self._path is None:
            self._path = to_text(self.environ.get("PATH_INFO", ""))
        return self._path

    def set_path(self, path: str) -> None:
        """Point the request elsewhere (filters that remap or copy)."""
        self._path = path
        self.environ["PATH_INFO"] = path.encode().decode("latin-1")

    def split(self) -> PathParts:
        """(version, account, container, object), "" for each missing part.

        The object keeps its slashes.  A path that does not begin with a slash
        and a version gives ("", "", "", "").  Raises what ``path`` raises.
        """
        raw = self.environ.get("PATH_INFO", "")
        known = self.context.split_path
        if known is not None and known[0] is raw:
            return known[1]
        parts = _split(to_text(raw))
        self.context.split_path = (raw, parts)
        return parts

    @property
    def query(self) -> dict[str, str]:
        """Query parameters; the first of several equal names counts.

        Raises Rejected 412 when one is not UTF-8, 400 when there are too many.
        """
        if self._query is None:
            self._query = parse_query(self.environ.get("QUERY_STRING", ""))
        return self._query

    def set_query(self, query: dict[str, str], query_string: str) -> None:
        """Replace the query (filters that remap)."""
        self._query = query
        self.environ["QUERY_STRING"] = query_string

    def header(self, name: str, default: str = "") -> str:
        """A header's value as text; names are case-insensitive.

        Raises Rejected 400 when it is not UTF-8.
        """
        value: str | None = self.environ.get(_environ_key(name))
        if value is None:
            return default
        if value.isascii():
            return value
        try:
            return value.encode("latin-1").decode("utf-8")
        except UnicodeDecodeError:
            raise Rejected(400, f"{name} must be valid UTF-8") from None

    def has_header(self, name: str) -> bool:
        """Whether the header was sent, be it empty."""
        return _environ_key(name) in self.environ

    def set_header(self, name: str, value: str) -> None:
        """Set or replace a request header."""
        self.environ[_environ_key(name)] = value.encode().decode("latin-1")

    def remove_header(self, name: str) -> None:
        """Take a request header away; harmless when absent."""
        self.environ.pop(_environ_key(name), None)

    def headers_with_prefix(self, prefix: str) -> Iterator[tuple[str, str]]:
        """(Title-Case name, value) of every header that begins with ``prefix``."""
        start = _environ_key(prefix)
        for key in [key for key in self.environ if key.startswith(start)]:
            name = key[5:].replace("_", "-").title()
            yield name, self.header(name)

    @property
    def content_length(self) -> int | None:
        """The body's length; None when it is chunked or there is none."""
        text = self.environ.get("CONTENT_LENGTH")
        return int(text) if text else None

    @property
    def has_body(self) -> bool:
        """Whether a body follows (of known length over zero, or chunked)."""
        return bool(self.content_length) or self.is_chunked

    @property
    def is_chunked(self) -> bool:
        """Whether the body comes in chunks, its length unknown."""
        return "chunked" in self.environ.get("HTTP_TRANSFER_ENCODING", "").lower()

    @property
    def body(self) -> Any:
        """``wsgi.input``: read(n), readinto(view)."""
        return self.environ["wsgi.input"]

    def read_small_body(self, limit: int) -> bytes:
        """The whole body, at most ``limit`` bytes; Rejected 413 beyond."""
        length = self.content_length
        if length is not None and length > limit:
            raise Rejected(413, "Request body is too large")
        if length is None and not self.is_chunked:
            return b""
        pieces: list[bytes] = []
        left = limit + 1
        while left > 0:
            piece = self.body.read(left)
            if not piece:
                break
            pieces.append(piece)
            left -= len(piece)
        if left <= 0:
            raise Rejected(413, "Request body is too large")
        return b"".join(pieces)


def path_parts(environ: Environ) -> PathParts:
    """``Request(environ).split()``, for who asks for nothing else: most filters, of
    most requests."""
    context = environ.get(CONTEXT_KEY)
    known = None if context is None else context.split_path
    if known is not None and known[0] is environ.get("PATH_INFO", ""):
        parts: PathParts = known[1]
        return parts
    return Request(environ).split()


def footers_of(body: Any) -> Mapping[str, str]:
    """System metadata that a request's body knows once it has been read.

    A filter that hashes or encrypts what passes through puts a body of its own in
    the place of ``wsgi.input``, with a method ``footers`` that gives Title-Case
    names of ``X-Object-Sysmeta-`` headers and their values.  They travel with the
    body, so they meet the very PUT that stores it and no other subrequest.
    """
    footers = getattr(body, "footers", None)
    found: Mapping[str, str] = {} if footers is None else footers()
    return found


def _split(path: str) -> PathParts:
    parts = path.split("/", 4)
    if len(parts) < 2 or parts[0]:
        return "", "", "", ""
    parts += [""] * (5 - len(parts))
    return parts[1], parts[2], parts[3], parts[4]


_ENVIRON_KEYS: dict[str, str] = {}
_ENVIRON_KEYS_MAX = 1000


def _environ_key(name: str) -> str:
    key = _ENVIRON_KEYS.get(name)
    if key is None:
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_LENGTH", "CONTENT_TYPE"):
            key = "HTTP_" + key
        if len(_ENVIRON_KEYS) < _ENVIRON_KEYS_MAX:
            _ENVIRON_KEYS[name] = key
    return key
