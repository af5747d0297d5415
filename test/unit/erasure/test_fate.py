"""What becomes of fragments that no record asks for, and what that promises."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from objectstore.kernel.timestamps import from_seconds
from objectstore.object.fragments.fate import Delays, Fate, Verdict, verdict
from objectstore.wire.layouts import FragmentName, Layout, folded
from objectstore.wire.merge import merge_states
from objectstore.wire.records import ObjectName, ObjectState

NAME = ObjectName("a", "c", "o", 1)
DELAYS = Delays(readers=60, reclaim=1000, moving=100)
WRITTEN = from_seconds(5000)


def fragment(token: str = "mine") -> FragmentName:
    return FragmentName(bytes(16), token, 0, "")


def record(timestamp: int, token: str = "mine") -> ObjectState:
    layout = Layout("c", 2, 1, 32, 5, token, ("a", "b", "c"))
    at = timestamp
    return folded(ObjectState(NAME, at, 5, "e", "t", at, {}, at), layout)


def tombstone(timestamp: int) -> ObjectState:
    return ObjectState(NAME, deleted_timestamp=timestamp)


def judge(
    answers: list[ObjectState | None],
    silent: int = 0,
    now: float = 5010,
    *,
    stored: int = WRITTEN,
    ring_since: float = 0,
) -> Verdict:
    held = ObjectState(NAME, WRITTEN, 5, "e", metadata_timestamp=stored)
    return verdict(fragment(), held, answers, silent, DELAYS, now, ring_since)


def test_one_record_makes_it_live() -> None:
    assert judge([None, None, record(WRITTEN)]).fate is Fate.LIVE
    older = record(WRITTEN - 1, "other")
    assert judge([older, record(WRITTEN), older]).fate is Fate.LIVE


def test_replaced_or_deleted_it_goes_when_readers_have_ended() -> None:
    newer = from_seconds(5005)
    for later in (record(newer, "other"), tombstone(newer)):
        assert judge([later, later, None], now=5064) == Verdict(Fate.STAY, 5065)
        assert judge([later, later, record(WRITTEN)], now=5066).fate is Fate.DROP


def test_a_minority_that_knows_better_may_be_lost() -> None:
    newer = record(from_seconds(5005), "other")
    assert judge([newer, None, None], now=9999) == Verdict(Fate.STAY)
    assert judge([newer, newer], silent=2, now=9999) == Verdict(Fate.STAY)


def test_never_committed_it_waits_for_the_reclaim_age() -> None:
    older = record(WRITTEN - 1, "other")
    assert judge([None, older, None]) == Verdict(Fate.STAY, 6000)
    assert judge([None, older, None], now=6001).fate is Fate.DROP
    assert judge([None, older], silent=1, now=6001) == Verdict(Fate.STAY)


def test_what_came_late_under_an_old_time_waits_as_long() -> None:
    stored = from_seconds(7000)
    assert judge([None] * 3, now=6001, stored=stored) == Verdict(Fate.STAY, 8000)


def test_a_new_ring_is_given_time_to_bring_records() -> None:
    assert judge([None] * 3, now=9000, ring_since=8950) == Verdict(Fate.STAY, 9050)
    assert judge([None] * 3, now=9050, ring_since=8950).fate is Fate.DROP


def test_of_two_uploads_of_one_moment_both_stay() -> None:
    both = [record(WRITTEN), record(WRITTEN, "other"), None]
    assert judge(both, now=9e9).fate is Fate.LIVE
    assert judge(both[1:], now=5010).fate is Fate.STAY


STATES = st.sampled_from(
    [
        None,
        record(WRITTEN),
        record(WRITTEN, "other"),
        record(WRITTEN - 5, "other"),
        record(WRITTEN + 5, "other"),
        tombstone(WRITTEN - 3),
        tombstone(WRITTEN),
        tombstone(WRITTEN + 3),
    ]
)


@given(st.lists(STATES, min_size=1, max_size=7), st.integers(0, 3), st.floats(0, 9e4))
def test_nothing_that_can_still_be_read_is_dropped(
    answers: list[ObjectState | None], silent: int, now: float
) -> None:
    found = judge(answers, silent, now)
    merged = None
    for state in answers:
        merged = merge_states(merged, state) if state else merged
    if merged is not None and merged == record(WRITTEN):
        assert found.fate is Fate.LIVE
    if found.fate is not Fate.DROP:
        return
    # Whatever a minority may still bring: it is not the fragment's own record.
    newer = [each for each in answers if each is not None and each.newest > WRITTEN]
    has_majority = 2 * len(newer) > len(answers) + silent
    assert has_majority or (not silent and now >= 6000)
