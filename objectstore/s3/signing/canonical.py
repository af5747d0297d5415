"""SigV4's canonical form of a request: what client and server both hash.

WSGI carries bytes as latin-1 text, so everything here is such text and is
turned into the very bytes that the client signed in one go at the end.  S3 does
not normalise paths: ``..`` and ``//`` stay as they are.
"""

from __future__ import annotations

from urllib.parse import quote, unquote_to_bytes

from objectstore.kernel.request import QUERY_PARAMETERS_MAX, Environ
from objectstore.s3.errors import S3Error

# AWS bounds the whole head at 8 KiB; no client signs so many headers.
SIGNED_HEADERS_MAX = 100

Pairs = list[tuple[bytes, bytes]]


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


def canonical_headers(environ: Environ, signed: list[str]) -> str:
    """``name:value`` lines of the signed headers, blanks squeezed.

    A signed header that was not sent gives a mismatch, as it should.
    """
    lines: list[str] = []
    for name in signed:
        value: str | None
        if name == "content-type" or name == "content-length":
            value = environ.get(name.upper().replace("-", "_"))
        else:
            value = environ.get("HTTP_" + name.upper().replace("-", "_"))
        if value is None:
            value = ""
        elif "  " in value or value[:1] == " " or value[-1:] == " ":
            value = " ".join(value.split(" ")) if "  " not in value else _squeeze(value)
            value = value.strip()
        lines.append(f"{name}:{value}\n")
    return "".join(lines)


def _squeeze(value: str) -> str:
    return " ".join(part for part in value.split(" ") if part)


def signed_header_names(text: str) -> list[str]:
    """The list a client says it signed: lower case, sorted as given."""
    names = text.split(";", SIGNED_HEADERS_MAX)
    if len(names) > SIGNED_HEADERS_MAX or not all(names):
        raise S3Error("AuthorizationHeaderMalformed")
    return [name.lower() for name in names]


def check_signed(environ: Environ, signed: list[str]) -> None:
    """Host and every ``x-amz-`` header that came must be signed.

    Otherwise whoever holds a presigned URL could add an ``x-amz-copy-source``
    (or an ACL) to it and make the signer's rights do something else.
    """
    if "host" not in signed:
        raise S3Error(
            "AccessDenied",
            "There were headers present in the request which were not signed",
            HeadersNotSigned="host",
        )
    for key in environ:
        if key[:11] == "HTTP_X_AMZ_":
            name = key[5:].lower().replace("_", "-")
            if name not in signed and not _signed_underscored(key, signed):
                raise S3Error(
                    "AccessDenied",
                    "There were headers present in the request which were not signed",
                    HeadersNotSigned=name,
                )


def _signed_underscored(key: str, signed: list[str]) -> bool:
    """A metadata name may have underscores, which WSGI does not tell apart."""
    wanted = key[5:]
    return any(
        "_" in name and name.upper().replace("-", "_") == wanted for name in signed
    )


def canonical_request(
    method: str, path: str, query: str, headers: str, signed: str, payload: str
) -> bytes:
    """The six parts as the bytes that are hashed."""
    return f"{method}\n{path}\n{query}\n{headers}\n{signed}\n{payload}".encode(
        "latin-1"
    )
