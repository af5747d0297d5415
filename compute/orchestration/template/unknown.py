"""What is not known before its resource is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Unknown:
    """A value that is not known before its resource is there; there is one,
    ``UNKNOWN``.  Where templates are only checked it stands for what functions will
    give."""

    def __repr__(self) -> str:
        return "<unknown>"


UNKNOWN = Unknown()


def has_unknown(value: Any) -> bool:
    """Whether something in it is not known yet."""
    if isinstance(value, Mapping):
        return any(has_unknown(each) for each in value.values())
    if isinstance(value, list):
        return any(has_unknown(each) for each in value)
    return isinstance(value, Unknown)
