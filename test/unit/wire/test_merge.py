"""Merging states is a join: commutative, associative, idempotent."""

from __future__ import annotations

from functools import reduce
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from objectstore.wire.merge import merge_states, normal
from objectstore.wire.records import ObjectName, ObjectState

NAME = ObjectName("AUTH_test", "box", "thing")
times = st.integers(1, 6)


@st.composite
def puts(draw: st.DrawFn) -> ObjectState:
    at = draw(times)
    return ObjectState(
        NAME,
        timestamp=at,
        size=draw(st.integers(0, 2)),
        etag=draw(st.sampled_from("ab")),
        content_type=draw(st.sampled_from(["text/plain", "image/png"])),
        content_type_timestamp=at,
        metadata=draw(st.sampled_from([{}, {"X-Object-Meta-A": "1"}])),
        metadata_timestamp=at,
        system_metadata=draw(st.sampled_from([{}, {"X-Object-Sysmeta-A": "1"}])),
        delete_at=draw(st.integers(0, 1)),
    )


@st.composite
def posts(draw: st.DrawFn) -> ObjectState:
    at = draw(times)
    changes_type = draw(st.booleans())
    return ObjectState(
        NAME,
        metadata=draw(st.sampled_from([{}, {"X-Object-Meta-B": "2"}])),
        metadata_timestamp=at,
        delete_at=draw(st.integers(0, 1)),
        content_type="a/b" if changes_type else "application/octet-stream",
        content_type_timestamp=at if changes_type else 0,
    )


tombstones = st.builds(lambda at: ObjectState(NAME, deleted_timestamp=at), times)
writes = st.one_of(puts(), posts(), tombstones)
# What replicas hold: any history of writes.
states = st.lists(writes, min_size=1, max_size=4).map(
    lambda history: reduce(merge_states, history[1:], normal(history[0]))
)


@given(st.lists(writes, min_size=1, max_size=4))
def test_any_order_of_writes_gives_one_state(history: list[ObjectState]) -> None:
    results = {
        repr(reduce(merge_states, order[1:], normal(order[0])))
        for order in permutations(history)
    }
    assert len(results) == 1


@given(states, states)
def test_commutative(one: ObjectState, other: ObjectState) -> None:
    assert merge_states(one, other) == merge_states(other, one)


@given(states, states, states)
def test_associative(a: ObjectState, b: ObjectState, c: ObjectState) -> None:
    left = merge_states(merge_states(a, b), c)
    assert left == merge_states(a, merge_states(b, c))


@given(states, states)
def test_idempotent(one: ObjectState, other: ObjectState) -> None:
    both = merge_states(one, other)
    assert merge_states(both, both) == both
    assert merge_states(both, one) == both
    assert merge_states(both, other) == both


@given(states, tombstones)
def test_a_tombstone_kills_what_is_not_newer(
    state: ObjectState, tombstone: ObjectState
) -> None:
    merged = merge_states(state, tombstone)
    at = tombstone.deleted_timestamp
    assert merged.exists == (state.exists and state.timestamp > at)
    if merged.metadata_timestamp:
        assert merged.metadata_timestamp > at
    assert merged.newest >= at


def test_a_post_that_overtakes_its_put_is_kept() -> None:
    post = ObjectState(NAME, metadata={"X-Object-Meta-A": "1"}, metadata_timestamp=5)
    put = ObjectState(
        NAME, timestamp=4, size=3, etag="x", metadata_timestamp=4, delete_at=9
    )
    merged = merge_states(post, put)
    assert merged.exists
    assert merged.size == 3
    assert merged.metadata == {"X-Object-Meta-A": "1"}
    assert merged.delete_at == 0
