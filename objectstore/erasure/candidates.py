"""Where to look for the fragments of an object, and in which order: pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

N = TypeVar("N")


def at_home(
    primaries: Sequence[N], is_suspect: Callable[[N], bool], without: int | None = None
) -> list[tuple[int, N]]:
    """(index, node) of the fragments where they belong: those of the data first, for
    they need no decoding, and nodes that were slow lately last."""
    found = [pair for pair in enumerate(primaries) if pair[0] != without]
    return sorted(found, key=lambda pair: is_suspect(pair[1]))


def elsewhere(
    primaries: Sequence[N], handoffs: Sequence[N], without: int | None = None
) -> list[tuple[int, N]]:
    """And where else each may be: at a stand-in, or where another ring had it."""
    indexes = [index for index in range(len(primaries)) if index != without]
    found = [(index, node) for node in handoffs for index in indexes]
    found += [
        (index, node)
        for place, node in enumerate(primaries)
        for index in indexes
        if index != place
    ]
    return found
