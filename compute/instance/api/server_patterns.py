"""Filters of which SQL can tell only a part: names, addresses and tags of servers.

Each is a rule that decides, and hints that hold for every server which the rule lets
through (and for others), so that the database hands out few rows to decide on.  What
JSON would write in its own way is not hinted at.  Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from compute.instance.api.name_patterns import NamePattern
from compute.instance.records import Server
from compute.instance.stores.server_filter import Hint

# A server has at most 50; more alternatives are not worth a statement's length.
TAGS_SAID_MAX = 50
# What JSON writes as it is.
_PLAIN = re.compile(r"[A-Za-z0-9 _.:%+-]+")


@dataclass(frozen=True, slots=True)
class Pattern:
    """``matches`` decides; the ``hints`` hold wherever it says yes."""

    matches: Callable[[Server], bool]
    hints: tuple[Hint, ...] = ()


def of_name(text: str) -> Pattern:
    """Servers of such a name.  ``BadRequest`` when the pattern is too long."""
    found = NamePattern(text)
    needed = found.needed
    # Not every character of a stranger's is a database's text (NUL, half a pair).
    is_text = needed != "" and needed.isprintable()
    hints = (Hint("name", (needed,)),) if is_text else ()
    return Pattern(lambda server: found.matches(server.name), hints)


def of_address(text: str, version: int) -> Pattern:
    """Servers with an address that begins so, or (``^...$``) is so."""
    found = NamePattern(text if text.startswith("^") else f"^{text}")

    def matches(server: Server) -> bool:
        return any(
            each["version"] == version and found.matches(each["address"])
            for vif in server.vifs
            for each in vif["addresses"]
        )

    hints = (Hint("vifs", (found.needed,)),) if _is_plain(found.needed) else ()
    return Pattern(matches, hints)


def of_tags(name: str, text: str) -> Pattern:
    """Servers with all (``tags``) or any (``tags-any``) of these tags, or without
    (``not-``)."""
    wanted = set(text.split(","))
    plain = sorted(filter(_is_plain, wanted))[:TAGS_SAID_MAX]
    said = tuple(f'"{tag}"' for tag in plain)
    if name == "tags":
        hints = tuple(Hint("tags", (tag,)) for tag in said)
        return Pattern(lambda server: wanted <= set(server.tags), hints)
    if name == "tags-any":
        hints = (Hint("tags", said),) if len(said) == len(wanted) else ()
        return Pattern(lambda server: bool(wanted & set(server.tags)), hints)
    if name == "not-tags":
        return Pattern(lambda server: not wanted <= set(server.tags))
    return Pattern(lambda server: not wanted & set(server.tags))


def _is_plain(text: str) -> bool:
    return _PLAIN.fullmatch(text) is not None
