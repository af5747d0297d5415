"""Events, what is called soon, and syncs of one turn."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from objectstore.kernel import concurrency
from objectstore.kernel.concurrency import Event, Promise, wait_for_all
from objectstore.kernel.sync_queue import SYNCS_MAX, SyncQueue


def test_all_who_wait_for_an_event_are_woken() -> None:
    event, woken = Event(), []
    tasks = [
        concurrency.spawn(lambda n=n: woken.append((n, event.wait(5))))
        for n in range(3)
    ]
    concurrency.sleep(0)
    assert woken == []
    event.set()
    for task in tasks:
        concurrency.wait_task(task)
    assert woken == [(0, True), (1, True), (2, True)]
    assert event.wait(0)


def test_an_event_that_does_not_come_is_given_up() -> None:
    event = Event()
    assert not event.wait(0.01)
    event.set()
    event.clear()
    assert not event.wait(0)


def test_who_is_killed_while_being_woken_is_not_woken_elsewhere() -> None:
    first, second, steps = Event(), Event(), []

    def run() -> None:
        try:
            first.wait()
        finally:
            steps.append("killed")
            second.wait()
            steps.append("on")

    task = concurrency.spawn(run)
    concurrency.sleep(0)
    first.set()
    concurrency.kill_task(task)  # before its wake-up has come
    concurrency.sleep(0.01)
    assert steps == ["killed"]
    second.set()
    concurrency.sleep(0.01)
    assert steps == ["killed", "on"]


def test_waiting_for_all_ends_with_the_last_or_with_the_first_that_fails() -> None:
    def waited(*outcomes: object) -> list[bool]:
        promises: list[Promise[int]] = [Promise() for _ in range(3)]

        def resolve() -> None:
            for promise, outcome in zip(promises, outcomes, strict=False):
                if isinstance(outcome, Exception):
                    promise.fail(outcome)
                else:
                    promise.resolve(1)
                concurrency.sleep(0.001)

        concurrency.spawn(resolve)
        wait_for_all(promises, 0.05)
        return [promise.done for promise in promises]

    assert waited(1, 1, 1) == [True, True, True]
    assert waited(1, OSError("gone"), 1) == [True, True, False]
    assert waited(1, 1) == [True, True, False]
    wait_for_all([])
    wait_for_all([Promise.failed(OSError()), Promise()], 5)


def test_soon_keeps_the_order_and_survives_what_breaks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    steps: list[int] = []
    done = Event()
    concurrency.soon(lambda: steps.append(1))
    concurrency.soon(lambda: concurrency.soon(lambda: steps.append(4)))
    concurrency.soon(lambda: steps.append(1 // 0))
    concurrency.soon(lambda: steps.append(3))
    concurrency.soon(lambda: concurrency.soon(lambda: concurrency.soon(done.set)))
    assert done.wait(5)
    assert steps == [1, 3, 4]
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_soon_lets_others_run_even_if_it_never_ends() -> None:
    ended = False

    def again() -> None:
        if not ended:
            concurrency.soon(again)

    concurrency.soon(again)
    concurrency.sleep(0.01)
    ended = True


def test_more_syncs_than_the_queue_holds_all_end(tmp_path: Path) -> None:
    queue = SyncQueue.of_process()
    if queue is None:
        pytest.skip("this machine has no such queue")
    descriptor = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    os.write(descriptor, b"bytes")
    promises = [queue.sync(descriptor) for _ in range(SYNCS_MAX + 5)]
    bad = queue.sync(1_000_000)
    for promise in promises:
        promise.wait(20)
    with pytest.raises(OSError):
        bad.wait(20)
    os.close(descriptor)


def test_a_promise_waits_for_its_time_only() -> None:
    promise: Promise[int] = Promise()
    concurrency.soon(lambda: promise.resolve(5))
    assert promise.wait(5) == 5


def test_a_forgotten_socket_is_in_nobodys_way() -> None:
    ours, theirs = socket.socketpair()
    descriptor = ours.fileno()
    forgotten = concurrency.Readiness(descriptor)
    waiting = concurrency.spawn(forgotten.wait)
    concurrency.sleep(0)
    ours.close()  # as the collector would: the hub is not told
    following, sender = socket.socketpair()
    with theirs, following, sender:
        assert following.fileno() == descriptor
        readiness = concurrency.Readiness(descriptor)
        sender.send(b"here")
        readiness.wait()
        assert following.recv(4) == b"here"
        readiness.close()
    forgotten.close()
    concurrency.kill_task(waiting)
