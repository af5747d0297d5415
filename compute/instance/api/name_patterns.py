"""Names that a list is asked for: text, ``^``, ``$``, ``.`` and ``.*`` mean what they
mean in regular expressions, everything else stands for itself.  Pure.

Matching never tries again: what is between two ``.*`` has one length, so its first
place is as good as any later one.  A regular expression would try every place of each
with every place of the others, while all that this process serves waits.
"""

from __future__ import annotations

import re

from compute.core.errors import BadRequest

PATTERN_CHARACTERS_MAX = 255
WILDCARD = ".*"


class NamePattern:
    """``matches`` takes no more steps than the pattern's length times the name's."""

    def __init__(self, text: str) -> None:
        """``BadRequest`` when it is too long."""
        if len(text) > PATTERN_CHARACTERS_MAX:
            raise BadRequest("The name filter is too long")
        self._from_start, self._to_end = text.startswith("^"), text.endswith("$")
        first = 1 if self._from_start else 0
        last = len(text) - (1 if self._to_end else 0)
        pieces = text[first:last].split(WILDCARD)
        self._texts = pieces
        self._lengths = [len(piece) for piece in pieces]
        self._pieces = [
            re.compile(".".join(map(re.escape, piece.split("."))), re.DOTALL)
            for piece in pieces
        ]

    @property
    def needed(self) -> str:
        """The longest text between two ``.*``: whatever is matched has it somewhere.
        (Only one, for a database's LIKE tries every place of each.)"""
        return max(self._texts, key=len)

    def matches(self, name: str) -> bool:
        """Whether the name is of this kind."""
        place = 0
        last = len(self._pieces) - 1
        for number, piece in enumerate(self._pieces):
            is_fixed = number == 0 and self._from_start
            if number == last and self._to_end:
                start = len(name) - self._lengths[number]
                if start < place or (is_fixed and start):
                    return False
                return piece.match(name, start) is not None
            found = piece.match(name) if is_fixed else piece.search(name, place)
            if found is None:
                return False
            place = found.end()
        return True
