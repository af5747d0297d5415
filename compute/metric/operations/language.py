"""The language of operations over series, as lists or as text.

    ["aggregate", "mean", ["metric", "cpu", "mean"]]
    (aggregate mean (metric cpu mean))
    (/ (metric disk.usage mean) (metric disk.size mean))
    (rolling max 3 (* 100 (metric ((ID1 mean) (ID2 max)))))

``metric`` names series, by id or, with a search, by the name that they have;
``aggregate`` makes one of many; ``resample`` makes longer periods; ``rolling`` looks at
several periods in a row; the rest is arithmetic and comparison, each value by itself.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from compute.metric.errors import Explained, invalid_value
from compute.metric.operations.arithmetic import BINARY, UNARY
from compute.metric.series.methods import is_method, is_rate
from compute.metric.series.moments import duration

CHARACTERS_MAX = 16_384
NODES_MAX = 500
DEPTH_MAX = 20
WINDOW_MAX = 10_000
_TOKEN = re.compile(r"""\s*(?:([()\[\],])|"([^"]*)"|'([^']*)'|([^\s()\[\],"']+))""")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?(e[+-]?\d+)?\Z", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reference:
    """Series that one word names: a metric's id or name, and the method."""

    metric: str
    aggregation: str


@dataclass(frozen=True, slots=True)
class Metrics:
    """These series."""

    references: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class Number:
    """Always that."""

    value: float


@dataclass(frozen=True, slots=True)
class Aggregate:
    """All series as one."""

    method: str
    inside: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Resample:
    """In periods of that many nanoseconds."""

    method: str
    granularity: int
    inside: Node


@dataclass(frozen=True, slots=True)
class Rolling:
    """Of each period with those before it, so many in all."""

    method: str
    window: int
    inside: Node


@dataclass(frozen=True, slots=True)
class Unary:
    """Of each value; ``arguments``: what the operator needs beside it."""

    name: str
    inside: Node
    arguments: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Binary:
    """Of two values."""

    name: str
    left: Node
    right: Node


Node = Metrics | Number | Aggregate | Resample | Rolling | Unary | Binary


def references(node: Node) -> Iterator[Reference]:
    """All that a tree names."""
    if isinstance(node, Metrics):
        yield from node.references
    elif isinstance(node, Binary):
        yield from references(node.left)
        yield from references(node.right)
    elif isinstance(node, Aggregate):
        for each in node.inside:
            yield from references(each)
    elif not isinstance(node, Number):
        yield from references(node.inside)


def compile_operations(given: Any) -> Node:
    """From lists or a text.  ``BadRequest``."""
    if isinstance(given, str):
        given = parsed(given)
    node = _Compiler().compile(given, 0)
    if next(references(node), None) is None:
        raise _wrong("At least one 'metric' is required")
    return node


def parsed(text: str) -> Any:
    """A text's lists.  ``BadRequest``."""
    if len(text) > CHARACTERS_MAX:
        raise _unreadable(f"they have at most {CHARACTERS_MAX} characters")
    stack: list[list[Any]] = [[]]
    place, rest = 0, text.rstrip()
    while place < len(rest):
        match = _TOKEN.match(rest, place)
        if match is None:
            raise _unreadable(f"near {rest[place : place + 20]!r}")
        place = match.end()
        sign, *quoted, word = match.groups()
        if sign in ("(", "["):
            stack.append([])
        elif sign in (")", "]"):
            if len(stack) == 1:
                # Gnocchi reads no further than to where the operations end.
                if len(stack[0]) == 1:
                    return stack[0][0]
                raise _unreadable("one parenthesis too many")
            done = stack.pop()
            stack[-1].append(done)
        elif sign is None:
            stack[-1].append(_word(word) if word is not None else _first(quoted))
    if len(stack) > 1 or len(stack[0]) != 1:
        raise _unreadable("parentheses do not match")
    return stack[0][0]


def _first(quoted: list[str | None]) -> str:
    return next(each for each in quoted if each is not None)


def _word(text: str) -> Any:
    return float(text) if _NUMBER.match(text) else text


