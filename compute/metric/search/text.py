"""A query as text, as people write it: ``project_id="..." and not (memory >= 24)``.

The result is the query of JSON dictionaries (``query.py``).  A value is a number, a
word, a text in quotes, ``null``, ``true``, ``false``; after ``in`` a list in brackets.
"""

from __future__ import annotations

import re
from typing import Any

from compute.core.errors import BadRequest
from compute.metric.search.tree import DEPTH_MAX, OR_SIGN

CHARACTERS_MAX = 4096
_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"[^"]*"|'[^']*')
        |(?P<sign><=|>=|!=|==|[=<>≤≥≠()\[\],∧\u2228¬])
        |(?P<word>[^\s=<>!≤≥≠()\[\],∧\u2228¬"']+))""",
    re.VERBOSE,
)
_COMPARISONS = frozenset(
    {"=", "==", "!=", "≠", "<", "<=", "≤", ">", ">=", "≥", "in", "like"}
    | {"eq", "ne", "lt", "le", "gt", "ge"}
)
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?\Z", re.ASCII)
_WORDS = {"null": None, "none": None, "true": True, "false": False}


def parse(text: str) -> dict[str, Any]:
    """The query.  ``BadRequest``."""
    if len(text) > CHARACTERS_MAX:
        raise BadRequest(f"A filter has at most {CHARACTERS_MAX} characters")
    if not text.strip():
        return {}
    return _Parser(_tokens(text)).parse()


def _tokens(text: str) -> list[tuple[str, str]]:
    found, place = [], 0
    rest = text.rstrip()
    while place < len(rest):
        match = _TOKEN.match(rest, place)
        if match is None:
            raise BadRequest(f"Invalid filter: near {rest[place : place + 20]!r}")
        assert match.lastgroup is not None
        found.append((match.lastgroup, match[match.lastgroup]))
        place = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._place = 0

    def parse(self) -> dict[str, Any]:
        found = self._either(0)
        if self._place < len(self._tokens):
            raise self._wrong()
        return found

    def _either(self, depth: int) -> dict[str, Any]:
        parts = [self._both(depth)]
        while self._is("or", OR_SIGN):
            parts.append(self._both(depth))
        return parts[0] if len(parts) == 1 else {"or": parts}

    def _both(self, depth: int) -> dict[str, Any]:
        parts = [self._one(depth)]
        while self._is("and", "∧"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else {"and": parts}

    def _one(self, depth: int) -> dict[str, Any]:
        if depth > DEPTH_MAX:
            raise BadRequest("Invalid filter: it is nested too deep")
        if self._is("not", "¬"):
            return {"not": self._one(depth + 1)}
        if self._is("("):
            inside = self._either(depth + 1)
            if not self._is(")"):
                raise self._wrong()
            return inside
        kind, attribute = self._next()
        if kind == "sign":
            raise self._wrong()
        _, sign = self._next()
        if sign.lower() not in _COMPARISONS:
            raise self._wrong()
        value = self._list() if sign.lower() == "in" else self._value()
        return {sign.lower(): {attribute: value}}

    def _list(self) -> list[Any]:
        if not self._is("["):
            raise self._wrong()
        found: list[Any] = []
        while not self._is("]"):
            if found and not self._is(","):
                raise self._wrong()
            found.append(self._value())
        return found

    def _value(self) -> Any:
        kind, text = self._next()
        if kind == "text":
            return text[1:-1]
        if kind == "sign":
            raise self._wrong()
        if _NUMBER.match(text):
            return float(text) if "." in text else int(text)
        return _WORDS.get(text.lower(), text)

    def _next(self) -> tuple[str, str]:
        if self._place >= len(self._tokens):
            raise BadRequest("Invalid filter: it ends too soon")
        self._place += 1
        return self._tokens[self._place - 1]

    def _is(self, *wanted: str) -> bool:
        if self._place >= len(self._tokens):
            return False
        kind, text = self._tokens[self._place]
        if kind == "text" or text.lower() not in wanted:
            return False
        self._place += 1
        return True

    def _wrong(self) -> BadRequest:
        near = " ".join(text for _, text in self._tokens[max(0, self._place - 1) :][:4])
        return BadRequest(f"Invalid filter: near {near[:60]!r}")
