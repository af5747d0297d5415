"""Regular expressions that strangers write, matched in bounded time.  Pure.

Python's own matcher goes back and tries again, and for some patterns (``(a+)+$``) a
text of forty letters keeps it busy for years.  Here a pattern becomes a small program
whose every place is tried at once (Thompson's way): the time is the pattern's size
times the text's, and even that is bounded (``WORK_MAX``).  The price is what no such
program can do: references back, and looking ahead or behind, are refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from compute.orchestration.errors import Invalid
from compute.orchestration.template.pattern_parser import (
    Any_,
    Begin,
    End,
    Node,
    One,
    Repeat,
    parse,
)

# Places of one pattern's program: {n,m} writes what it repeats so many times.
PLACES_MAX = 2000
# Places looked at in one match: about a tenth of a second.
WORK_MAX = 200_000

_CHARACTER, _SPLIT, _BEGIN, _END, _MATCH = range(5)


@dataclass(frozen=True, slots=True)
class _Place:
    """``then``: where to go on; of a split, both ways."""

    kind: int
    then: tuple[int, ...] = ()
    test: Callable[[str], bool] | None = None


class Pattern:
    """A compiled pattern; ``Invalid`` when it is wrong, too large, or looks around."""

    __slots__ = ("_places", "_start", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._places: list[_Place] = [_Place(_MATCH)]
        self._start = self._compile(parse(text), 0)

    def matches(self, value: str) -> bool:
        """Whether it matches the whole value; ``Invalid`` when that takes too long."""
        work = 0
        here = self._closure({self._start}, 0, len(value))
        for position, character in enumerate(value, 1):
            work += len(here) + 1
            if work > WORK_MAX:
                raise Invalid(f"a value is too long for the pattern {self.text!r}")
            found = {
                place.then[0]
                for place in map(self._places.__getitem__, here)
                if place.test is not None and place.test(character)
            }
            if not found:
                return False
            here = self._closure(found, position, len(value))
        return 0 in here

    def _closure(self, places: set[int], position: int, length: int) -> set[int]:
        """Every place that is reached from these without another character."""
        seen, waiting = set(places), list(places)
        while waiting:
            place = self._places[waiting.pop()]
            is_open = (
                place.kind == _SPLIT
                or (place.kind == _BEGIN and position == 0)
                or (place.kind == _END and position == length)
            )
            for then in place.then if is_open else ():
                if then not in seen:
                    seen.add(then)
                    waiting.append(then)
        return seen

    def _add(self, place: _Place) -> int:
        if len(self._places) >= PLACES_MAX:
            raise Invalid(f"the pattern {self.text!r} is too large")
        self._places.append(place)
        return len(self._places) - 1

    def _compile(self, node: Node, then: int) -> int:
        """Where a program begins that matches the node and goes on at ``then``."""
        if isinstance(node, One):
            return self._add(_Place(_CHARACTER, (then,), node.test))
        if isinstance(node, Begin):
            return self._add(_Place(_BEGIN, (then,)))
        if isinstance(node, End):
            return self._add(_Place(_END, (then,)))
        if isinstance(node, Repeat):
            return self._repeat(node, then)
        if isinstance(node, Any_):
            starts = tuple(self._compile(choice, then) for choice in node.choices)
            return self._add(_Place(_SPLIT, starts))
        for part in reversed(node.parts):
            then = self._compile(part, then)
        return then

    def _repeat(self, node: Repeat, then: int) -> int:
        if node.most is None:
            loop = self._add(_Place(_SPLIT))
            inside = self._compile(node.node, loop)
            self._places[loop] = _Place(_SPLIT, (inside, then))
            start = loop
        else:
            start = then
            for _ in range(node.most - node.least):
                inside = self._compile(node.node, start)
                start = self._add(_Place(_SPLIT, (inside, then)))
        for _ in range(node.least):
            start = self._compile(node.node, start)
        return start
