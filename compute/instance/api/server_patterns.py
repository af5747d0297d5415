"""Filters of which SQL can tell only a part: names, addresses and tags of servers.

Each is a rule that decides, and clauses that hold for every server which the rule lets
through (and for others), so that the database hands out few rows to decide on.  The
clauses may err to the side of too many: a database's LIKE may take capitals for small
letters, and JSON writes some characters in its own way.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from compute.instance.api.name_patterns import LIKE_ESCAPE, NamePattern
from compute.instance.records import Server
from compute.instance.tables import SERVERS

Clause = sa.ColumnElement[bool]
# A server has at most 50; more alternatives are not worth a statement's length.
TAGS_SAID_MAX = 50
# What JSON writes as it is.
_PLAIN = re.compile(r"[A-Za-z0-9 _.:%+-]+")


@dataclass(frozen=True, slots=True)
class Pattern:
    """``matches`` decides; ``narrowed`` holds wherever it says yes."""

    matches: Callable[[Server], bool]
    narrowed: tuple[Clause, ...] = ()


def of_name(text: str) -> Pattern:
    """Servers of such a name.  ``BadRequest`` when the pattern is too long."""
    found = NamePattern(text)
    needed = found.needed
    clause = SERVERS.c.name.like(f"%{needed}%", escape=LIKE_ESCAPE)
    # Not every character of a stranger's is a database's text (NUL, half a pair).
    is_text = needed != "" and needed.isprintable()
    return Pattern(lambda server: found.matches(server.name), (clause,) * is_text)


def of_address(text: str, version: int) -> Pattern:
    """Servers with an address that begins so, or (``^...$``) is so."""
    found = NamePattern(text if text.startswith("^") else f"^{text}")

    def matches(server: Server) -> bool:
        return any(
            each["version"] == version and found.matches(each["address"])
            for vif in server.vifs
            for each in vif["addresses"]
        )

    needed = found.needed
    return Pattern(
        matches, (_has(SERVERS.c.vifs, needed),) if _is_plain(needed) else ()
    )


def of_tags(name: str, text: str) -> Pattern:
    """Servers with all (``tags``) or any (``tags-any``) of these tags, or without
    (``not-``)."""
    wanted = set(text.split(","))
    if name == "tags":
        return Pattern(lambda server: wanted <= set(server.tags), _tags_said(wanted))
    if name == "tags-any":
        said = _tags_said(wanted)
        are_all_said = len(said) == len(wanted)
        return Pattern(
            lambda server: bool(wanted & set(server.tags)),
            (sa.or_(*said),) if are_all_said else (),
        )
    if name == "not-tags":
        return Pattern(lambda server: not wanted <= set(server.tags))
    return Pattern(lambda server: not wanted & set(server.tags))


def _tags_said(tags: set[str]) -> tuple[Clause, ...]:
    """A clause for each tag that is there, of those that can be said."""
    plain = sorted(filter(_is_plain, tags))[:TAGS_SAID_MAX]
    return tuple(_has(SERVERS.c.tags, _escaped(f'"{tag}"')) for tag in plain)


def _has(column: sa.ColumnElement[object], text: str) -> Clause:
    """Whether the JSON of the column, as text, has that (for LIKE) somewhere."""
    return sa.cast(column, sa.Text).like(f"%{text}%", escape=LIKE_ESCAPE)


def _is_plain(text: str) -> bool:
    return _PLAIN.fullmatch(text) is not None


def _escaped(text: str) -> str:
    return re.sub("[%_/]", lambda found: LIKE_ESCAPE + found[0], text)
