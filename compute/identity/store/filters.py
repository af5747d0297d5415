"""From a query's parameters to SQL conditions: ``name=``, ``name__contains=`` ..."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from compute.core.api.query import Query
from compute.core.errors import BadRequest
from compute.core.instants import parse_iso

Column = sa.ColumnElement[Any]
Comparison = Callable[[Column, str], sa.ColumnElement[bool]]

_INEXACT: Mapping[str, Comparison] = {
    "contains": lambda column, text: column.contains(text, autoescape=True),
    "icontains": lambda column, text: column.icontains(text, autoescape=True),
    "startswith": lambda column, text: column.startswith(text, autoescape=True),
    "istartswith": lambda column, text: column.istartswith(text, autoescape=True),
    "endswith": lambda column, text: column.endswith(text, autoescape=True),
    "iendswith": lambda column, text: column.iendswith(text, autoescape=True),
}

_COMPARE: Mapping[str, Callable[[Column, float], sa.ColumnElement[bool]]] = {
    "lt": lambda column, moment: column < moment,
    "lte": lambda column, moment: column <= moment,
    "gt": lambda column, moment: column > moment,
    "gte": lambda column, moment: column >= moment,
    "eq": lambda column, moment: column == moment,
    "neq": lambda column, moment: column != moment,
}


def text_conditions(query: Query, columns: Mapping[str, Column]) -> list[Any]:
    """Conditions for parameters that name one of the columns; others are ignored, as
    the API has always done."""
    conditions: list[Any] = []
    for key, text in query.pairs:
        name, _, how = key.partition("__")
        column = columns.get(name)
        if column is None:
            continue
        if not how:
            conditions.append(column == text)
        elif how in _INEXACT:
            conditions.append(_INEXACT[how](column, text))
    return conditions


def moment_conditions(query: Query, name: str, column: Column) -> list[Any]:
    """``name=lt:2026-01-01T00:00:00Z``; "never" is neither before nor after anything.
    ``BadRequest``."""
    conditions: list[Any] = []
    for text in query.all(name):
        how, _, moment = text.partition(":")
        if how not in _COMPARE:
            raise BadRequest(
                f"{name}: {text[:80]!r} must begin with one of {', '.join(_COMPARE)},"
                " then a colon"
            )
        try:
            at = parse_iso(moment)
        except ValueError:
            raise BadRequest(f"{name}: {moment[:80]!r} is not ISO 8601") from None
        conditions.append(_COMPARE[how](column, at))
    return conditions


def flag_condition(query: Query, name: str, column: Column) -> list[Any]:
    """A condition for a yes or no; ``?enabled`` alone is a yes."""
    if name not in query:
        return []
    return [column.is_(query.flag(name, default=True))]