class _Compiler:
    def __init__(self) -> None:
        self._count = 0

    def compile(self, given: Any, depth: int) -> Node:
        self._count += 1
        if depth > DEPTH_MAX or self._count > NODES_MAX:
            raise _wrong("Operations are too large")
        if isinstance(given, str) and _NUMBER.match(given):
            given = float(given)
        if isinstance(given, int | float) and not isinstance(given, bool):
            return _number(given)
        if given == []:
            raise _wrong("Operation must not be empty")
        if not isinstance(given, list):
            raise _wrong(f"Expected a tuple/list, got a {type(given).__name__}")
        if not isinstance(given[0], str):
            raise _wrong(f"{_shown(given[0])} is no operation")
        name, *rest = given
        if name == "metric":
            return Metrics(tuple(_references(rest)))
        if name == "aggregate" and len(rest) >= 2:
            return self._aggregate(rest, depth)
        if name == "resample" and len(rest) == 3:
            return Resample(
                _method(rest[0], name),
                _length(rest[1]),
                self.compile(rest[2], depth + 1),
            )
        if name == "rolling" and len(rest) == 3:
            method = _method(rest[0], name)
            if is_rate(method):
                raise _invalid(name)
            return Rolling(method, _window(rest[1]), self.compile(rest[2], depth + 1))
        if name in BINARY and len(rest) == 2:
            left, right = (self.compile(each, depth + 1) for each in rest)
            return Binary(name, left, right)
        if name in UNARY:
            return self._unary(name, rest, depth)
        raise _invalid(name)

    def _aggregate(self, rest: list[Any], depth: int) -> Node:
        method, *inside = rest
        if len(inside) == 1 and _is_list_of_lists(inside[0]):
            inside = inside[0]
        nodes = tuple(self.compile(each, depth + 1) for each in inside)
        return Aggregate(_method(method, "aggregate"), nodes)

    def _unary(self, name: str, rest: list[Any], depth: int) -> Node:
        arguments = UNARY[name].arguments
        nodes = [self.compile(each, depth + 1) for each in rest]
        numbers = [each.value for each in nodes if isinstance(each, Number)]
        series = [each for each in nodes if not isinstance(each, Number)]
        if len(series) != 1 or len(numbers) != arguments:
            raise _invalid(name)
        return Unary(name, series[0], tuple(numbers))


def _number(given: float) -> Number:
    try:
        found = float(given)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        raise _wrong(f"{_shown(given)} is too large")
    return Number(found)


def _is_list_of_lists(given: Any) -> bool:
    return isinstance(given, list) and bool(given) and isinstance(given[0], list)


def _references(rest: list[Any]) -> Iterator[Reference]:
    if len(rest) == 1 and isinstance(rest[0], list):
        rest = rest[0]
    pairs = [rest] if rest and isinstance(rest[0], str) else rest
    if not pairs:
        raise _wrong("Operation need at least one argument")
    for pair in pairs:
        if (
            not isinstance(pair, list)
            or len(pair) != 2
            or not all(isinstance(each, str) for each in pair)
        ):
            raise _invalid("metric")
        # Whether there is such a method, the metric's archive policy says.
        yield Reference(*pair)


def _method(given: Any, operation: str) -> str:
    if not isinstance(given, str) or not is_method(given):
        raise _invalid(operation)
    return given


def _length(given: Any) -> int:
    try:
        return duration(given)
    except ValueError:
        raise _invalid("resample") from None


def _window(given: Any) -> int:
    try:
        found = int(given)
    except (TypeError, ValueError, OverflowError):
        found = 0
    if not 1 <= found <= WINDOW_MAX:
        raise _invalid("rolling")
    return found


def _shown(given: Any) -> str:
    return repr(given)[:80]


def _invalid(operation: str) -> Explained:
    return _wrong(f"{operation[:64]!r} operation invalid")


def _wrong(reason: str) -> Explained:
    return invalid_value(reason, "operations")


def _unreadable(detail: str) -> Explained:
    reason = "Fail to parse the operations string"
    return Explained("Invalid operations", reason, detail)
