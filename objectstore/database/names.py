"""The order of names, and the ends of ranges of them.

Names are ordered by their UTF-8 bytes.  For text without surrogates that is
the order of code points, which is how Python compares ``str`` and how SQLite's
BINARY collation compares TEXT stored as UTF-8, so one order serves everywhere.
(UTF-16 order differs above U+FFFF; nobody here uses it.)
"""

from __future__ import annotations

from typing import NamedTuple

from objectstore.wire.records import ListingQuery

LAST_CHARACTER = "\U0010ffff"
# Surrogates are no characters: UTF-8 has no bytes for them.
_BEFORE_SURROGATES = 0xD7FF
_AFTER_SURROGATES = 0xE000
_FIRST_SURROGATE = 0xD800


def after_prefix(prefix: str) -> str | None:
    """The least name greater than every name that starts with ``prefix``.

    None when there is no such name: the range is open at the top.
    """
    stem = prefix.rstrip(LAST_CHARACTER)
    if not stem:
        return None
    code = ord(stem[-1]) + 1
    if code == _FIRST_SURROGATE:
        code = _AFTER_SURROGATES
    return stem[:-1] + chr(code)


def below(name: str) -> str:
    """A name less than ``name`` with next to nothing between them.

    For asking "from ``name`` on" of somebody who knows exclusive bounds only:
    what little comes below ``name`` is for the caller to drop.
    """
    if not name or name[-1] == "\0":
        return name[:-1]
    code = ord(name[-1]) - 1
    if code == _AFTER_SURROGATES - 1:
        code = _BEFORE_SURROGATES
    return name[:-1] + chr(code) + LAST_CHARACTER


class NameRange(NamedTuple):
    """Names from ``low`` (itself too when ``low_included``) to below ``high``.

    ``high`` None: no upper bound.
    """

    low: str
    low_included: bool
    high: str | None

    def __contains__(self, name: object) -> bool:
        """Whether ``name`` lies in the range."""
        assert isinstance(name, str)
        if name < self.low or (name == self.low and not self.low_included):
            return False
        return self.high is None or name < self.high


def range_of(query: ListingQuery) -> NameRange:
    """The names that the query's markers and prefix leave."""
    low, high = query.marker, query.end_marker
    if query.reverse:
        low, high = high, low
    prefix = query.prefix
    end = after_prefix(prefix)
    if high and (end is None or high < end):
        end = high
    if low and low >= prefix:
        return NameRange(low, False, end)
    return NameRange(prefix, query.include_prefix_itself or not prefix, end)
