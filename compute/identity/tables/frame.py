"""What the definitions of all of identity's tables share."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()


def text_type() -> sa.Text:
    """Text of any length."""
    return sa.Text()


def flag(name: str) -> sa.Column[bool]:
    """A yes or no."""
    return sa.Column(name, sa.Boolean(create_constraint=False), nullable=False)


def extra_column() -> sa.Column[object]:
    """What callers add of their own."""
    return sa.Column("extra", sa.JSON(), nullable=False)
