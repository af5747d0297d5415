"""What no body may hold, whatever its schema: things that could never be shown again.

A value that a client stores is written to a database and later into somebody's
listing.  PostgreSQL keeps no NUL in a text, no database an integer of more than 64
bits, and a listing nested deeper than its writer bears would fail for everybody.
"""

from __future__ import annotations

from typing import Any

from compute.core.errors import BadRequest

# The deepest body that any API describes has about ten levels; writers of JSON bear
# some 250, and what is stored is shown inside a few levels of its own.
DEPTH_MAX = 64
INTEGER_MAX = 2**63 - 1


def check_plain(value: Any) -> None:
    """``BadRequest`` for a value with NUL, too large an integer, or too deep."""
    level = [value]
    for _ in range(DEPTH_MAX):
        deeper: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                deeper += each.keys()
                deeper += each.values()
            elif isinstance(each, list):
                deeper += each
            else:
                _check_leaf(each)
        if not deeper:
            return
        level = deeper
    raise BadRequest(f"The body is nested more than {DEPTH_MAX} levels deep")


def _check_leaf(value: Any) -> None:
    if isinstance(value, str):
        if "\0" in value:
            shown = value[:60].replace("\0", "\\u0000")
            raise BadRequest(f"The body has a text with a NUL character: {shown!r}")
    elif isinstance(value, int) and abs(value) > INTEGER_MAX:
        raise BadRequest(f"The body has an integer that is too large: {value}")
