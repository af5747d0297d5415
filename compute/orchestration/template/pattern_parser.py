"""The language of regular expressions, as far as it can be matched in one pass.  Pure.

choice := parts ("|" parts)*      part := atom ("*" | "+" | "?" | "{n,m}")*
atom := character | "." | "[...]" | "(" choice ")" | "^" | "$" | "\\d" ...
"""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from compute.orchestration.errors import Invalid

PATTERN_CHARACTERS_MAX = 1024
# Groups in groups: bounds the parser's recursion.
DEPTH_MAX = 50
REPEATS_MAX = 1000

Test = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class One:
    """One character that passes a test."""

    test: Test


@dataclass(frozen=True, slots=True)
class Begin:
    """Nothing, at the text's beginning."""


@dataclass(frozen=True, slots=True)
class End:
    """Nothing, at the text's end."""


@dataclass(frozen=True, slots=True)
class Parts:
    """One after the other."""

    parts: Sequence[Node]


@dataclass(frozen=True, slots=True)
class Any_:
    """One of several."""

    choices: Sequence[Node]


@dataclass(frozen=True, slots=True)
class Repeat:
    """The same several times; ``most`` None: any number."""

    node: Node
    least: int
    most: int | None


Node = One | Begin | End | Parts | Any_ | Repeat

_WORD = frozenset(string.ascii_letters + string.digits + "_")
_CLASSES: dict[str, Test] = {
    "d": str.isdecimal,
    "w": lambda character: character in _WORD or character.isalnum(),
    "s": str.isspace,
}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "0": "\0"}
_HEXADECIMAL = {"x": 2, "u": 4}


def parse(text: str) -> Node:
    """The pattern as a tree; ``Invalid``."""
    if len(text) > PATTERN_CHARACTERS_MAX:
        raise Invalid(f"a pattern has more than {PATTERN_CHARACTERS_MAX} characters")
    parser = _Parser(text)
    node = parser.choice(0)
    if parser.rest:
        parser.wrong("a parenthesis is closed that was not opened")
    return node


class _Parser:
    """Recursive descent over the characters."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    @property
    def rest(self) -> str:
        """The next character; "" at the end."""
        return self._text[self._at : self._at + 1]

    def wrong(self, why: str) -> NoReturn:
        """Refuse the pattern."""
        raise Invalid(f"Invalid pattern {self._text!r}: {why}")

    def choice(self, depth: int) -> Node:
        """Parts, or one of several."""
        if depth > DEPTH_MAX:
            self.wrong("its groups are too deep")
        choices = [self._parts(depth)]
        while self._takes("|"):
            choices.append(self._parts(depth))
        return choices[0] if len(choices) == 1 else Any_(choices)

    def _parts(self, depth: int) -> Node:
        parts: list[Node] = []
        while self.rest and self.rest not in "|)":
            parts.append(self._repeated(self._atom(depth)))
        return Parts(parts)

    def _repeated(self, node: Node) -> Node:
        bounds = self._bounds()
        if bounds is None:
            return node
        if isinstance(node, Begin | End):
            self.wrong("there is nothing to repeat")
        # How much of a text it would rather take says nothing of whether it matches.
        self._takes("?")
        if self.rest == "+" or self._bounds() is not None:
            self.wrong("what is repeated is repeated again")
        return Repeat(node, *bounds)

    def _bounds(self) -> tuple[int, int | None] | None:
        simple: dict[str, tuple[int, int | None]] = {
            "*": (0, None),
            "+": (1, None),
            "?": (0, 1),
        }
        found = simple.get(self.rest)
        if found is not None:
            self._at += 1
            return found
        if self.rest != "{":
            return None
        inside, brace, _ = self._text[self._at + 1 :].partition("}")
        least, comma, most = inside.partition(",")
        if not brace or not (least or most) or not (least + most).isdecimal():
            return None  # a brace of its own, as Python has it
        self._at += len(inside) + 2
        low = int(least[:9] or "0")
        high = (int(most[:9]) if most else None) if comma else low
        if max(low, high or 0) > REPEATS_MAX or (high is not None and high < low):
            self.wrong(f"it repeats {inside} times")
        return low, high

    def _atom(self, depth: int) -> Node:
        character = self._next()
        if character == "(":
            return self._group(depth)
        if character == "[":
            return One(self._set())
        if character == ".":
            return One(lambda found: found != "\n")
        if character == "^":
            return Begin()
        if character == "$":
            return End()
        if character in "*+?":
            self.wrong("there is nothing to repeat")
        if character != "\\":
            return One(character.__eq__)
        if self.rest and self.rest in "AZz":
            return Begin() if self._next() == "A" else End()
        return One(self._escape())

    def _group(self, depth: int) -> Node:
        if self._takes("?"):
            if self._takes("P"):
                if not self._takes("<"):
                    self.wrong("references back are not supported")
                _, closed, rest = self._text[self._at :].partition(">")
                if not closed:
                    self.wrong("a name is not closed")
                self._at = len(self._text) - len(rest)
            elif not self._takes(":"):
                self.wrong("flags, and looking ahead or behind, are not supported")
        node = self.choice(depth + 1)
        if not self._takes(")"):
            self.wrong("a parenthesis is not closed")
        return node

    def _set(self) -> Test:
        negated = self._takes("^")
        tests: list[Test] = []
        while not tests or self.rest != "]":
            if not self.rest:
                self.wrong("a set is not closed")
            tests.append(self._range())
        self._at += 1
        return lambda found: any(test(found) for test in tests) is not negated

    def _range(self) -> Test:
        first = self._member()
        if self.rest != "-" or self._text[self._at + 1 : self._at + 2] in ("]", ""):
            return first.__eq__ if isinstance(first, str) else first
        self._at += 1
        last = self._member()
        if not isinstance(first, str) or not isinstance(last, str) or last < first:
            self.wrong("a range in a set is wrong")
        return lambda found: first <= found <= last

    def _member(self) -> str | Test:
        character = self._next()
        if character != "\\":
            return character
        return self._test_of_class() or self._literal(self._next())

    def _escape(self) -> Test:
        found = self._test_of_class()
        return self._literal(self._next()).__eq__ if found is None else found

    def _test_of_class(self) -> Test | None:
        letter = self.rest
        test = _CLASSES.get(letter.lower())
        if test is None:
            return None
        self._at += 1
        if letter.islower():
            return test
        return lambda found: not test(found)

    def _literal(self, letter: str) -> str:
        """What a backslash and this letter stand for."""
        if letter in _ESCAPES:
            return _ESCAPES[letter]
        digits = _HEXADECIMAL.get(letter, 0)
        if digits:
            code = self._text[self._at : self._at + digits]
            if len(code) < digits or not set(code) <= set(string.hexdigits):
                self.wrong(f"\\{letter} is not followed by {digits} digits")
            self._at += digits
            return chr(int(code, 16))
        if letter.isalnum():
            self.wrong(f"\\{letter} is not supported")
        return letter

    def _next(self) -> str:
        character = self.rest
        if not character:
            self.wrong("it ends too soon")
        self._at += 1
        return character

    def _takes(self, character: str) -> bool:
        if self.rest != character:
            return False
        self._at += 1
        return True
