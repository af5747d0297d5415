"""Several calls at once, a bounded number, none of which outlives its caller."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from objectstore.kernel import concurrency

T = TypeVar("T")


def gather(calls: Sequence[Callable[[], T]], at_once: int) -> list[T]:
    """The results, in order.  The calls handle their own errors.

    A caller that is killed takes them along: a loop that is stopped leaves nobody
    behind who would work on a device that is being closed.
    """
    if len(calls) == 1 or at_once == 1:
        return [call() for call in calls]
    results: dict[int, T] = {}
    left = iter(range(len(calls)))

    def work() -> None:
        for number in left:
            results[number] = calls[number]()

    tasks = [concurrency.spawn(work) for _ in range(min(at_once, len(calls)))]
    try:
        for task in tasks:
            concurrency.wait_task(task)
    finally:
        for task in tasks:
            concurrency.kill_task(task)
    return [results[number] for number in range(len(calls))]
