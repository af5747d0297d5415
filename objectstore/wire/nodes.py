"""The node interface: how the proxy and the daemons talk to devices.

Three protocols, one for each kind of server.  An instance stands for one
device; two transports implement each (``local``: a direct call into the room
that owns the device; ``remote``: HTTP to another process) and both pass the
conformance suite in ``test/contract/nodes/``.

Rules for every method:

* it returns at once with a ``Promise``; waiting is the caller's business;
* the promise fails with ``Unavailable`` (away, slow, full:
  ``InsufficientStorage``), ``Corrupt`` (this replica is bad and has been put
  aside; ask another) or ``Rejected`` (the call is wrong), nothing else;
* a kept promise of a write means: on disk, fsynced, on this device;
* every write is idempotent: repeating it, or merging it after a newer one,
  changes nothing.

``key`` is the 16-byte hash of the full name (``ring.hashing``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol, runtime_checkable

from objectstore.kernel.concurrency import Promise
from objectstore.kernel.disk import Buffer
from objectstore.wire.listing_forms import Form
from objectstore.wire.records import (
    ContainerName,
    ContainerRow,
    DatabaseCopy,
    DatabaseInfo,
    ListingQuery,
    Lookup,
    ObjectRow,
    ObjectState,
    Receipt,
    RowsPage,
    Subdirectory,
)

# A replica stores bodies up to this size inside its log, where many share a sync;
# larger ones are files of their own and are streamed.  Measured for 1 MiB: two
# thirds of the CPU of a file, for which three syncs and a name are needed; and
# compaction still moves only what one piece of an upload is.
INLINE_BYTES_MAX = 1024 * 1024
# A look-up brings bodies up to this size along; larger ones are read.  Copying so
# much costs about what opening a segment for sendfile does.
BROUGHT_BYTES_MAX = 128 * 1024
# An upload is written to nodes in pieces of at most this size.
WRITE_BYTES_MAX = 1024 * 1024


class Upload(Protocol):
    """A large body on its way to one device."""

    def write(self, piece: memoryview) -> Promise[None]:
        """Append a piece (at most WRITE_BYTES_MAX).  The caller leaves the
        memory alone until the promise is kept, and has one piece under way."""

    def commit(self, state: ObjectState, *, row_owed: bool = True) -> Promise[Receipt]:
        """All written: make it durable and visible under ``state``, whose
        ``size`` must be the bytes written (``Rejected`` 422 otherwise).
        ``row_owed`` as in ``put``: False when a replica is repaired."""

    def abort(self) -> None:
        """Forget it: nothing of it remains.  Harmless after a commit."""


# Bytes that are on their way out: (file descriptor, offset, length), or the memory that
# they are in.
Span = tuple[int, int, int] | memoryview


@runtime_checkable
class Spans(Protocol):
    """A body that can say where its bytes lie, so that they are not copied.

    Also a plain iterable of ``bytes`` for everybody who does not know this.
    Each span has been checked against its checksum when it is handed out.
    """

    def __iter__(self) -> Iterator[bytes]: ...

    def spans(self) -> Iterator[Span]:
        """Each valid until the next is asked for.  Raises ``Corrupt`` before the
        bad bytes are handed out."""

    def close(self) -> None:
        """Release the descriptor."""


class ObjectNode(Protocol):
    """One device's objects of one storage policy."""

    def lookup(self, key: bytes, *, want_body: bool) -> Promise[Lookup]:
        """The object's state; with a small body if ``want_body``."""

    def read(
        self, key: bytes, timestamp: int, start: int, stop: int
    ) -> Promise[Iterable[bytes]]:
        """Bytes [start, stop) of the data written at ``timestamp``.

        Local: a ``Spans``.  Fails with ``Rejected`` 404 when that very data
        is not here (any more).  Iterating raises ``Corrupt`` or
        ``Unavailable`` when a later piece cannot be had: the bytes up to
        there were good, and the caller goes on elsewhere.
        """

    def put(
        self, key: bytes, state: ObjectState, body: Buffer, *, row_owed: bool = True
    ) -> Promise[Receipt]:
        """Store a body of at most INLINE_BYTES_MAX with its state.

        ``row_owed``: the container has not been told yet; the device remembers
        it with the same fsync until ``paid``.
        """

    def begin(self, key: bytes, size_hint: int | None) -> Promise[Upload]:
        """Start a body larger than that, or of unknown size."""

    def post(self, key: bytes, state: ObjectState) -> Promise[Receipt]:
        """Merge ``metadata``, ``metadata_timestamp``, ``delete_at`` and (when
        its timestamp is set) the content type; the row is owed.  ``found`` is False
        where this node has no data for it; the metadata is then not kept."""

    def delete(
        self, key: bytes, state: ObjectState, *, row_owed: bool = True
    ) -> Promise[Receipt]:
        """Write the tombstone ``state.deleted_timestamp``.  ``found``: there was an
        object, or this deletion came before."""

    def paid(self, key: bytes, timestamp: int) -> None:
        """The container knows of everything up to ``timestamp``: the row is
        no longer owed.  Never waits; losing it costs one repeated row."""

    def reserve(self, key: bytes, token: str, seconds: float) -> Promise[Lookup]:
        """Lock the name for a conditional write by the holder of ``token``.

        Kept when the lock is granted, with the state as it then is; waits for
        another holder up to ``seconds``, then fails ``Unavailable``.  A lock
        ends by ``release`` or after ``seconds``.  Locks live in memory: they
        order clients that race, and losing one loses no data.  Who asks again
        while it waits keeps its place; its earlier call fails.
        """

    def release(self, key: bytes, token: str) -> None:
        """Give the lock back.  Never waits; harmless when not held."""

    # ---- for replication: sections 5 and 8 of the design ------------------

    def digests(
        self, partitions: Sequence[int], part_power: int
    ) -> Promise[Sequence[bytes]]:
        """One digest over all states (tombstones too) of each partition;
        16 zero bytes for an empty one.  Equal digests: equal states."""

    def states(
        self, partition: int, part_power: int, after: bytes, limit: int
    ) -> Promise[Sequence[tuple[bytes, int]]]:
        """(key, digest of its state) for up to ``limit`` keys of the
        partition greater than ``after``, in key order; the digest is 8 bytes
        as an integer.  Fewer than ``limit``: the end."""

    def merge(
        self, key: bytes, state: ObjectState, body: bytes | None
    ) -> Promise[Receipt]:
        """Take over another replica's state (with its body when it has data
        that is at most INLINE_BYTES_MAX).  ``begin`` ... ``commit`` takes
        larger ones.  Owes no row: the replica that took the write does."""

    def forget(self, key: bytes, newest: int) -> Promise[Receipt]:
        """Drop the state if it is still exactly as new as ``newest``, and owes no
        row: a handoff's copy that all primaries have confirmed."""

    def owe_copy(self, key: bytes, device_ids: Sequence[int]) -> None:
        """These devices of the object ring lack what this one holds of the key:
        bring it to them as soon as they answer.  Never waits; what is lost (a
        full queue, a restart) the next round of replication finds."""


