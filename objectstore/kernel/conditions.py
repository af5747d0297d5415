"""Conditional requests: If-Match, If-None-Match and the two dates (RFC 9110, 13).

Precedence: If-Match, else If-Unmodified-Since, can refuse with 412; then
If-None-Match, else If-Modified-Since, can answer 304.  Etags may be sent
without quotes, as Swift's clients do.  A date that nobody can read is no
condition.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from objectstore.kernel.request import Request

CONDITION_KEYS = (
    "HTTP_IF_MATCH",
    "HTTP_IF_NONE_MATCH",
    "HTTP_IF_MODIFIED_SINCE",
    "HTTP_IF_UNMODIFIED_SINCE",
)
# More etags in one header than any client sends; the rest is not looked at.
ETAGS_MAX = 1000
PASSED = 0


class Conditions(NamedTuple):
    """The four conditional headers; "" where one was not sent."""

    if_match: str = ""
    if_none_match: str = ""
    if_modified_since: str = ""
    if_unmodified_since: str = ""

    @classmethod
    def of(cls, request: Request) -> Conditions | None:
        """The request's conditions; None when it has none."""
        environ = request.environ
        for key in CONDITION_KEYS:
            if key in environ:
                return cls(*[environ.get(key, "") for key in CONDITION_KEYS])
        return None

    def evaluate(self, etag: str, modified_seconds: int) -> int:
        """PASSED, 304 or 412, for a GET or HEAD of something that exists."""
        refused = self.refuses(etag, modified_seconds)
        if refused:
            return 412
        if self.if_none_match:
            return 304 if etag_matches(self.if_none_match, etag, weak=True) else PASSED
        since = parse_date(self.if_modified_since)
        if since is not None and modified_seconds <= since:
            return 304
        return PASSED

    def refuses(self, etag: str, modified_seconds: int) -> bool:
        """Whether the conditions that guard against lost updates fail."""
        if self.if_match:
            return not etag_matches(self.if_match, etag, weak=False)
        since = parse_date(self.if_unmodified_since)
        return since is not None and modified_seconds > since

    def evaluate_absent(self) -> int:
        """The status for something that does not exist: 404, or 412 when the
        request insisted on its existence whatever it be."""
        return 412 if self.if_match.strip() == "*" else 404


def etag_matches(header: str, etag: str, *, weak: bool) -> bool:
    """Whether ``etag`` (unquoted) is in the header's list, or the list is ``*``.

    ``weak``: weak etags (``W/"..."``) match too, as If-None-Match wants.
    """
    for item in header.split(",", ETAGS_MAX):
        candidate = item.strip()
        if candidate == "*":
            return True
        if candidate.startswith("W/"):
            if not weak:
                continue
            candidate = candidate[2:]
        if unquoted(candidate) == etag:
            return True
    return False


def unquoted(etag: str) -> str:
    """An etag without its quotes, if it has them."""
    if len(etag) >= 2 and etag[0] == '"' == etag[-1]:
        return etag[1:-1]
    return etag


def range_still_holds(if_range: str, etag: str, modified_seconds: int) -> bool:
    """If-Range: whether what the client has a part of is still the same."""
    if not if_range:
        return True
    date = parse_date(if_range)
    if date is not None:
        return modified_seconds == date
    return not if_range.startswith("W/") and unquoted(if_range.strip()) == etag


def parse_date(text: str) -> int | None:
    """Seconds since the epoch of an HTTP date; None when it is none."""
    if not text:
        return None
    try:
        moment: datetime = parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return int(moment.timestamp())
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
