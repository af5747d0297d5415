"""SigV4's canonical form of a request: what client and server both hash.

WSGI carries bytes as latin-1 text, so everything here is such text and is
turned into the very bytes that the client signed in one go at the end.  S3 does
not normalise paths: ``..`` and ``//`` stay as they are.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote_to_bytes

from objectstore.kernel.request import Environ
from objectstore.kernel.request_text import QUERY_PARAMETERS_MAX
from objectstore.s3.errors import S3Error
from objectstore.s3.header_names import header_names

# AWS bounds the whole head at 8 KiB; no client signs so many headers.
SIGNED_HEADERS_MAX = 100

Pairs = list[tuple[bytes, bytes]]
# Looking first takes a fifth of the time.
stays = re.compile("[A-Za-z0-9/_.~-]*").fullmatch
# Parameters that are encoded as they are signed: neither more nor less than has to be.
_ESCAPED = "%(?!2[DE]|3[0-9]|4[1-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE])[0-9A-F]{2}"
_TEXT = f"(?:[A-Za-z0-9_.~-]|{_ESCAPED})"
_PARAMETER = f"{_TEXT}+(?:={_TEXT}*)?"
_is_ready = re.compile(f"{_PARAMETER}(?:&{_PARAMETER})*").fullmatch


def query_pairs(query_string: str) -> Pairs:
    """The query's parameters, decoded, in the order they came."""
    pairs: Pairs = []
    if not query_string:
        return pairs
    parts = query_string.split("&", QUERY_PARAMETERS_MAX)
    if len(parts) > QUERY_PARAMETERS_MAX:
        raise S3Error("InvalidRequest", "Too many query parameters")
    for part in parts:
        if part:
            name, _, value = part.partition("=")
            pairs.append((_decoded(name), _decoded(value)))
    return pairs


def _decoded(part: str) -> bytes:
    raw = part.encode("latin-1")
    # A plus in a query is a space to the verbs; a client that means it signs %20.
    return unquote_to_bytes(raw.replace(b"+", b" "))


def canonical_path(path_info: str) -> str:
    """The decoded path, encoded once, slashes kept."""
    if stays(path_info):
        return path_info
    return quote(path_info.encode("latin-1"), safe="/-_.~")


def canonical_query(pairs: Pairs, *, without: bytes = b"") -> str:
    """The parameters sorted and encoded; ``without`` names the signature's own."""
    encoded = [
        (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
        for name, value in pairs
        if name != without
    ]
    encoded.sort()
    return "&".join([f"{name}={value}" for name, value in encoded])


def ready_query(query_string: str) -> str | None:
    """The canonical query of one whose parameters need no more than to be sorted, as
    SDKs send them; None for every other."""
    if not _is_ready(query_string):
        return None
    parts = query_string.split("&")
    if len(parts) > QUERY_PARAMETERS_MAX or "X-Amz-S" in query_string:
        return None
    if len(parts) == 1:
        return query_string if "=" in query_string else f"{query_string}="
    # Names decide first: "a" comes before "a-b", though "a=" comes after "a-b=".
    pairs = sorted([part.partition("=")[::2] for part in parts])
    return "&".join([f"{name}={value}" for name, value in pairs])


class SignedHeaders:
    """The list of headers that a client says it signed, ready for use."""

    __slots__ = ("_keys", "_lines", "names", "text")

    def __init__(self, text: str) -> None:
        self.names = signed_header_names(text)
        self.text = ";".join(self.names)
        self._lines = [(name, _environ_key(name)) for name in self.names]
        self._keys = frozenset(key for _, key in self._lines)

    @property
    def keys(self) -> tuple[str, ...]:
        """The environ keys of the names, in their order."""
        return tuple([key for _, key in self._lines])

    def canonical(self, environ: Environ) -> str:
        """``name:value`` lines, blanks squeezed.

        A signed header that was not sent gives a mismatch, as it should.
        """
        get = environ.get
        lines = []
        for name, key in self._lines:
            value: str = get(key, "")
            if "  " in value or value[:1] == " " or value[-1:] == " ":
                value = " ".join([part for part in value.split(" ") if part])
            lines.append(f"{name}:{value}\n")
        return "".join(lines)

    def check(self, environ: Environ) -> None:
        """Host and every ``x-amz-`` header that came must be signed.

        Otherwise whoever holds a presigned URL could add an ``x-amz-copy-source``
        (or an ACL) to it and make the signer's rights do something else.
        """
        keys = self._keys
        if "HTTP_HOST" not in keys:
            raise _not_signed("host")
        for key in header_names(environ).amazon:
            if key not in keys:
                raise _not_signed(key[5:].lower().replace("_", "-"))


def _environ_key(name: str) -> str:
    key = name.upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"


def _not_signed(name: str) -> S3Error:
    return S3Error(
        "AccessDenied",
        "There were headers present in the request which were not signed",
        HeadersNotSigned=name,
    )


def signed_header_names(text: str) -> list[str]:
    """The list a client says it signed: lower case, sorted as given."""
    names = text.split(";", SIGNED_HEADERS_MAX)
    if len(names) > SIGNED_HEADERS_MAX or not all(names):
        raise S3Error("AuthorizationHeaderMalformed")
    return [name.lower() for name in names]


def canonical_request(
    method: str, path: str, query: str, headers: str, signed: str, payload: str
) -> bytes:
    """The six parts as the bytes that are hashed."""
    return f"{method}\n{path}\n{query}\n{headers}\n{signed}\n{payload}".encode(
        "latin-1"
    )