class DatabaseNode(Protocol):
    """What account and container nodes have in common.

    ``account``/``container`` are names; for accounts ``container`` is "".
    """

    def info(self, key: bytes) -> Promise[DatabaseInfo | None]:
        """The facts, also of a deleted one (``exists`` tells); None when this
        device never heard of it."""

    def list(
        self, key: bytes, query: ListingQuery
    ) -> Promise[list[ObjectRow | ContainerRow | Subdirectory]]:
        """One page, live rows only.  ``Rejected`` 404 when not here."""

    def shown(self, key: bytes, query: ListingQuery, form: Form) -> Promise[bytes]:
        """The page of ``list`` as ``wire.listing_forms.shown`` writes it."""

    def rows(self, key: bytes, query: ListingQuery) -> Promise[RowsPage]:
        """Raw rows with tombstones, of the query's marker, end marker, prefix,
        reverse and limit (its delimiter does not matter here)."""

    def post(
        self, key: bytes, metadata: Mapping[str, tuple[str, int]]
    ) -> Promise[Receipt]:
        """Merge metadata items, each with its timestamp; an empty value
        removes.  ``found`` False when there is none such live."""

    def delete(self, key: bytes, timestamp: int) -> Promise[Receipt]:
        """Mark deleted.  ``Rejected`` 409 while it is not empty; ``found`` also when
        this deletion came before."""

    # ---- for replication ---------------------------------------------------

    def digests(
        self, partitions: Sequence[int], part_power: int
    ) -> Promise[Sequence[bytes]]:
        """One digest over all databases of each partition; 16 zero bytes for an
        empty one."""

    def states(
        self, partition: int, part_power: int, after: bytes, limit: int
    ) -> Promise[Sequence[tuple[bytes, int]]]:
        """(key, digest of the database) as in ``ObjectNode.states``.  Equal
        digests: equal facts and rows, removed metadata apart."""

    def copy_of(self, key: bytes) -> Promise[DatabaseCopy | None]:
        """All but the rows, also of a deleted one; None when it is not here."""

    def row_digests(
        self, key: bytes, ranges: Sequence[tuple[str, str]]
    ) -> Promise[Sequence[tuple[int, bytes]]]:
        """(count, digest) of the rows, tombstones included, of each range of names
        behind the first up to and with the second ("": no bound).  ``Rejected``
        404 when the database is not here."""

    def merge_copy(
        self, key: bytes, copy: DatabaseCopy, rows: Sequence[ObjectRow | ContainerRow]
    ) -> Promise[Receipt]:
        """Take over another replica's facts and rows, durably, beginning the
        database if it is not here."""

    def forget(self, key: bytes, digest: int) -> Promise[Receipt]:
        """Drop the whole database if its digest is still that: a handoff's copy
        that all primaries have confirmed."""

    def owe_copy(self, key: bytes, device_ids: Sequence[int]) -> None:
        """As ``ObjectNode.owe_copy``; of the container or account ring."""


class ContainerNode(DatabaseNode, Protocol):
    """One device's containers; rows are ``ObjectRow``.

    ``gathers_rows``: a call costs little, and what several calls bring is written
    together; else callers do better to gather rows and call less often.
    """

    gathers_rows: bool

    def create(
        self,
        key: bytes,
        name: ContainerName,
        timestamp: int,
        metadata: Mapping[str, tuple[str, int]],
        policy: int,
    ) -> Promise[Receipt]:
        """Create, or bring back to life, or update.  ``found``: it was live
        before."""

    def merge(self, key: bytes, rows: Sequence[ObjectRow]) -> Promise[Receipt]:
        """Merge rows, durably.  ``found`` is False when the container is not
        here or deleted: the rows are not kept then."""


class AccountNode(DatabaseNode, Protocol):
    """One device's accounts; rows are ``ContainerRow``."""

    def create(
        self,
        key: bytes,
        account: str,
        timestamp: int,
        metadata: Mapping[str, tuple[str, int]],
    ) -> Promise[Receipt]:
        """Create or update; ``found``: it was live before."""

    def merge(
        self, key: bytes, account: str, rows: Sequence[ContainerRow]
    ) -> Promise[Receipt]:
        """Merge container rows, durably, creating the account if needed."""
