"""What rounds stand on: the throttle, gathering, the gate, progress."""

from __future__ import annotations

import pytest

from objectstore.kernel import concurrency
from objectstore.kernel.loop import Progress
from objectstore.replication.crew import gather
from objectstore.replication.gate import Gated
from objectstore.replication.status import ReplicationStatus
from objectstore.replication.throttle import KEY_BYTES_MIN, Throttle
from test.fakes.stepped_clock import SteppedClock


def test_the_throttle_keeps_its_rate() -> None:
    clock = SteppedClock()
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock.advance(seconds)

    throttle = Throttle(1_000_000, clock, sleep)
    for _ in range(50):
        throttle.take(100_000)
    assert sum(slept) == pytest.approx(5.0, abs=0.6)
    clock.advance(100)  # a long rest earns a short burst only
    slept.clear()
    for _ in range(10):
        throttle.take(100_000)
    assert sum(slept) == pytest.approx(0.5, abs=0.1)
    slept.clear()
    for _ in range(1000):
        throttle.take(0)
    assert sum(slept) == pytest.approx(1000 * KEY_BYTES_MIN / 1e6, abs=0.6)
    Throttle(0, clock, sleep).take(10**12)


def test_gather_runs_some_at_once_and_keeps_order() -> None:
    running: list[int] = []
    most = 0

    def call(number: int) -> int:
        nonlocal most
        running.append(number)
        most = max(most, len(running))
        concurrency.sleep(0)
        running.remove(number)
        return number

    calls = [lambda number=number: call(number) for number in range(10)]
    assert gather(calls, 3) == list(range(10))
    assert most == 3
    assert gather([], 3) == []


def test_gather_leaves_nobody_behind_when_it_is_killed() -> None:
    ended: list[int] = []
    waiting: list[int] = []
    begun = concurrency.Event()

    def call() -> None:
        waiting.append(1)
        if len(waiting) == 3:
            begun.set()
        try:
            concurrency.Event().wait()
        finally:
            ended.append(1)

    task = concurrency.spawn(gather, [call] * 3, 3)
    begun.wait(10)
    concurrency.kill_task(task)
    for _ in range(6):  # each dies in a turn of its own
        concurrency.sleep(0)
    assert len(ended) == 3


def test_a_gate_lets_a_step_through_when_it_opens() -> None:
    class Ready:
        name = "ready"

        def step(self) -> Progress:
            return Progress.DONE

    is_open: list[bool] = []
    gated = Gated(Ready(), lambda: bool(is_open))
    assert (gated.name, gated.step()) == ("ready", Progress.THROTTLED)
    is_open.append(True)
    assert gated.step() is Progress.DONE


def test_progress_and_age_of_rounds() -> None:
    status = ReplicationStatus("object", "d1")
    assert status.eta_seconds(0) is None
    assert status.age_seconds(10) is None
    status.round_started, status.partitions_total = 100.0, 1000
    assert status.eta_seconds(110) is None
    status.partitions_done = 250
    assert status.is_running
    assert status.eta_seconds(110) == pytest.approx(30)
    status.last_round_finished = status.last_clean_finished = 140.0
    assert not status.is_running
    assert status.eta_seconds(150) is None
    assert status.age_seconds(150) == 10
