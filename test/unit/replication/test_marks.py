"""Marks of rounds: who was away for too long."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from objectstore.kernel.errors import Unavailable
from objectstore.kernel.loop import Progress
from objectstore.replication.presence import (
    Mark,
    PresenceStep,
    WasAwayTooLong,
    check_presence,
    is_outdated,
    read_mark,
    write_mark,
)
from test.fakes.disk import MemoryDisk
from test.fakes.stepped_clock import SteppedClock

DAY = 86400.0
WEEK = 7 * DAY


def life(last: float, opened: float | None = None, before: float = -9 * WEEK) -> Mark:
    """A mark by ages: when its owner was last open, since when, and until when
    before."""
    return Mark(last, last - DAY if opened is None else opened, before)


@pytest.mark.parametrize(
    ("mark", "others", "are_all", "expected"),
    [
        (None, [], False, False),  # a new device
        (life(0), [], False, False),
        (life(-WEEK), [], False, False),
        (life(-WEEK - 1), [], False, True),
        (life(-2 * WEEK), [None], False, True),
        (life(-2 * WEEK), [], True, False),  # the only device there is
        (life(-2 * WEEK), [life(-2 * WEEK + 30), None], True, False),  # all were off
        (life(-2 * WEEK), [life(-3 * WEEK)], True, False),
        (life(-2 * WEEK), [life(-2 * WEEK), life(-DAY, -4 * WEEK)], True, True),
        # Opened a moment ago, off before that: as this one.
        (life(-2 * WEEK), [life(0, -1, -2 * WEEK)], True, False),
        (life(-2 * WEEK), [life(0, -1, -DAY)], True, True),
        (life(-2 * WEEK), [life(0, -6 * DAY, -2 * WEEK)], True, False),
        (life(-2 * WEEK), [life(0, -8 * DAY, -2 * WEEK)], True, True),
        (life(-2 * WEEK), [life(0, -4 * WEEK)], True, True),  # never off
    ],
)
def test_who_was_away_too_long(
    mark: Mark | None, others: list[Mark | None], are_all: bool, expected: bool
) -> None:
    now = 10**9

    def at(ages: Mark | None) -> Mark | None:
        return None if ages is None else Mark(*(now + age for age in ages))

    found = is_outdated(
        now, at(mark), WEEK, [at(each) for each in others], others_are_all=are_all
    )
    assert found is expected


def test_marks_are_kept_and_renewed() -> None:
    disk, clock = MemoryDisk(), SteppedClock()
    disk.make_directories("/srv/sda")
    rooms = ("objects", "accounts")
    assert read_mark(disk, "/srv/sda", rooms) is None
    begun = clock.time()
    write_mark(disk, "/srv/sda", rooms, begun)
    assert read_mark(disk, "/srv/sda", rooms) == Mark(begun, begun, 0)
    step = PresenceStep(disk, "/srv/sda", rooms, clock)
    clock.advance(60)
    assert step.step() is Progress.IDLE
    assert read_mark(disk, "/srv/sda", rooms) == Mark(begun + 60, begun, 0)
    write_mark(disk, "/srv/sda", ["accounts"], begun + 90)
    oldest = read_mark(disk, "/srv/sda", rooms)
    assert oldest == Mark(begun + 60, begun, 0)  # a room that stayed shut counts
    now = begun + 60 + WEEK
    check_presence(disk, "/srv/sda", rooms, now, WEEK, [], others_are_all=False)
    with pytest.raises(WasAwayTooLong) as caught:
        check_presence(disk, "/srv/sda", rooms, now + 1, WEEK, [], others_are_all=False)
    assert "readmit" in str(caught.value)
    assert isinstance(caught.value, Unavailable)
    survivor = disk.after_power_loss(random.Random(1))
    assert read_mark(survivor, "/srv/sda", rooms) == oldest
    write_mark(disk, "/srv/sda", rooms, now)
    assert read_mark(disk, "/srv/sda", ["accounts"]) == Mark(now, now, begun + 90)


def test_another_disk_that_fails_takes_no_fresh_device_along() -> None:
    disk, now = MemoryDisk(), 1000.0
    disk.make_directories("/srv/sda")
    write_mark(disk, "/srv/sda", ["objects"], now)

    def others() -> Iterator[Mark | None]:
        raise Unavailable("its directory cannot be read")
        yield None

    def check(then: float) -> None:
        rooms = ["objects"]
        check_presence(
            disk, "/srv/sda", rooms, then, WEEK, others(), others_are_all=True
        )

    check(now + 1)
    with pytest.raises(Unavailable, match="cannot be read"):
        check(now + 2 * WEEK)


def test_a_damaged_mark_is_none_and_made_anew() -> None:
    disk = MemoryDisk()
    disk.make_directories("/srv/sda")
    for text in (b"", b"1 2\n", b"one two three", b"1 2 3 4"):
        disk.replace_file("/srv/sda/alive-objects", text)
        assert read_mark(disk, "/srv/sda", ["objects"]) is None
    write_mark(disk, "/srv/sda", ["objects"], 7.0)
    assert read_mark(disk, "/srv/sda", ["objects"]) == Mark(7, 7, 0)
