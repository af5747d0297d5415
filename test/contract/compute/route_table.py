"""A service's routes beside those of its reference.

A table has a line for each route of the reference: ``GET POST /v2.0/networks``; a line
that begins with ``absent`` names what is not served on purpose, and ``ours`` what the
reference does not have.  ``{}`` stands for any id.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from compute.core.api.frame import Api, Route

SERVED, ABSENT, OURS = "served", "absent", "ours"


@dataclass(frozen=True, slots=True)
class Row:
    """One method of one path."""

    method: str
    path: str
    answer: str

    @property
    def is_collection(self) -> bool:
        """Whether it can be read without naming anything."""
        return self.method == "GET" and "{}" not in self.path

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def read_table(path: Path) -> list[Row]:
    """All of its rows."""
    rows = []
    for line in path.read_text("utf-8").splitlines():
        words = line.partition("#")[0].split()
        if not words:
            continue
        answer = words.pop(0) if words[0] in (ABSENT, OURS) else SERVED
        *methods, place = words
        rows += [Row(method, place, answer) for method in methods]
    assert len(set(rows)) == len(rows)
    return rows


def routes_of(application: object) -> dict[tuple[str, str], Route]:
    """The routes of a room, by method and shape of the path."""
    assert isinstance(application, Api)
    return {
        (route.method, re.sub(r"{\w+}", "{}", route.template)): route
        for route in application.routes
    }


def differences(rows: Iterable[Row], application: object) -> list[str]:
    """What the table and the room do not agree on."""
    there = set(routes_of(application))
    listed = {(row.method, row.path): row.answer != ABSENT for row in rows}
    found = [
        f"{method} {path} is not served"
        for (method, path), wanted in listed.items()
        if wanted and (method, path) not in there
    ]
    found += [
        f"{method} {path} is served, and not in the table"
        for method, path in sorted(there)
        if not listed.get((method, path))
    ]
    return found
