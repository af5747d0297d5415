"""The loop that pays rows owed: writes whose container could not be told in time.

Every device that holds the object owes the row and sends it; merging makes the
repetition harmless.  What cannot be sent stays owed, and waits until all the others
have had their turn: rows of a container that is away for long must not keep those of
containers that are there waiting.
"""

from __future__ import annotations

from collections.abc import Callable, Container

from objectstore.kernel.clock import Clock
from objectstore.kernel.concurrency import Promise, wait_until
from objectstore.kernel.loop import Progress
from objectstore.kernel.timestamps import from_seconds
from objectstore.object.store.store import ObjectStore
from objectstore.wire.records import ObjectState

# Rows sent by one step.
ROWS_MAX = 200
# Younger ones are most likely being delivered by the request that wrote them.
AGE_SECONDS = 2.0
REST_SECONDS = 1.0
SEND_SECONDS = 10.0

Send = Callable[[ObjectState], Promise[None]]
"""Tells the object's container; kept when the row is durably there, or the
container durably gone."""


class ObjectUpdater:
    """One step sends one batch.

    Counts since the start: ``sent``, ``failures``.  ``pending`` is how many rows
    were still owed after the last step.
    """

    def __init__(self, store: ObjectStore, clock: Clock, send: Send) -> None:
        self.name = "object-updating"
        self.pending = 0
        self.sent = 0
        self.failures = 0
        self._store = store
        self._clock = clock
        self._send = send
        self._had_a_turn: set[bytes] = set()

    def step(self) -> Progress:
        """See ``kernel.loop.Step``."""
        before = from_seconds(self._clock.time() - AGE_SECONDS)
        owed = rows_owed(self._store, ROWS_MAX, before, self._had_a_turn)
        sent = [(key, state, self._send(state)) for key, state in owed]
        promises = [promise for _, _, promise in sent]
        wait_until(
            promises, lambda: all(promise.done for promise in promises), SEND_SECONDS
        )
        paid = 0
        for key, state, promise in sent:
            if promise.done and promise.error is None:
                self._store.paid(key, state.newest)
                paid += 1
            else:
                self._had_a_turn.add(key)
        if len(owed) < ROWS_MAX:
            self._had_a_turn.clear()
        self.pending = len(sent) - paid
        self.sent += paid
        self.failures += self.pending
        if len(owed) == ROWS_MAX and paid:
            return Progress.BUSY
        return Progress.IDLE


def rows_owed(
    store: ObjectStore,
    limit: int,
    older_than: int,
    without: Container[bytes] = (),
) -> list[tuple[bytes, ObjectState]]:
    """Objects whose containers have not been told, of before ``older_than``."""
    rows: list[tuple[bytes, ObjectState]] = []
    owed = store.index.owed
    for key, (timestamp, _, _) in list(owed.items.items()):
        if timestamp >= older_than or key in without:
            continue
        if (held := store.held(key)) is None or held.state is None:
            owed.drop(key)
            continue
        rows.append((key, held.state))
        if len(rows) >= limit:
            break
    return rows
