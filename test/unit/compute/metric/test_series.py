"""Whatever the split and the order of measures: the series is that of all that were
taken, aggregated at once."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from compute.metric.series.codec import pack_series, unpack_series
from compute.metric.series.columns import Columns
from compute.metric.series.grouping import grouped
from compute.metric.series.plan import Plan, plan_of
from compute.metric.series.series import Series, absorbed, shipped

METHODS = ("mean", "std", "count", "last", "95pct", "rate:mean", "rate:count")
SECOND = 10**9

# Granularities that divide each other, and such that do not.
PLANS = st.builds(
    plan_of,
    st.lists(
        st.tuples(st.integers(1, 40).map(lambda s: s * SECOND), st.integers(1, 30)),
        min_size=1,
        max_size=3,
        unique_by=lambda each: each[0],
    ),
    st.integers(0, 3),
    st.just(METHODS),
)
MEASURES = st.lists(
    st.tuples(
        st.integers(0, 600 * 10).map(lambda t: t * SECOND // 10), st.floats(-1e6, 1e6)
    ),
    max_size=60,
)
CHUNK = 4


class Kept:
    """A series with its chunks, as the room keeps it; and, beside, all that was
    taken."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.series = Series()
        self.chunks: dict[int, Columns] = {}
        self.taken: dict[int, float] = {}

    def absorb(self, measures: Sequence[tuple[int, float]]) -> None:
        newest = max(self.taken, default=None)
        for at, value in measures:
            if newest is None or at >= self.plan.window_begins(newest):
                self.taken[at] = value
        times, values = [at for at, _ in measures], [value for _, value in measures]
        series = absorbed(self.series, times, values, self.plan)
        series, chunks = shipped(unpack_series(pack_series(series)), CHUNK)
        self.series = series
        for chunk in chunks:
            former = self.chunks.get(chunk.granularity, Columns())
            self.chunks[chunk.granularity] = former.followed_by(chunk.rows)

    def check(self) -> None:
        """What is shown is what all that was taken gives."""
        moments = sorted(self.taken)
        if not moments:
            assert not self.series.times
            return
        times = array("q", moments)
        values = array("d", (self.taken[at] for at in moments))
        for each in self.plan.definitions:
            kept = each.kept_from(moments[-1])
            wanted = grouped(times, values, each.granularity, METHODS, kept)
            found = self.chunks.get(each.granularity, Columns())
            found = found.followed_by(self.series.rows(self.plan, each)).since(kept)
            assert found.times == wanted.times
            for name in METHODS:
                assert len(found.values.get(name, ())) == len(found.times)
                for one, other in zip(
                    found.values.get(name, ()), wanted.values[name], strict=True
                ):
                    assert one == other or (math.isnan(one) and math.isnan(other))


@given(PLANS, MEASURES, st.data())
def test_any_split_and_order(
    plan: Plan, measures: list[tuple[int, float]], data: st.DataObject
) -> None:
    kept = Kept(plan)
    rest = list(measures)
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        kept.absorb(rest[:size])
        rest = rest[size:]
        kept.check()


@given(PLANS, MEASURES, st.data())
def test_sorted_measures_are_all_taken(
    plan: Plan, measures: list[tuple[int, float]], data: st.DataObject
) -> None:
    unique = dict(measures)
    kept = Kept(plan)
    rest = sorted(unique.items())
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        kept.absorb(rest[:size])
        rest = rest[size:]
    assert kept.taken == unique
    kept.check()


@given(PLANS, MEASURES, st.randoms(use_true_random=False))
def test_inside_the_window_order_does_not_matter(
    plan: Plan, measures: list[tuple[int, float]], random: object
) -> None:
    newest = max((at for at, _ in measures), default=0)
    begins = plan.window_begins(newest)
    inside = {at: value for at, value in measures if at >= begins}
    shuffled = list(inside.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one_by_one, at_once = Kept(plan), Kept(plan)
    for each in shuffled:
        one_by_one.absorb([each])
    at_once.absorb(list(inside.items()))
    assert one_by_one.taken == at_once.taken == inside
    one_by_one.check()
    at_once.check()


@given(PLANS, MEASURES)
def test_sent_again_nothing_changes(
    plan: Plan, measures: list[tuple[int, float]]
) -> None:
    kept = Kept(plan)
    kept.absorb(measures)
    before, chunks = pack_series(kept.series), dict(kept.chunks)
    kept.absorb(list(dict(measures).items()))
    assert pack_series(kept.series) == before
    assert kept.chunks == chunks


@given(PLANS, MEASURES)
def test_what_is_held_is_bounded(plan: Plan, measures: list[tuple[int, float]]) -> None:
    kept = Kept(plan)
    for each in measures:
        kept.absorb([each])
    if not kept.series.times:
        return
    begins = plan.raw_from(kept.series.times[-1])
    # One more, where differences begin.
    assert bisect_left(kept.series.times, begins) <= 1
    for tail in kept.series.tails.values():
        assert len(tail) < CHUNK
