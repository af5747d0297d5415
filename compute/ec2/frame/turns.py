"""Orders with the same token, and changes of a project's VPCs, one after the other.

A client that has waited too long sends its order again; the second must find what the
first has made, so it may not overtake it.  And tools make route tables, subnets and NAT
gateways of one VPC at once, each of which is joined to those that are there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from objectstore.kernel.concurrency import Semaphore


class Turns:
    """Of the requests to this process; those to another one can still overtake."""

    def __init__(self) -> None:
        self._turns: dict[str, Semaphore] = {}
        self._waiting: Counter[str] = Counter()

    @contextmanager
    def turn(self, *order: str) -> Iterator[None]:
        """Until everybody who came earlier with the same order is done."""
        key = " ".join(order)
        turn = self._turns.setdefault(key, Semaphore(1))
        self._waiting[key] += 1
        try:
            with turn:
                yield
        finally:
            self._waiting[key] -= 1
            if not self._waiting[key]:
                del self._turns[key], self._waiting[key]
