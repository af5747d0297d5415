"""Text that requests carry: from latin-1 and percents to UTF-8."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from objectstore.kernel.errors import Rejected

# More parameters than any API call has; a bound on what one request may cost.
QUERY_PARAMETERS_MAX = 100


def to_text(carried: str) -> str:
    """What latin-1 carries, as PEP 3333 wants it, is UTF-8."""
    return carried if carried.isascii() else _utf8(carried.encode("latin-1"))


def _utf8(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Rejected(412, "Invalid UTF8 or contains NULL") from None


def parse_query(query_string: str) -> dict[str, str]:
    """Decode a query string; see ``Request.query``."""
    query: dict[str, str] = {}
    if not query_string:
        return query
    pairs = query_string.split("&", QUERY_PARAMETERS_MAX)
    if len(pairs) > QUERY_PARAMETERS_MAX:
        raise Rejected(400, "Too many query parameters")
    for pair in pairs:
        if pair:
            name, _, value = pair.partition("=")
            query.setdefault(_unquote_plus(name), _unquote_plus(value))
    return query


def _unquote_plus(text: str) -> str:
    if "+" in text:
        text = text.replace("+", " ")
    if "%" not in text and text.isascii():
        return text
    return _utf8(unquote_to_bytes(text.encode("latin-1")))
