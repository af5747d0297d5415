"""What is owed is brought before a process leaves, as long as anybody takes it."""

from __future__ import annotations

from objectstore.app.leaving import STANDSTILL_SECONDS, let_writers_end, pay
from objectstore.kernel import concurrency
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.loop import Loop, Progress
from objectstore.object.locks import NameLocks
from objectstore.replication.owed import CopiesOwed
from test.unit.proxy.cluster import OffsetClock

DEVICE = 7
LONG_SECONDS = 60.0


class Courier:
    """A step that brings one key each time, once the device answers."""

    name = "courier"

    def __init__(self, owed: CopiesOwed, refusals: int = 0) -> None:
        self.refusals = refusals
        self._owed = owed

    def step(self) -> Progress:
        for device in self._owed.due():
            if self.refusals:
                self.refusals -= 1
                self._owed.is_away(device)
                raise Unavailable("not back yet")
            for key, demand in self._owed.first(device, 1):
                self._owed.delivered(device, key, demand)
                return Progress.BUSY
        return Progress.IDLE


class Hanging:
    """A step that never comes back."""

    name = "hanging"

    def __init__(self, clock: OffsetClock) -> None:
        self._clock = clock

    def step(self) -> Progress:
        self._clock.ahead += STANDSTILL_SECONDS
        concurrency.Event().wait()
        raise AssertionError


def owing(clock: OffsetClock, keys: int) -> CopiesOwed:
    owed = CopiesOwed(clock)
    for number in range(keys):
        owed.add(b"%d" % number, [DEVICE])
    return owed


def test_all_is_brought_at_once() -> None:
    clock = OffsetClock()
    owed = owing(clock, 3)
    owed.is_away(DEVICE)  # not due for a while
    pay([(owed, Loop(Courier(owed)))], clock, clock.monotonic() + LONG_SECONDS)
    assert len(owed) == 0
    assert owed.delivered_count == 3


def test_who_is_just_coming_back_is_waited_for() -> None:
    clock = OffsetClock()
    owed = owing(clock, 1)
    loop = Loop(Courier(owed, refusals=2))
    pay([(owed, loop)], clock, clock.monotonic() + LONG_SECONDS)
    assert len(owed) == 0


def test_who_takes_nothing_holds_up_nobody() -> None:
    clock = OffsetClock()
    owed = owing(clock, 1)
    pay([(owed, Loop(Hanging(clock)))], clock, clock.monotonic() + LONG_SECONDS)
    assert len(owed) == 1


def test_it_ends_in_time() -> None:
    clock = OffsetClock()
    owed = owing(clock, 1)
    pay([(owed, Loop(Courier(owed, refusals=1)))], clock, clock.monotonic())
    assert len(owed) == 1


def test_names_are_their_holders_until_they_have_written() -> None:
    locks = NameLocks()
    refused: list[Unavailable] = []

    def ask(token: str, granted: list[str]) -> None:
        locks.take(
            *(b"key", token, LONG_SECONDS),
            lambda: granted.append(token),
            refused.append,
        )

    granted: list[str] = []
    ask("one", granted)
    ask("two", granted)
    concurrency.spawn_later(0.01, locks.release, b"key", "one")
    let_writers_end([locks], OffsetClock())
    assert len(locks) == 0
    ask("three", granted)
    assert granted == ["one"]
    assert len(refused) == 2  # they wait for the successor
