"""Publishing: a body file that has been written becomes an object's data.

First the file gets its name, then a record in the log points to it.  A file that lost
against something newer, before or on its way into the log, is removed.
"""

from __future__ import annotations

from objectstore.kernel.concurrency import Promise
from objectstore.object.bodies.files import BodyWriter
from objectstore.object.records.record import PUT_FILE
from objectstore.object.records.state import is_file, is_part, is_same_data, supersedes
from objectstore.object.store.entries import Change
from objectstore.object.store.store import ObjectStore
from objectstore.wire.records import ObjectState, Receipt


def publish(
    store: ObjectStore,
    key: bytes,
    coming: ObjectState,
    writer: BodyWriter,
    *,
    row_owed: bool,
) -> Promise[Receipt]:
    """Merge a state whose data is a file, written and finished; kept when it is
    durable.  The greenlet waits for the name."""
    serial = store.disk.offload(store.bodies.publish, writer, key, coming.timestamp)
    held = store.index.get(key)
    state = supersedes(held.state if held is not None else None, coming)
    if state is None or not is_same_data(state, coming):
        store.removal.remove(key, coming.timestamp, serial)
        assert held is not None and held.state is not None
        return Promise.of(Receipt(is_part(coming, held.state)))
    entry = Change(
        store.view,
        PUT_FILE,
        key,
        state,
        serial=serial,
        row_owed=row_owed,
        since=store.view.since(held),
        receipt=Receipt(is_part(coming, state)),
    )
    entry.promise.when_done(
        lambda done: _drop_unused(store, done, key, coming.timestamp, serial)
    )
    return store.submit(entry)


def _drop_unused(
    store: ObjectStore, done: Promise[Receipt], key: bytes, timestamp: int, serial: int
) -> None:
    """A newer write may have overtaken the body on its way into the log."""
    if done.error is None and not is_file(store.index.get(key), timestamp, serial):
        store.removal.remove(key, timestamp, serial)
