"""What replicas of one object tell each other: enough, and never too much."""

from __future__ import annotations

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from objectstore.object.levelling import (
    Plan,
    is_covered,
    is_old_tombstone,
    plan_exchange,
)
from objectstore.wire.merge import merge_states
from objectstore.wire.records import ObjectName, ObjectState

NAME = ObjectName("AUTH_test", "box", "one")
TIMES = st.integers(1, 9)


@st.composite
def writes(draw: st.DrawFn) -> ObjectState:
    """One write, as a node hears of it."""
    at, kind = draw(TIMES), draw(st.sampled_from(["put", "delete", "post"]))
    if kind == "delete":
        return ObjectState(NAME, deleted_timestamp=at)
    if kind == "post":
        return ObjectState(NAME, metadata={"A": str(at)}, metadata_timestamp=at)
    return ObjectState(
        NAME,
        timestamp=at,
        size=at,
        etag=f"etag {at}",
        content_type_timestamp=at,
        metadata_timestamp=at,
    )


@st.composite
def held(draw: st.DrawFn) -> ObjectState | None:
    """What a node holds after some writes: a POST alone is not kept."""
    state: ObjectState | None = None
    for write in draw(st.lists(writes(), max_size=4)):
        is_post = not write.timestamp and not write.deleted_timestamp
        if not is_post or (state is not None and state.exists):
            state = merge_states(state, write)
    return state


def joined(one: ObjectState | None, other: ObjectState | None) -> ObjectState | None:
    if one is None or other is None:
        return one or other
    return merge_states(one, other)


@given(held(), held())
def test_after_an_exchange_both_hold_the_same(
    mine: ObjectState | None, theirs: ObjectState | None
) -> None:
    plan = plan_exchange(mine, theirs, 0)
    my_new = joined(mine, theirs) if plan.pull else mine
    their_new = joined(theirs, mine) if plan.push else theirs
    assert my_new == their_new == joined(mine, theirs)


@given(held(), held())
def test_nothing_is_sent_in_vain(
    mine: ObjectState | None, theirs: ObjectState | None
) -> None:
    plan = plan_exchange(mine, theirs, 0)
    assert plan.push == (joined(theirs, mine) != theirs)
    assert plan.pull == (joined(mine, theirs) != mine)
    assert plan_exchange(mine, mine, 0) == Plan()
    mirrored = plan_exchange(theirs, mine, 0)
    assert plan == Plan(
        mirrored.pull, mirrored.pull_body, mirrored.push, mirrored.push_body
    )


@given(held(), held())
def test_a_body_goes_along_exactly_when_its_data_wins_and_is_not_there(
    mine: ObjectState | None, theirs: ObjectState | None
) -> None:
    plan, merged = plan_exchange(mine, theirs, 0), joined(mine, theirs)
    wins = merged is not None and merged.exists and mine is not None
    wins = wins and merged.timestamp == mine.timestamp  # type: ignore[union-attr]
    has_it = theirs is not None and wins and theirs.timestamp == merged.timestamp  # type: ignore[union-attr]
    assert plan.push_body == (wins and not has_it)


@given(held(), held(), st.integers(0, 10))
def test_old_tombstones_are_told_only_to_who_holds_something_older(
    mine: ObjectState | None, theirs: ObjectState | None, before: int
) -> None:
    plan, always = plan_exchange(mine, theirs, before), plan_exchange(mine, theirs, 0)
    if mine is not None and theirs is None and is_old_tombstone(mine, before):
        assert not plan.push
    else:
        assert (plan.push, plan.push_body) == (always.push, always.push_body)


@given(held(), held())
def test_covered_means_that_merging_changes_nothing(
    mine: ObjectState | None, theirs: ObjectState | None
) -> None:
    if mine is not None:
        expected = theirs is not None and merge_states(theirs, mine) == theirs
        assert is_covered(mine, theirs) == expected


def test_a_deletion_beats_a_stale_put_in_every_order() -> None:
    put = ObjectState(NAME, timestamp=5, size=1, etag="x", metadata_timestamp=5)
    newer = put._replace(timestamp=9, etag="y", metadata_timestamp=9)
    tombstone = ObjectState(NAME, deleted_timestamp=7)
    assert plan_exchange(tombstone, put, 0) == Plan(push=True)
    assert plan_exchange(tombstone, newer, 0) == Plan(pull=True, pull_body=True)
    for order in permutations([put, tombstone]):
        state: ObjectState | None = None
        for each in order:
            state = merge_states(state, each)
        assert state == tombstone
