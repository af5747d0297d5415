"""What a caller wants to see of the list of images: the query, parsed and checked.

name, status, container_format, disk_format, id     a value, or in:a,b,"c,d"
owner, checksum, os_hash_value, min_ram, min_disk   a value
size_min, size_max                                  bytes
created_at, updated_at                              gt:MOMENT (gte, lt, lte, eq, neq)
tag                                                 each one given must be there
visibility, member_status, protected, os_hidden
anything else                                       a property with that value
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from compute.core.api.query import Query
from compute.core.errors import BadRequest
from compute.core.instants import parse_iso
from compute.image.model import (
    ACCEPTED,
    HASH_ALGORITHM,
    MEMBER_STATUSES,
    MOVES,
    VISIBILITIES,
)

ALL = "all"
LIST_FILTERS = frozenset({"name", "status", "container_format", "disk_format", "id"})
TEXT_FILTERS = LIST_FILTERS | {"owner", "checksum", "os_hash_value"}
NUMBER_FILTERS = frozenset({"min_ram", "min_disk"})
MOMENT_FILTERS = frozenset({"created_at", "updated_at"})
OPERATORS = frozenset({"gt", "gte", "lt", "lte", "eq", "neq"})
PAGE_PARAMETERS = frozenset({"limit", "marker", "sort", "sort_key", "sort_dir"})
SORT_KEYS = frozenset(
    {
        "name",
        "status",
        "container_format",
        "disk_format",
        "size",
        "id",
        "created_at",
        "updated_at",
    }
)
LIST_ITEMS_MAX = 200  # a bound on one query's cost; clients ask for a page's worth


@dataclass
class Filters:
    """The parsed query."""

    texts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    size_min: int | None = None
    size_max: int | None = None
    moments: list[tuple[str, str, float]] = field(default_factory=list)
    flags: dict[str, bool] = field(default_factory=lambda: {"os_hidden": False})
    tags: list[str] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)
    visibility: str = ""
    member_status: str = ACCEPTED
    nothing: bool = False  # no image can match


def parse_filters(query: Query) -> Filters:
    """Raises ``BadRequest`` that names what is wrong."""
    found = Filters()
    for name, value in query.pairs:
        if name in PAGE_PARAMETERS:
            continue
        parse = _PARSERS.get(name)
        if parse is not None:
            parse(found, name, value)
        elif name == "changes-since":
            raise BadRequest('The "changes-since" filter is no longer available on v2.')
        else:
            found.properties[name] = value
    found.tags = query.all("tag")
    return found


def _text(found: Filters, name: str, value: str) -> None:
    values: tuple[str, ...] = (value,)
    if name in LIST_FILTERS and value.startswith("in:"):
        values = _listed(value[3:])
    if name == "status":
        for status in values:
            if status not in MOVES:
                raise BadRequest(f"Bad status value: {status}")
    found.texts[name] = values


def _listed(text: str) -> tuple[str, ...]:
    """Items between commas; one in double quotes may hold commas."""
    if not text:
        raise BadRequest("Invalid filter value: nothing after in:")
    try:
        values = tuple(next(csv.reader([text], strict=True)))
    except (csv.Error, StopIteration):
        raise BadRequest(f"Invalid filter value {text}: quotes do not match") from None
    if len(values) > LIST_ITEMS_MAX:
        raise BadRequest(f"in: takes {LIST_ITEMS_MAX} values at most")
    return values


def _number(found: Filters, name: str, value: str) -> None:
    found.numbers[name] = _whole(name, value)


def _size(found: Filters, name: str, value: str) -> None:
    setattr(found, name, _whole(name, value))


def _whole(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit()) or len(value) > 18:
        raise BadRequest(f"Invalid value {value!r} for {name}: not a whole number")
    return int(value)


def _moment(found: Filters, name: str, value: str) -> None:
    operator, _, text = value.partition(":")
    if operator not in OPERATORS:
        operator, text = "eq", value
    try:
        moment = parse_iso(text.strip())
    except ValueError:
        raise BadRequest(f"Bad {name} format: {text!r} is not ISO 8601") from None
    found.moments.append((name, operator, moment))


def _flag(found: Filters, name: str, value: str) -> None:
    if value.lower() not in ("true", "false"):
        raise BadRequest(f"Invalid value {value!r} for {name}: must be true or false")
    found.flags[name] = value.lower() == "true"


def _visibility(found: Filters, name: str, value: str) -> None:
    if value not in (*VISIBILITIES, ALL):
        raise BadRequest(f"Invalid visibility value: {value}")
    found.visibility = value


def _member_status(found: Filters, name: str, value: str) -> None:
    if value not in (*MEMBER_STATUSES, ALL):
        raise BadRequest(f"Invalid status: {value}")
    found.member_status = value


def _algorithm(found: Filters, name: str, value: str) -> None:
    found.nothing = found.nothing or value != HASH_ALGORITHM


def _tag(found: Filters, name: str, value: str) -> None:
    """Taken together, for they may repeat."""


_PARSERS: Mapping[str, Callable[[Filters, str, str], None]] = {
    **dict.fromkeys(TEXT_FILTERS, _text),
    **dict.fromkeys(NUMBER_FILTERS, _number),
    **dict.fromkeys(MOMENT_FILTERS, _moment),
    "size_min": _size,
    "size_max": _size,
    "protected": _flag,
    "os_hidden": _flag,
    "visibility": _visibility,
    "member_status": _member_status,
    "os_hash_algo": _algorithm,
    "tag": _tag,
}
