"""What follows a wait that ended well, begun without waking who waits."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar

from objectstore.kernel import concurrency
from objectstore.kernel.concurrency import Promise, wait_for_all

WHO: ContextVar[str] = ContextVar("who", default="nobody")


class Steps:
    """Two promises, then two more."""

    def __init__(self) -> None:
        self.first: list[Promise[int]] = [Promise(), Promise()]
        self.second: list[Promise[int]] = [Promise(), Promise()]
        self.begun: list[str] = []

    def follow(self, kept: Sequence[Promise[int]]) -> Sequence[Promise[int]]:
        assert kept is self.first and all(promise.done for promise in kept)
        self.begun.append(WHO.get())
        return self.second

    def wait(self, seconds: float = 5) -> None:
        WHO.set("the one who waits")
        wait_for_all(self.first, seconds, self.follow)


def test_it_is_waited_for_as_well() -> None:
    steps = Steps()
    task = concurrency.spawn(steps.wait)
    concurrency.sleep(0)
    for promise in steps.first:
        assert steps.begun == []
        promise.resolve(1)
    assert steps.begun == ["the one who waits"]
    steps.second[0].resolve(1)
    concurrency.sleep(0.01)
    assert not task.dead
    steps.second[1].resolve(1)
    concurrency.wait_task(task)


def test_promises_that_are_kept_already_do_not_wait() -> None:
    steps = Steps()
    for promise in (*steps.first, *steps.second):
        promise.resolve(1)
    steps.wait()
    assert len(steps.begun) == 1


def test_a_failure_in_the_first_part_begins_nothing() -> None:
    steps = Steps()
    steps.first[0].fail(OSError("gone"))
    steps.wait()
    steps.first[1].resolve(1)
    assert steps.begun == []


def test_one_in_the_second_ends_the_wait() -> None:
    steps = Steps()
    task = concurrency.spawn(steps.wait)
    concurrency.sleep(0)
    for promise in steps.first:
        promise.resolve(1)
    steps.second[0].fail(OSError("gone"))
    concurrency.wait_task(task)
    assert not steps.second[1].done


def test_nothing_may_follow() -> None:
    promise: Promise[int] = Promise()
    task = concurrency.spawn(wait_for_all, [promise], 5, lambda kept: ())
    concurrency.sleep(0)
    promise.resolve(1)
    concurrency.wait_task(task)


def test_who_comes_late_begins_nothing() -> None:
    steps = Steps()
    steps.wait(0.01)
    for promise in steps.first:
        promise.resolve(1)
    assert steps.begun == []


def test_what_follows_may_fail_without_harm_to_others_that_hear() -> None:
    promise: Promise[int] = Promise()
    heard: list[object] = []

    def fail(kept: Sequence[Promise[int]]) -> Sequence[Promise[int]]:
        raise OSError("the disk is gone")

    def wait() -> None:
        try:
            wait_for_all([promise], 5, fail)
        except OSError as error:
            heard.append(str(error))

    task = concurrency.spawn(wait)
    concurrency.sleep(0)
    promise.when_done(heard.append)
    promise.resolve(1)
    concurrency.wait_task(task)
    assert heard == [promise, "the disk is gone"]
