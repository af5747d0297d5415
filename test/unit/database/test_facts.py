"""Facts of a database: replicas agree; a deletion ends what is older."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from objectstore.database.facts import (
    METADATA_ITEMS_MAX,
    Facts,
    check_metadata,
    created_by,
    deleted_by,
    join,
    posted_by,
    without_old_removals,
)
from objectstore.kernel.errors import Rejected
from test.unit.database.rows import timestamps

NEW = Facts("account", "container")
changes = st.lists(
    st.one_of(
        st.tuples(st.just(created_by), timestamps, st.integers(0, 1)),
        st.tuples(st.just(deleted_by), timestamps),
        st.tuples(
            st.just(posted_by),
            st.dictionaries(
                st.sampled_from("xy"),
                st.tuples(st.sampled_from(["", "1", "2"]), timestamps),
            ),
        ),
    ),
    max_size=6,
)


def apply(changes: list) -> Facts:
    facts = NEW
    for change, *arguments in changes:
        facts = change(facts, *arguments)
    return facts


@given(changes, changes)
def test_joining_commutes_and_repeating_changes_nothing(one: list, other: list):
    a, b = apply(one), apply(other)
    assert join(a, b) == join(b, a)
    assert join(a, a) == a
    assert join(join(a, b), b) == join(a, b)


@given(changes, st.randoms(use_true_random=False))
def test_any_order_ends_in_the_same_status(changes: list, random):
    shuffled = list(changes)
    random.shuffle(shuffled)
    one, other = apply(changes), apply(shuffled)
    assert one.is_live == other.is_live
    assert one.deleted_timestamp == other.deleted_timestamp
    assert one.metadata == other.metadata
    if one.is_live:
        assert one.put_timestamp == other.put_timestamp


def test_the_earliest_put_of_a_life_decides_the_policy():
    late = created_by(NEW, 7, 1)
    early = created_by(NEW, 5, 0)
    for facts in (join(late, early), join(early, late), created_by(late, 5, 0)):
        assert (facts.created, facts.put_timestamp, facts.policy) == (5, 7, 0)


def test_a_new_life_starts_clean():
    facts = posted_by(created_by(NEW, 1, 0), {"X-Container-Meta-A": ("1", 2)})
    gone = deleted_by(facts, 3)
    assert not gone.is_live
    assert gone.status_changed == 3
    again = created_by(gone, 4, 1)
    assert (again.created, again.policy, again.status_changed) == (4, 1, 4)
    assert again.live_metadata == {}
    assert posted_by(again, {"X-Container-Meta-A": ("old", 2)}) == again


def test_removed_metadata_is_remembered_until_everybody_knows():
    facts = posted_by(created_by(NEW, 1, 0), {"A": ("1", 2)})
    removed = posted_by(facts, {"A": ("", 3)})
    assert removed.live_metadata == {}
    assert posted_by(removed, {"A": ("1", 2)}) == removed
    assert without_old_removals(removed, 3) == removed
    assert without_old_removals(removed, 4).metadata == {}


def test_metadata_has_limits():
    full = {f"X-Container-Meta-{n}": ("v", 1) for n in range(METADATA_ITEMS_MAX)}
    facts = posted_by(created_by(NEW, 1, 0), full)
    check_metadata(facts)
    with pytest.raises(Rejected, match="Too many metadata items; max 90"):
        check_metadata(posted_by(facts, {"X-Container-Meta-more": ("v", 2)}))
    large = {"X-Container-Meta-large": ("v" * 5000, 2)}
    with pytest.raises(Rejected, match="Total metadata too large; max 4096"):
        check_metadata(posted_by(NEW, large))
