"""Calls under way: who was asked, and what each has promised."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from objectstore.kernel.concurrency import Promise

N = TypeVar("N")
T = TypeVar("T")

Asked = list[tuple[N, Promise[T]]]
"""Nodes, with their promises."""


class Gathered(NamedTuple, Generic[N, T]):
    """What a read round brought: answers and failures, with whose they are."""

    answers: list[tuple[N, T]]
    failures: list[tuple[N, BaseException]]


def any_done(promises: list[Promise[T]]) -> Callable[[], bool]:
    """A question to wait for: is one done?"""
    return lambda: any(promise.done for promise in promises)
