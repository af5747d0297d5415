"""What operations give.  Pure: all series are in the table already."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from compute.core.errors import BadRequest
from compute.metric.operations.arithmetic import (
    NONE,
    RATE_OF_CHANGE,
    of_one,
    of_two,
)
from compute.metric.operations.effort import Effort
from compute.metric.operations.language import (
    Aggregate,
    Binary,
    Metrics,
    Node,
    Number,
    Reference,
    Resample,
    Rolling,
    Unary,
)
from compute.metric.operations.table import AGGREGATED, Key, Table
from compute.metric.series.methods import is_rate, method
from compute.metric.series.resampling import period_of, resampled

Column = tuple[Key, Sequence[float]]
Pair = tuple[Key, Sequence[float], Sequence[float]]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """``named``: the columns that each reference means; ``needed_overlap``: what
    percent of series must have a value for their aggregate to have one."""

    table: Table
    named: Mapping[Reference, Sequence[Key]]
    effort: Effort
    needed_overlap: float = 100.0

    def of(self, node: Node) -> Table:
        """The series that a tree of operations gives."""
        if isinstance(node, Metrics):
            return self._metrics(node)
        if isinstance(node, Aggregate):
            return self._aggregate(node)
        if isinstance(node, Resample):
            return self._resample(node)
        if isinstance(node, Rolling):
            return self._rolling(node)
        if isinstance(node, Unary):
            return self._unary(node)
        if isinstance(node, Binary):
            return self._binary(node)
        raise BadRequest("Invalid operation: a number alone is no series")

    def _metrics(self, node: Metrics) -> Table:
        wanted = {key for each in node.references for key in self.named.get(each, ())}
        columns = [column for column in self.table.columns if column[0] in wanted]
        return Table(self.table.granularity, self.table.times, columns)

    def _aggregate(self, node: Aggregate) -> Table:
        tables = [self.of(each) for each in node.inside]
        first = tables[0]
        if any(it.granularity != first.granularity for it in tables):
            raise BadRequest("Invalid operation: series of several granularities")
        times = sorted({at for each in tables for at in each.times})
        columns = [column for each in tables for _, column in self._spread(each, times)]
        if is_rate(node.method):
            columns = [_differences(column) for column in columns]
        aggregate = method(node.method)
        moments, values = [], array("d")
        for row, at in enumerate(times):
            present = [column[row] for column in columns if column[row] == column[row]]
            if present and len(present) * 100 >= self.needed_overlap * len(columns):
                moments.append(at)
                values.append(aggregate(present))
        return Table(first.granularity, moments, [(AGGREGATED, values)])

    def _binary(self, node: Binary) -> Table:
        left, right = node.left, node.right
        if isinstance(left, Number) and isinstance(right, Number):
            raise BadRequest("Invalid operation: two numbers are no series")
        if isinstance(right, Number):
            number = right.value
            return self._each(left, lambda value: of_two(node.name, value, number))
        if isinstance(left, Number):
            number = left.value
            return self._each(right, lambda value: of_two(node.name, number, value))
        one, two = self.of(left), self.of(right)
        if one.granularity != two.granularity:
            raise BadRequest(f"Invalid operation: {node.name} of several granularities")
        times = sorted({*one.times, *two.times})
        columns: list[Column] = []
        pairs = _pairs(node.name, self._spread(one, times), self._spread(two, times))
        for key, values, others in pairs:
            self.effort.spend(len(times))
            found = (
                of_two(node.name, *each) for each in zip(values, others, strict=True)
            )
            columns.append((key, array("d", found)))
        return Table(one.granularity, times, columns)

    def _unary(self, node: Unary) -> Table:
        if node.name != RATE_OF_CHANGE:
            return self._each(
                node.inside, lambda value: of_one(node.name, value, node.arguments)
            )
        table = self.of(node.inside)
        self.effort.spend(_cells(table))
        columns = [(key, _differences(column)) for key, column in table.columns]
        return Table(table.granularity, table.times, columns)

    def _each(self, node: Node, compute: Callable[[float], float]) -> Table:
        table = self.of(node)
        columns: list[Column] = []
        for key, column in table.columns:
            self.effort.spend(len(column))
            columns.append((key, array("d", (compute(value) for value in column))))
        return Table(table.granularity, table.times, columns)

    def _rolling(self, node: Rolling) -> Table:
        table, window = self.of(node.inside), node.window
        aggregate = method(node.method)
        columns: list[Column] = []
        for key, column in table.columns:
            values = array("d")
            for end in range(window, len(column) + 1):
                self.effort.spend(window)
                inside = column[end - window : end]
                is_whole = all(value == value for value in inside)
                values.append(aggregate(inside) if is_whole else NONE)
            columns.append((key, values))
        return Table(table.granularity, table.times[window - 1 :], columns)

    def _resample(self, node: Resample) -> Table:
        table = self.of(node.inside)
        self.effort.spend(_cells(table))
        begins = period_of(node.granularity)
        found = [
            (key, resampled(table.times, column, begins, node.method))
            for key, column in table.columns
        ]
        times = sorted({at for _, (moments, _) in found for at in moments})
        self.effort.spend(len(times) * len(found))
        spread: list[Column] = []
        for key, (moments, values) in found:
            known = dict(zip(moments, values, strict=True))
            spread.append((key, array("d", (known.get(at, NONE) for at in times))))
        return Table(node.granularity, times, spread)

    def _spread(self, table: Table, times: Sequence[int]) -> list[Column]:
        """The columns over more moments."""
        self.effort.spend(len(times) * len(table.columns))
        if list(table.times) == list(times):
            return list(table.columns)
        found: list[Column] = []
        for key, column in table.columns:
            known = dict(zip(table.times, column, strict=True))
            found.append((key, array("d", (known.get(at, NONE) for at in times))))
        return found


def _pairs(name: str, lefts: list[Column], rights: list[Column]) -> list[Pair]:
    """Series by series: of the same resource, or in their order; one series goes with
    each of many.  What comes out is called as the left ones (of many, as they are)."""
    if len(lefts) == 1 and len(rights) > 1:
        return [(key, lefts[0][1], column) for key, column in rights]
    if len(rights) == 1:
        return [(key, column, rights[0][1]) for key, column in lefts]
    if {len(key) for key, _ in [*lefts, *rights]} == {3}:
        # Of a search: a resource has one of each.
        others = {key[0]: column for key, column in rights}
        return [
            (key, column, others[key[0]]) for key, column in lefts if key[0] in others
        ]
    if len(lefts) == len(rights):
        return [
            (key, column, other)
            for (key, column), (_, other) in zip(lefts, rights, strict=True)
        ]
    raise BadRequest(
        f"Invalid operation: {name} of {len(lefts)} and {len(rights)} series"
    )


def _cells(table: Table) -> int:
    return len(table.times) * len(table.columns)


def _differences(column: Sequence[float]) -> Sequence[float]:
    """Of each value to the one before it that is there."""
    found = array("d")
    former = NONE
    for value in column:
        found.append(value - former)
        if value == value:
            former = value
    return found
