"""Reads ``routes.txt``: which routes there are, in which versions, and what they do."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path

NEWEST = 96
_FILE = Path(__file__).with_name("routes.txt")


@dataclass(frozen=True)
class Row:
    """One line of the table; the versions are minor ones, both included."""

    method: str
    path: str
    since: int
    until: int
    answer: str

    @property
    def names(self) -> list[str]:
        """The things in its path."""
        return re.findall(r"{(\w+)}", self.path)

    @property
    def shape(self) -> tuple[str, str]:
        """Method and path, whatever things are called."""
        return self.method, re.sub(r"{\w+}", "{}", self.path)


def _minor(text: str, default: int) -> int:
    return int(text.removeprefix("2.")) if text else default


@functools.cache
def rows() -> tuple[Row, ...]:
    """The whole table."""
    found = []
    for line in _FILE.read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        method, path, versions, answer = line.split()
        first, _, last = versions.replace("all", "-").partition("-")
        since, until = _minor(first, 1), _minor(last, NEWEST)
        found.append(Row(method, path, since, until, answer))
    return tuple(found)


@functools.cache
def methods() -> dict[str, set[str]]:
    """Path -> its methods."""
    found: dict[str, set[str]] = {}
    for row in rows():
        found.setdefault(row.shape[1], set()).add(row.method)
    return found
