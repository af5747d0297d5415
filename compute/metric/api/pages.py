"""A part of a list: ``limit``, ``marker``, ``sort=key:desc-nullslast`` (repeated).

A thing's marker is its id; where the list has how things were (``history``), it is
``ID@N`` for the Nth of its revisions and ``ID@-1`` for how it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from compute.core.api.frame import ApiCall
from compute.core.errors import BadRequest
from compute.metric.errors import invalid_argument

View = Mapping[str, Any]
CURRENT = -1
_DIRECTIONS = ("asc", "desc")
_NULLS = ("", "nullsfirst", "nullslast")


@dataclass(frozen=True, slots=True)
class Order:
    """By one key; ``nulls_last`` whichever the direction."""

    key: str
    is_descending: bool
    nulls_last: bool


def page_of(
    call: ApiCall,
    found: Sequence[View],
    default: Sequence[str],
    sortable: Collection[str],
    page_max: int,
) -> tuple[list[View], list[tuple[str, str]]]:
    """The page that is asked for, and the header that leads to the next one.  Sorted
    by the keys, and always by the id at last.  400."""
    limit = limit_of(call, page_max)
    texts = [each for each in call.query.all("sort") if each] or list(default)
    numbered = list(zip(_markers(found), found, strict=True))
    for order in reversed(orders([*texts, "id:asc"], sortable)):
        numbered = _ordered(numbered, order)
    marker = call.query.one("marker")
    if marker:
        places = [place for place, (it, _) in enumerate(numbered) if it == marker]
        if not places:
            raise BadRequest(f"Invalid pagination: no marker {marker[:64]!r}")
        numbered = numbered[places[0] + 1 :]
    page = [each for _, each in numbered[:limit]]
    if len(numbered) <= limit:
        return page, []
    return page, [next_header(call, limit, numbered[limit - 1][0], texts)]


def limit_of(call: ApiCall, page_max: int) -> int:
    """How many at most; 400."""
    try:
        limit = call.query.number("limit", page_max)
    except BadRequest:
        limit = 0
    if limit < 1:
        raise invalid_argument("expected a number of 1 or more", "limit")
    return min(limit, page_max)


def next_header(
    call: ApiCall, limit: int, marker: str, sorts: Sequence[str]
) -> tuple[str, str]:
    """Where the next page is, under the address by which the caller came."""
    kept = [
        pair
        for pair in call.query.pairs
        if pair[0] not in ("limit", "marker", "sort") and pair[1]
    ]
    pairs = [*kept, ("limit", str(limit)), ("marker", marker)]
    pairs += [("sort", each) for each in sorts]
    pairs.sort(key=lambda pair: pair[0])  # the order of one name's values stays
    return ("Link", f'<{call.url}?{urlencode(pairs)}>; rel="next"')


def orders(texts: Sequence[str], sortable: Collection[str]) -> list[Order]:
    """What ``sort`` says; 400."""
    found = []
    for text in texts:
        key, _, rest = text.partition(":")
        direction, _, nulls = rest.partition("-")
        if direction not in ("", *_DIRECTIONS) or nulls not in _NULLS:
            raise BadRequest(f"Invalid sort direction: {rest[:32]!r}")
        if key not in sortable:
            raise BadRequest(
                f"Invalid pagination: `Sort key supplied is invalid: {key[:64]}'"
            )
        is_descending = direction == "desc"
        # Nothing is less than anything, unless the caller says where it stands.
        nulls_last = nulls == "nullslast" or (not nulls and is_descending)
        found.append(Order(key, is_descending, nulls_last))
    return found


def _markers(found: Sequence[View]) -> list[str]:
    if not any(view.get("revision_end") for view in found):
        return [view["id"] for view in found]
    past = sorted(
        (view["revision_end"], place)
        for place, view in enumerate(found)
        if view["revision_end"]
    )
    numbers: Counter[str] = Counter()
    markers = [f"{view['id']}@{CURRENT}" for view in found]
    for _, place in past:
        thing = found[place]["id"]
        numbers[thing] += 1
        markers[place] = f"{thing}@{numbers[thing]}"
    return markers


def _ordered(numbered: list[tuple[str, View]], order: Order) -> list[tuple[str, View]]:
    absent = [it for it in numbered if it[1].get(order.key) is None]
    there = [it for it in numbered if it[1].get(order.key) is not None]
    there.sort(key=lambda it: _sort_key(it[1][order.key]), reverse=order.is_descending)
    return there + absent if order.nulls_last else absent + there


def _sort_key(value: Any) -> tuple[int, Any]:
    if isinstance(value, bool | int | float):
        return (0, float(value))
    return (1, str(value))
