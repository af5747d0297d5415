"""The text of a list's filter as a value of the column that it is compared with."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa

from compute.core.api.query import boolean_of
from compute.core.errors import BadRequest

# What fits into 64 bits: not every database compares with more.
_NUMBER = re.compile("-?[0-9]{1,18}")


def filter_value(name: str, column: sa.Column[Any], text: str) -> Any:
    """The value of a parameter of that name; ``BadRequest`` when the column can have
    none like it."""
    if isinstance(column.type, sa.Boolean):
        return boolean_of(name, text)
    if isinstance(column.type, sa.Integer):
        if not _NUMBER.fullmatch(text):
            raise BadRequest(f"Invalid value for {name}: not a number, or too large")
        return int(text)
    return text
