"""Which form a listing takes: the ``format`` parameter, else the Accept header."""

from __future__ import annotations

from objectstore.kernel.errors import Rejected
from objectstore.kernel.request import Request

TEXT = "text/plain"
JSON = "application/json"
_OFFERED = (TEXT, JSON, "application/xml", "text/xml")
_FORMATS = {"plain": TEXT, "json": JSON, "xml": "application/xml"}
# More media ranges than any client sends.
_RANGES_MAX = 100


def listing_content_type(request: Request) -> str:
    """The media type for the reply; Rejected 406 when none is acceptable."""
    wanted = request.query.get("format")
    if wanted:
        return _FORMATS.get(wanted.lower(), TEXT)
    header = request.environ.get("HTTP_ACCEPT", "")
    if not header or header == "*/*":
        return TEXT
    best = best_match(header)
    if best is None:
        raise Rejected(406)
    return best


def best_match(header: str) -> str | None:
    """The offered type that the Accept header prefers (RFC 9110, 12.5.1).

    For each type the most specific media range decides its weight; among equal
    weights the one offered first wins.
    """
    ranges = [_parse(item) for item in header.split(",", _RANGES_MAX) if item.strip()]
    best, best_weight = None, 0.0
    for offered in _OFFERED:
        weight = _weight_of(offered, ranges)
        if weight > best_weight:
            best, best_weight = offered, weight
    return best


def _weight_of(offered: str, ranges: list[tuple[str, float]]) -> float:
    family = offered.partition("/")[0] + "/*"
    for pattern in (offered, family, "*/*"):
        for media_range, weight in ranges:
            if media_range == pattern:
                return weight
    return 0.0


def _parse(item: str) -> tuple[str, float]:
    media_range, *parameters = [part.strip() for part in item.split(";")]
    weight = 1.0
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                weight = min(1.0, max(0.0, float(value)))
            except ValueError:
                raise Rejected(400, "Invalid Accept header") from None
    return media_range.lower(), weight
