"""One greenlet that ends overdue waits, instead of a timer for each.

Timers of the hub cost microseconds each, twice a request; a look over all
connections once a second costs next to nothing, and a stuck peer may well be
let go a second late.
"""

from __future__ import annotations

from collections.abc import Callable

from objectstore.kernel import concurrency
from objectstore.kernel.http.limits import SWEEP_SECONDS
from objectstore.kernel.http.stream import Stream


class Sweeper:
    """Watches streams; ``sweep`` expires those whose deadline has passed."""

    def __init__(
        self,
        monotonic: Callable[[], float],
        seconds: float = SWEEP_SECONDS,
        after: Callable[[float], None] | None = None,
    ) -> None:
        """``after(now)`` is called after each look, for what else gets stale."""
        self.streams: set[Stream] = set()
        self._clock = monotonic
        self._seconds = seconds
        self._after = after
        self._task: concurrency.Task = None

    def watch(self, stream: Stream) -> None:
        """Look after the stream from now on; starts the greenlet if needed."""
        self.streams.add(stream)
        if self._task is None:
            self._task = concurrency.spawn(self._run)

    def forget(self, stream: Stream) -> None:
        """Look no longer after it; harmless when not watched."""
        self.streams.discard(stream)

    def sweep(self) -> int:
        """Expire what is overdue now; how many there were."""
        now = self._clock()
        stale = [stream for stream in self.streams if stream.deadline <= now]
        for stream in stale:
            stream.expire()
        if self._after is not None:
            self._after(now)
        return len(stale)

    def stop(self) -> None:
        """End the greenlet."""
        task, self._task = self._task, None
        if task is not None:
            concurrency.kill_task(task)

    def _run(self) -> None:
        while True:
            concurrency.sleep(self._seconds)
            self.sweep()
