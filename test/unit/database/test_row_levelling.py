"""What replicas of a database tell each other of their rows and facts."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from objectstore.database.copies import (
    copy_with,
    digest_of_copy,
    facts_of,
    is_news,
    is_old_deletion,
)
from objectstore.database.facts import (
    Facts,
    created_by,
    deleted_by,
    join,
    posted_by,
)
from objectstore.database.merge import is_live, merge_rows
from objectstore.database.row_levelling import (
    ROWS_PER_RANGE,
    digest_of_rows,
    parts_of,
    plan_rows,
)
from objectstore.wire.records import ContainerRow, ObjectRow
from test.fakes.memory_database import normal_row

NAMES = st.sampled_from(["a", "b", "ba", "c"])
TIMES = st.integers(1, 9)


@st.composite
def object_rows(draw: st.DrawFn) -> ObjectRow:
    at, gone = draw(TIMES), draw(st.booleans())
    row = ObjectRow(draw(NAMES), at, int(gone), at, "text/plain", at, f"e{at}", at)
    return normal_row(row)  # type: ignore[return-value]


@st.composite
def container_rows(draw: st.DrawFn) -> ContainerRow:
    at = draw(TIMES)
    row = ContainerRow(draw(NAMES), at, draw(st.integers(0, 9)), at, at, draw(TIMES))
    return normal_row(row)  # type: ignore[return-value]


def folded(rows: list[Any]) -> dict[str, Any]:
    held: dict[str, Any] = {}
    for row in rows:
        held[row.name] = merge_rows(held[row.name], row) if row.name in held else row
    return held


ROWS = st.one_of(
    st.tuples(st.lists(object_rows()), st.lists(object_rows())),
    st.tuples(st.lists(container_rows()), st.lists(container_rows())),
)


@given(ROWS)
def test_after_an_exchange_both_hold_the_same_rows(pair: Any) -> None:
    mine, theirs = folded(pair[0]), folded(pair[1])
    plan = plan_rows(mine.values(), theirs.values(), 0)
    together = folded([*mine.values(), *theirs.values()])
    assert folded([*theirs.values(), *plan.push]) == together
    assert folded([*mine.values(), *plan.pull]) == together
    again = plan_rows(together.values(), together.values(), 0)
    assert again == ([], [])
    for row in plan.push:
        assert together[row.name] != theirs.get(row.name)


@given(ROWS, st.integers(0, 10))
def test_old_tombstones_are_not_told_to_who_has_no_row(pair: Any, before: int) -> None:
    mine, theirs = folded(pair[0]), folded(pair[1])
    plan, always = (
        plan_rows(mine.values(), theirs.values(), each) for each in (before, 0)
    )
    for row in always.push:
        kept = row.name in theirs or is_live(row) or _newest(row) > before
        assert (row in plan.push) == kept


def _newest(row: Any) -> int:
    if isinstance(row, ObjectRow):
        return row.timestamp
    return max(row.timestamp, row.deleted_timestamp)


@given(st.integers(0, 3 * ROWS_PER_RANGE), st.booleans())
def test_ranges_have_no_gaps(count: int, is_last: bool) -> None:
    rows = [ObjectRow(f"{number:06}", 1, 0, 1, "", 1, "", 1) for number in range(count)]
    parts = parts_of(rows, "", is_last)
    assert [row for part in parts for row in part.rows] == rows
    after = ""
    for part in parts:
        assert part.after == after
        assert all(
            after < row.name and (not part.until or row.name <= part.until)
            for row in part.rows
        )
        after = part.until
    if is_last:
        assert parts[-1].until == ""
    elif parts:
        assert parts[-1].until == rows[-1].name


@given(st.lists(object_rows(), max_size=6, unique_by=lambda row: row.name))
def test_digests_of_rows_do_not_depend_on_order(rows: list[ObjectRow]) -> None:
    assert digest_of_rows(rows) == digest_of_rows(reversed(rows))
    for at in range(len(rows)):
        assert digest_of_rows(rows[:at] + rows[at + 1 :]) != digest_of_rows(rows)


# ---- facts ---------------------------------------------------------------------------


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    made = Facts("AUTH_test", "box")
    for kind, at in draw(
        st.lists(st.tuples(st.sampled_from("cdp"), TIMES), min_size=1, max_size=4)
    ):
        if kind == "c":
            made = created_by(made, at, 0)
        elif kind == "d":
            made = deleted_by(made, at)
        else:
            made = posted_by(made, {"X": (draw(st.sampled_from(["", "v"])), at)})
    return made


@given(facts(), facts())
def test_facts_are_news_exactly_when_joining_changes_something(
    one: Facts, other: Facts
) -> None:
    assert is_news(one, other) == (join(other, one) != join(other, other))
    assert not is_news(one, join(one, other))
    assert is_news(one, None)


@given(facts(), facts())
def test_equal_digests_mean_equal_live_facts(one: Facts, other: Facts) -> None:
    copies = [copy_with(each, "digest") for each in (one, other)]
    assert facts_of(copies[0]) == one

    def shown(each: Facts) -> Any:
        live = {name: item for name, item in each.metadata.items() if item[0]}
        return each.created, each.put_timestamp, each.deleted_timestamp, live

    equal = digest_of_copy(copies[0]) == digest_of_copy(copies[1])
    assert equal == (shown(one) == shown(other))


def test_old_deletions() -> None:
    deleted = deleted_by(created_by(Facts("a"), 3, 0), 5)
    assert is_old_deletion(deleted, 5)
    assert not is_old_deletion(deleted, 4)
    assert not is_old_deletion(created_by(deleted, 6, 0), 9)
    assert not is_old_deletion(Facts("a"), 9)
