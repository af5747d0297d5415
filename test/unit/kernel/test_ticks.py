"""Timeouts that share timers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from objectstore.kernel import concurrency
from objectstore.kernel.concurrency import Event
from objectstore.kernel.concurrency.ticks import (
    ON_TICKS_FROM_SECONDS,
    TICK_SECONDS,
    Ticks,
)


class FakeHub:
    """Stands still; has the timers that were set."""

    def __init__(self) -> None:
        self.now = 100.0
        self.timers: list[tuple[float, Callable[[], None]]] = []

    def clock(self) -> float:
        return self.now

    def schedule_call_global(self, seconds: float, call: Any, *given: Any) -> None:
        self.timers.append((seconds, lambda: call(*given)))


@pytest.fixture
def told() -> list[str]:
    return []


def teller(told: list[str], name: str) -> Callable[[], None]:
    return lambda: told.append(name)


def test_those_of_one_tick_share_a_timer_and_are_not_early(told: list[str]) -> None:
    hub, ticks = FakeHub(), Ticks()
    for name in ("first", "second", "third"):
        ticks.add(hub, 0.5, teller(told, name))
    hub.now += 3 * TICK_SECONDS
    ticks.add(hub, 0.5, teller(told, "later"))
    assert len(hub.timers) == 2
    seconds, end = hub.timers[0]
    assert 0.5 < seconds <= 0.5 + TICK_SECONDS
    end()
    concurrency.sleep(0)
    assert told == ["first", "second", "third"]


def test_who_has_been_woken_is_not_called(told: list[str]) -> None:
    hub, ticks = FakeHub(), Ticks()
    call = teller(told, "woken")
    waiting = ticks.add(hub, 0.5, call)
    ticks.add(hub, 0.5, teller(told, "waits"))
    waiting.pop(call, None)
    hub.timers[0][1]()
    concurrency.sleep(0)
    assert told == ["waits"]
    waiting.pop(call, None)  # harmless afterwards


def test_another_hub_has_timers_of_its_own(told: list[str]) -> None:
    ticks, before, after = Ticks(), FakeHub(), FakeHub()
    ticks.add(before, 0.5, teller(told, "of the parent"))
    ticks.add(after, 0.5, teller(told, "of the child"))
    assert len(before.timers) == len(after.timers) == 1
    after.timers[0][1]()
    concurrency.sleep(0)
    assert told == ["of the child"]


def test_waits_end_after_short_and_long_timeouts() -> None:
    event = Event()
    assert not event.wait(0.001)
    assert not event.wait(ON_TICKS_FROM_SECONDS)
    concurrency.spawn_later(0.001, event.set)
    assert event.wait(30)
