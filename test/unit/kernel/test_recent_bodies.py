"""Which bodies leave the page cache, and when."""

from __future__ import annotations

from objectstore.kernel.recent_bodies import RecentBodies


def test_the_oldest_leave_first_and_no_sooner_than_needed() -> None:
    recent, gone = RecentBodies(100), []
    for number in range(5):
        recent.add(30, lambda number=number: gone.append(number))
    assert gone == [0, 1]
    recent.add(100, lambda: gone.append(5))
    assert gone == [0, 1, 2, 3, 4]


def test_what_is_larger_than_all_leaves_at_once() -> None:
    recent, gone = RecentBodies(100), []
    recent.add(101, lambda: gone.append("large"))
    assert gone == ["large"]
