"""Names that a list is asked for, by the regular expressions that people write for
names: ``^``, ``$``, ``.``, ``[a-z]``, ``\\d``, ``*``, ``+``, ``?`` and ``\\``; groups,
alternatives and counts stand for themselves.  Pure.

Matching never tries again: all places where the pattern may have got to go through the
name together, a bit each.  A backtracking expression would try every place of each
repetition with every place of the others, while all that this process serves waits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from compute.core.errors import BadRequest

PATTERN_CHARACTERS_MAX = 255
_CLASSES: dict[str, Callable[[str], bool]] = {
    "d": str.isdigit,
    "s": str.isspace,
    "w": lambda character: character.isalnum() or character == "_",
}
_REPEATED = {"*": (True, True), "+": (False, True), "?": (True, False)}
"""Whether what is before may be missing, and whether it may come again."""


@dataclass(frozen=True, slots=True)
class Atom:
    """One character of the pattern, or a repetition of it.  ``text``: what it is in a
    ``Hint``, "" when it is of many kinds."""

    accepts: Callable[[str], bool]
    text: str = ""
    may_miss: bool = False
    may_repeat: bool = False


class NamePattern:
    """``matches`` takes as many steps as the name has characters."""

    def __init__(self, text: str) -> None:
        """``BadRequest`` when it is too long."""
        if len(text) > PATTERN_CHARACTERS_MAX:
            raise BadRequest("The name filter is too long")
        self._from_start = text.startswith("^")
        self._to_end = text.endswith("$") and not text.endswith("\\$")
        last = len(text) - (1 if self._to_end else 0)
        self._atoms = _parse(text[1 if self._from_start else 0 : last])
        self._may_miss = self._bits(lambda atom: atom.may_miss)
        self._may_repeat = self._bits(lambda atom: atom.may_repeat)
        self._start = self._skipped(1)
        self._end = 1 << len(self._atoms)
        self._accepting: dict[str, int] = {}

    @property
    def needed(self) -> str:
        """The longest text that whatever is matched has somewhere; ``.`` in it is any
        character.  (Only one, for a database's LIKE tries every place of each.)"""
        runs = [""]
        for atom in self._atoms:
            if atom.text and not atom.may_miss:
                runs[-1] += atom.text
            if not atom.text or atom.may_miss or atom.may_repeat:
                runs.append("")
        return max(runs, key=len)

    def matches(self, name: str) -> bool:
        """Whether the name is of this kind."""
        places = self._start
        for character in name:
            if places & self._end and not self._to_end:
                return True
            been = places & self._accepted(character)
            places = self._skipped(been << 1 | been & self._may_repeat)
            if not self._from_start:
                places |= self._start
        return bool(places & self._end)

    def _accepted(self, character: str) -> int:
        found = self._accepting.get(character)
        if found is None:
            found = self._bits(lambda atom: atom.accepts(character))
            self._accepting[character] = found
        return found

    def _bits(self, holds: Callable[[Atom], bool]) -> int:
        return sum(1 << place for place, atom in enumerate(self._atoms) if holds(atom))

    def _skipped(self, places: int) -> int:
        """With the places behind what may be missing.  Added to a run of ones, a place
        carries to the run's end: no loop, however much may be missing."""
        carried = self._may_miss + (places & self._may_miss)
        return places | self._may_miss ^ carried


def _parse(text: str) -> list[Atom]:
    atoms: list[Atom] = []
    place = 0
    while place < len(text):
        if text[place] in _REPEATED and atoms:
            may_miss, may_repeat = _REPEATED[text[place]]
            before = atoms[-1]
            atoms[-1] = replace(
                before,
                may_miss=before.may_miss or may_miss,
                may_repeat=before.may_repeat or may_repeat,
            )
            place += 1
            continue
        atom, place = _atom(text, place)
        atoms.append(atom)
    return atoms


def _atom(text: str, place: int) -> tuple[Atom, int]:
    """What is at that place, and where it ends."""
    character = text[place]
    if character == ".":
        return Atom(lambda character: True, "."), place + 1
    if character == "\\" and place + 1 < len(text):
        return _escaped(text[place + 1]), place + 2
    # "[]a]" has a bracket in it.
    first = place + (2 if text.startswith("[^", place) else 1)
    end = text.find("]", first + 1) if character == "[" else -1
    if end > 0:
        return Atom(_one_of(text[first:end], is_other=first > place + 1)), end + 1
    return _literal(character), place + 1


def _literal(character: str) -> Atom:
    return Atom(lambda other: other == character, character)


def _escaped(character: str) -> Atom:
    if character in _CLASSES:
        return Atom(_CLASSES[character])
    return _literal(character)


def _one_of(text: str, *, is_other: bool) -> Callable[[str], bool]:
    """What stands between brackets: characters, ranges, classes."""
    ranges: list[tuple[str, str]] = []
    classes: list[Callable[[str], bool]] = []
    place = 0
    while place < len(text):
        if text[place] == "\\" and text[place + 1 : place + 2] in _CLASSES:
            classes.append(_CLASSES[text[place + 1]])
            place += 2
            continue
        if text[place] == "\\" and place + 1 < len(text):
            place += 1
        is_range = text[place + 1 : place + 2] == "-" and place + 2 < len(text)
        last = place + 2 if is_range else place
        ranges.append((text[place], text[last]))
        place = last + 1

    def accepts(character: str) -> bool:
        found = any(low <= character <= high for low, high in ranges)
        return (found or any(each(character) for each in classes)) != is_other

    return accepts
