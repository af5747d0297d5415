"""Times as S3 writes and reads them."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache

from objectstore.s3.errors import S3Error


def iso(seconds: float) -> str:
    """``2009-10-12T17:50:30.000Z``."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def iso_of_listing(last_modified: str) -> str:
    """A Swift listing's ``2009-10-12T17:50:29.123450`` in S3's form: the second rounded
    down, as ``shown_modified`` has it."""
    return f"{last_modified.partition('.')[0]}.000Z"


def iso_of_http(text: str) -> str:
    """A ``Last-Modified`` header's date in S3's XML form."""
    return iso(from_http(text))


def http_date(seconds: float) -> str:
    """``Mon, 12 Oct 2009 17:50:30 GMT``."""
    return _http_date(int(seconds))


@lru_cache(maxsize=4096)
def _http_date(seconds: int) -> str:
    return format_datetime(datetime.fromtimestamp(seconds, UTC), usegmt=True)


def shown_modified(last_modified: str, timestamp: str) -> str:
    """An object's ``Last-Modified`` as S3 shows it: the second rounded down.

    Swift rounds it up, into the future.  Clients that leave out of a listing what came
    after they began (s5cmd) would not see what they have just written.  ``timestamp``
    is the same moment with its fraction, "" where the answer does not tell it.
    """
    whole, _, fraction = timestamp.partition(".")
    if whole.isdigit():
        seconds = int(whole)
        if http_date(seconds + bool(fraction.strip("0"))) == last_modified:
            return http_date(seconds)
    return _second_before(last_modified) if last_modified else ""


@lru_cache(maxsize=4096)
def _second_before(text: str) -> str:
    return http_date(from_http(text) - 1)


def from_http(text: str) -> float:
    """Seconds of an HTTP date; ``ValueError`` when it is none."""
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, IndexError) as error:
        raise ValueError(str(error)) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp()


# All requests of a second carry the same date.
_COMPACT_MAX = 100
_COMPACT: dict[str, float] = {}


def from_compact(text: str) -> float:
    """Seconds of ``20091012T175030Z``; ``ValueError`` when it is none."""
    known = _COMPACT.get(text)
    if known is not None:
        return known
    if len(text) != 16 or text[8] != "T" or text[15] != "Z" or not text.isascii():
        raise ValueError("not a compact date")
    digits = text[:8] + text[9:15]
    if not digits.isdigit():
        raise ValueError("not a compact date")
    seconds = datetime(
        int(text[:4]),
        int(text[4:6]),
        int(text[6:8]),
        int(text[9:11]),
        int(text[11:13]),
        int(text[13:15]),
        tzinfo=UTC,
    ).timestamp()
    if len(_COMPACT) >= _COMPACT_MAX:
        _COMPACT.clear()
    _COMPACT[text] = seconds
    return seconds


def from_iso(text: str, code: str = "MalformedXML") -> float:
    """Seconds of an ISO 8601 date; raises ``S3Error`` with ``code``."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise S3Error(code) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return moment.timestamp()
    except (OverflowError, ValueError):
        raise S3Error(code) from None
