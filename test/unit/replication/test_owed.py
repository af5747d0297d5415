"""The queue of copies owed."""

from __future__ import annotations

from objectstore.replication.owed import CopiesOwed
from test.fakes.stepped_clock import SteppedClock


def test_the_queue_is_in_order_and_bounded() -> None:
    clock = SteppedClock()
    owed = CopiesOwed(clock, keys_per_device_max=3)
    for number in range(5):
        owed.add(bytes([number]), [7])
    owed.add(b"\0", [7, 8])
    assert (len(owed), owed.overflowed) == (4, 2)
    assert owed.due() == [7, 8]
    assert [key for key, _ in owed.first(7, 2)] == [b"\0", b"\x01"]
    owed.drop_device(8)
    assert owed.due() == [7]


def test_who_is_away_is_tried_less_and_less_often() -> None:
    clock = SteppedClock()
    owed = CopiesOwed(clock)
    owed.add(b"key", [7])
    assert owed.is_answering(7)
    rests = []
    for _ in range(6):
        owed.is_away(7)
        assert not owed.is_answering(7)
        rest = 0
        while not owed.due():
            clock.advance(1)
            rest += 1
        rests.append(rest)
    assert rests == [1, 2, 4, 8, 10, 10]
    owed.answers(7)
    assert owed.is_answering(7)


def test_a_demand_during_a_delivery_is_not_lost() -> None:
    owed = CopiesOwed(SteppedClock())
    owed.add(b"key", [7])
    ((key, demand),) = owed.first(7, 10)
    owed.add(b"key", [7])
    owed.delivered(7, key, demand)
    ((key, demand),) = owed.first(7, 10)
    owed.delivered(7, key, demand)
    assert len(owed) == 0
    assert owed.due() == []
    owed.delivered(7, key, demand)
    owed.is_away(7)
    owed.answers(7)
