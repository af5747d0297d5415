"""Lists of header names, some ending in ``*``: which header may stay?  Pure."""

from __future__ import annotations

from collections.abc import Iterable


class HeaderRules:
    """What to remove, and what of that to leave all the same."""

    def __init__(self, removed: Iterable[str], allowed: Iterable[str]) -> None:
        self._removed = _split(removed)
        self._allowed = _split(allowed)

    def keeps(self, name: str) -> bool:
        """Whether a header of that name stays."""
        lower = name.lower()
        return _matches(lower, self._allowed) or not _matches(lower, self._removed)


_Names = tuple[frozenset[str], tuple[str, ...]]


def _split(names: Iterable[str]) -> _Names:
    lower = [name.lower() for name in names]
    return (
        frozenset(name for name in lower if not name.endswith("*")),
        tuple(name[:-1] for name in lower if name.endswith("*")),
    )


def _matches(name: str, names: _Names) -> bool:
    return name in names[0] or name.startswith(names[1])
