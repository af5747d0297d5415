"""Faults on command: any node, made down, slow, failing or out of date.

``Faulty(node, faults)`` stands in for ``node`` and asks ``faults`` before
every call; ``faults`` is set by the test, at any time::

    faults = Faults()
    node = Faulty(MemoryObjectNode(), faults)
    faults.down = True                     # every call fails Unavailable
    faults.fail("put", after=2)            # the third put from now on fails once
    faults.stale = True                    # writes fail, reads answer what was
    faults.hold = concurrency.Event()      # calls wait until the test sets it
    faults.delay_seconds = 0.05            # every answer comes later

Calls on an ``Upload`` count as ``write`` and ``commit``; iterating what
``read`` gave counts as ``piece``.  ``faults.calls`` lists the calls made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from objectstore.kernel import concurrency
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import Unavailable

WRITES = frozenset(
    {
        "put",
        "begin",
        "post",
        "delete",
        "merge",
        "create",
        "forget",
        "merge_copy",
    }
)
# Calls that promise nothing.
SILENT = frozenset({"paid", "release", "abort", "owe_copy"})


class Faults:
    """What is wrong with a node just now."""

    def __init__(self) -> None:
        self.down = False
        self.stale = False
        self.delay_seconds = 0.0
        self.hold: concurrency.Event | None = None
        self.calls: list[str] = []
        self._counts: Counter[str] = Counter()
        self._planned: dict[str, dict[int, Exception]] = {}
        self._watched: dict[str, concurrency.Event] = {}

    def fail(
        self, method: str, *, after: int = 0, error: Exception | None = None
    ) -> None:
        """Let one call of ``method`` fail, ``after`` good ones from now."""
        at = self._counts[method] + after
        planned = self._planned.setdefault(method, {})
        planned[at] = error or Unavailable(f"planned fault in {method}")

    def wait_for(self, method: str) -> concurrency.Event:
        """An event that every call of ``method`` sets; the test clears it."""
        return self._watched.setdefault(method, concurrency.Event())

    def meet(self, method: str) -> Exception | None:
        """Count a call; the error it shall end with, if any."""
        number = self._counts[method]
        self._counts[method] += 1
        self.calls.append(method)
        if method in self._watched:
            self._watched[method].set()
        if self.down:
            return Unavailable("the node is down")
        if self.stale and method in WRITES:
            return Unavailable("the node takes no writes")
        return self._planned.get(method, {}).pop(number, None)

    @property
    def is_slow(self) -> bool:
        """Whether answers come later."""
        return self.hold is not None or self.delay_seconds > 0

    def wait(self) -> None:
        """Be slow, as the test asked."""
        if self.delay_seconds:
            concurrency.sleep(self.delay_seconds)
        if self.hold is not None:
            self.hold.wait()


class Faulty:
    """Any node, or upload, behind its faults."""

    def __init__(self, node: Any, faults: Faults) -> None:
        self.node = node
        self.faults = faults

    def __getattr__(self, method: str) -> Any:
        function = getattr(self.node, method)
        if not callable(function):
            return function

        def call(*arguments: Any, **named: Any) -> Any:
            return self._call(method, lambda: function(*arguments, **named))

        return call

    def _call(self, method: str, act: Callable[[], Any]) -> Any:
        error = self.faults.meet(method)
        if method in SILENT:
            if error is None:
                act()
            return None
        if self.faults.is_slow:
            return concurrency.promised(self._slowly, method, act, error)
        if error is not None:
            return Promise.failed(error)
        if method in ("begin", "read"):
            return concurrency.promised(lambda: self._wrap(method, act().wait()))
        return act()

    def _slowly(
        self, method: str, act: Callable[[], Any], error: Exception | None
    ) -> Any:
        self.faults.wait()
        if error is not None:
            raise error
        return self._wrap(method, act().wait())

    def _wrap(self, method: str, value: Any) -> Any:
        if method == "begin":
            return Faulty(value, self.faults)
        if method == "read":
            return FaultyPieces(value, self.faults)
        return value


class FaultyPieces:
    """A body whose pieces can fail to come."""

    def __init__(self, body: Iterable[bytes], faults: Faults) -> None:
        self._body = body
        self._faults = faults

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._body:
            error = self._faults.meet("piece")
            if error is not None:
                raise error
            yield piece

    def close(self) -> None:
        close = getattr(self._body, "close", None)
        if close is not None:
            close()
