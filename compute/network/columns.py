"""The kinds of columns that the room's tables are made of.

Optional texts are "" and never NULL, so that they compare alike on every database;
NULL stands only where several "nothing"s must not collide in a unique key.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from compute.core.sql.database import Id, Instant

Address = sa.String(64)  # an address or a prefix, in its canonical form
Word = sa.String(64)  # one of a few words that a program knows
NUMBER_DIGITS = 32  # an address as a hexadecimal number: sorts as addresses do


def flag(name: str) -> sa.Column[bool]:
    """Yes or no."""
    return sa.Column(name, sa.Boolean(), nullable=False)


def text(name: str, kind: Any = Word, index: bool = False) -> sa.Column[str]:
    """A text; "" says that there is none."""
    return sa.Column(name, kind, nullable=False, index=index)


def added_text(name: str, kind: Any = Word) -> sa.Column[str]:
    """A text that older rows do not have."""
    return sa.Column(name, kind, nullable=False, server_default="")


def whole(name: str) -> sa.Column[int]:
    """A whole number."""
    return sa.Column(name, sa.Integer(), nullable=False)


def moment(name: str) -> sa.Column[float]:
    """A moment, in seconds since the epoch."""
    return sa.Column(name, Instant(), nullable=False)


def part_of(name: str, owner: sa.Table) -> sa.Column[str]:
    """The id of what it belongs to."""
    return sa.Column(name, Id(), sa.ForeignKey(owner.c.id), nullable=False, index=True)


def document(name: str) -> sa.Column[Any]:
    """A list or an object, as JSON."""
    return sa.Column(name, sa.JSON(), nullable=False)


def added_document(name: str) -> sa.Column[Any]:
    """One that older rows do not have."""
    return sa.Column(name, sa.JSON(none_as_null=True), nullable=True)
