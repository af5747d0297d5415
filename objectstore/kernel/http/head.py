"""A request's head: from bytes to a checked ``RequestHead``.

llhttp (through httptools) parses the lines; what it leaves open is decided
here.  A head is fed to it whole and alone, up to and with its empty line, so it
never sees a body, and a line end that only one of us recognises is refused
before it looks.
"""

from __future__ import annotations

import re
from urllib.parse import quote_from_bytes

import httptools

from objectstore.kernel.http.framing import (
    CHUNKED,
    Field,
    Malformed,
    request_length,
)
from objectstore.kernel.http.limits import EdgeSettings

END_OF_HEAD = b"\r\n\r\n"
METHODS = {
    name.encode(): name
    for name in ("GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "COPY")
}
# Everything a target may hold stays as it is; what is not ASCII is encoded.
TARGET_SAFE = "".join(map(chr, range(128)))
# What clients of Swift name as they like.  A name of a header is ASCII (RFC 9110);
# theirs, in UTF-8 mostly, are taken for what Swift's documentation asks for:
# percent-encoded.  No other header may be so named: where its name ends might be
# looked at differently by whoever is in front of us.
_METADATA_NAME = re.compile(
    rb"(?<=\r\n)x-(?:remove-)?(?:account|container|object)-meta-[^\r\n:]+",
    re.IGNORECASE,
)
# What can begin a request line: a token (RFC 9110).  A TLS hello cannot.
METHOD_STARTS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
HOST_FORBIDDEN = frozenset(" \t,/?#@\\<>\"'")
PIECES_OF_INTEREST = frozenset(
    {b"content-length", b"transfer-encoding", b"host", b"connection", b"expect"}
)


class RequestHead:
    """What a request says before its body."""

    __slots__ = (
        "body_length",
        "expects_continue",
        "fields",
        "is_http_11",
        "keep_alive",
        "method",
        "path",
        "query",
        "wants_upgrade",
    )

    method: str
    path: str  # as sent, percent-encoded
    query: str
    fields: list[Field]
    is_http_11: bool
    keep_alive: bool
    body_length: int  # or CHUNKED
    expects_continue: bool
    wants_upgrade: bool  # to another protocol, such as WebSocket


class HeadParser:
    """Parses the heads of one connection, one after the other."""

    __slots__ = ("_fields", "_llhttp", "_settings", "_target")

    def __init__(self, settings: EdgeSettings) -> None:
        self._settings = settings
        self._fields: list[Field] = []
        self._target = b""
        self._llhttp: httptools.HttpRequestParser | None = None

    def on_url(self, target: bytes) -> None:
        """llhttp found the request-target (or a part of it)."""
        self._target += target

    def on_header(self, name: bytes, value: bytes) -> None:
        """llhttp found a header line."""
        self._fields.append((name, value))

    def parse(self, raw: bytes) -> RequestHead:
        """The head that ``raw`` (with its empty line) holds, or ``Malformed``."""
        line_end = raw.find(b"\r\n")
        self._check_bytes(raw, line_end)
        if not raw.isascii():
            raw, line_end = _with_ascii_target(raw, line_end)
            raw = _METADATA_NAME.sub(_as_ascii, raw)
        self._fields, self._target = [], b""
        if self._llhttp is None:
            self._llhttp = httptools.HttpRequestParser(self)
        llhttp = self._llhttp
        wants_upgrade = False
        try:
            llhttp.feed_data(raw)
        except httptools.HttpParserUpgrade:
            # An application may take the connection over; if none does, the plain
            # answer declines.
            wants_upgrade = True
            self._llhttp = None
        except httptools.HttpParserError as error:
            self._llhttp = None
            raise self._refusal(error, raw) from None
        head = RequestHead()
        head.wants_upgrade = wants_upgrade
        method = llhttp.get_method()
        head.method = METHODS.get(method) or method.decode("ascii")
        head.fields = self._fields
        version = raw[line_end - 9 : line_end]
        if version == b" HTTP/1.1":
            head.is_http_11 = True
        elif version == b" HTTP/1.0":
            head.is_http_11 = False
        else:
            raise Malformed("HTTP version not supported", 505)
        host = self._read_fields(head)
        self._read_target(head, host)
        if head.body_length:
            self._llhttp = None  # it waits for the body that it will never see
        return head

    def _check_bytes(self, raw: bytes, line_end: int) -> None:
        settings = self._settings
        if line_end > settings.request_line_bytes_max:
            raise Malformed("Request line too long", 414)
        lines = raw.count(b"\r\n")
        if raw.count(b"\n") != lines or raw.count(b"\r") != lines or b"\0" in raw:
            raise Malformed("Invalid line end or NUL in the head")
        if lines - 2 > settings.header_count_max:
            raise Malformed("Too many header lines", 431)
        if len(raw) > settings.header_line_bytes_max:
            longest = max(map(len, raw[line_end + 2 :].split(b"\r\n")))
            if longest > settings.header_line_bytes_max:
                raise Malformed("Header line too long", 431)

    def _refusal(self, error: Exception, raw: bytes) -> Malformed:
        if isinstance(error, httptools.HttpParserInvalidMethodError):
            method = raw.partition(b" ")[0]
            if method.isalpha() and method.isupper() and len(method) <= 32:
                return Malformed("Method not implemented", 501)
        try:
            # llhttp refuses other encodings in words of its own.
            request_length(*_framing_values(self._fields), is_http_11=True)
        except Malformed as malformed:
            return malformed
        return Malformed(str(error) or "Bad request")

    def _read_fields(self, head: RequestHead) -> bytes | None:
        """Take from the fields what framing and connection need; the Host."""
        host: bytes | None = None
        connection = b""
        expect = b""
        lengths: list[bytes] = []
        encodings: list[bytes] = []
        for name, value in head.fields:
            lower = name.lower()
            if lower not in PIECES_OF_INTEREST:
                continue
            if lower == b"host":
                if host is not None:
                    raise Malformed("More than one Host")
                host = value.strip(b" \t")
            elif lower == b"connection":
                connection += b"," + value.lower()
            elif lower == b"expect":
                expect = value.lower()
            elif lower == b"content-length":
                lengths.append(value.rstrip(b" \t"))
            else:
                encodings.append(value.rstrip(b" \t"))
        head.body_length = 0
        if lengths or encodings:
            head.body_length = request_length(
                lengths, encodings, is_http_11=head.is_http_11
            )
        head.expects_continue = False
        if expect:
            if expect != b"100-continue":
                raise Malformed("Expectation failed", 417)
            head.expects_continue = head.is_http_11
        head.keep_alive = _keeps_alive(connection, is_http_11=head.is_http_11)
        return host

    def _read_target(self, head: RequestHead, host: bytes | None) -> None:
        target = self._target.decode("ascii")
        if head.method == "CONNECT":
            raise Malformed("CONNECT is not supported here", 501)
        if target[:1] != "/":
            if target == "*":
                if head.method != "OPTIONS":
                    raise Malformed("Invalid request target")
            else:
                target, host = self._from_absolute(head, target)
        if host is None:
            if head.is_http_11:
                raise Malformed("Missing Host")
        elif not host.isascii() or not HOST_FORBIDDEN.isdisjoint(host.decode()):
            raise Malformed("Invalid Host")
        if "#" in target:
            raise Malformed("Invalid request target")
        head.path, _, head.query = target.partition("?")

    def _from_absolute(self, head: RequestHead, target: str) -> tuple[str, bytes]:
        """(origin-form, authority) of an absolute-form target; its authority
        replaces the Host (RFC 9112, 3.2.2)."""
        scheme, separator, rest = target.partition("://")
        if not separator or scheme.lower() not in ("http", "https"):
            raise Malformed("Invalid request target")
        stop = next((at for at, sign in enumerate(rest) if sign in "/?"), len(rest))
        authority, origin = rest[:stop], rest[stop:]
        if origin[:1] != "/":
            origin = "/" + origin
        host = authority.encode("ascii")
        if not host:
            raise Malformed("Invalid request target")
        head.fields = [pair for pair in head.fields if pair[0].lower() != b"host"]
        head.fields.append((b"Host", host))
        return origin, host


def find_early_fault(first: bytes, fresh: bytes) -> str:
    """What is wrong with a head that is not complete yet; "" if nothing is.

    So that a TLS hello or bare line feeds are answered now, not when the time
    for the head is up.  ``first`` is its first byte, ``fresh`` what came last.
    """
    if first and first[0] not in METHOD_STARTS:
        return "Not an HTTP request"
    if fresh[:1] == b"\n":  # its CR, if any, was seen before
        fresh = fresh[1:]
    if fresh.count(b"\n") != fresh.count(b"\r\n") or b"\0" in fresh:
        return "Invalid line end or NUL in the head"
    return ""


def _framing_values(fields: list[Field]) -> tuple[list[bytes], list[bytes]]:
    lengths = [v.rstrip(b" \t") for n, v in fields if n.lower() == b"content-length"]
    encodings = [
        v.rstrip(b" \t") for n, v in fields if n.lower() == b"transfer-encoding"
    ]
    return lengths, encodings


def _keeps_alive(connection: bytes, *, is_http_11: bool) -> bool:
    if not connection:
        return is_http_11
    words = {word.strip() for word in connection.split(b",")}
    if b"close" in words:
        return False
    return is_http_11 or b"keep-alive" in words


def _with_ascii_target(raw: bytes, line_end: int) -> tuple[bytes, int]:
    """Percent-encode what is not ASCII in the request line.

    Clients that send UTF-8 as it is are common enough to be understood.
    """
    line = quote_from_bytes(raw[:line_end], safe=TARGET_SAFE).encode("ascii")
    return line + raw[line_end:], len(line)


def _as_ascii(name: re.Match[bytes]) -> bytes:
    return quote_from_bytes(name[0], safe=TARGET_SAFE).encode("ascii")


__all__ = ["CHUNKED", "HeadParser", "RequestHead", "find_early_fault"]
