"""An append-only log of checksummed records, with group commit.

How a room uses it (``Journal``, its ``reads`` and what is ``closed``)::

    journal = Journal.open(disk, directory, identity)      # 16 bytes: the device
    for found in journal.replay():                         # or replay(position)
        if isinstance(found, Damage): ...                  # lost range: report it
        else: apply(found.kind, found.meta)                # its body: journal.reads
    promise = journal.append(KIND, meta, body)             # Promise[Position]
    promise.wait()                                         # on disk, fsynced

* ``kind`` is the room's own number, 1 to 65,535; ``meta`` its encoded record;
  ``body`` (optional) bytes with a checksum of their own, never copied, so that
  they can be read back alone: ``journal.reads.at(segment, body_offset, length)``.
* Appends are made durable together: while one batch is being synced the next
  gathers.  Promises are kept in the order of the appends; a failed batch fails
  all its appends (``InsufficientStorage``, ``Unavailable``) and nothing of it
  comes back, except that a crash right then may leave whole records of it.
* The lean way, for thousands a second: subclass ``Entry``, which carries a
  record and is told its fate (``written``, ``failed``), and ``submit`` it.
* ``Position`` is (segment, offset).  ``journal.end`` is where the next record
  goes: remember it together with what has been applied, and ``replay`` from
  there after a restart.  ``roll`` closes the current segment;
  ``journal.closed.remove`` deletes any but the newest when everything in it has been
  applied elsewhere.
* ``open`` repairs the tail that a crash tore; ``journal.torn`` and
  ``journal.damage`` tell what it found.
"""

from objectstore.kernel.journal.entry import Entry
from objectstore.kernel.journal.format import (
    Damage,
    Found,
    Position,
    record_bytes,
)
from objectstore.kernel.journal.journal import Journal
from objectstore.kernel.journal.reads import SegmentReads
from objectstore.kernel.journal.scan import scan_memory
from objectstore.kernel.journal.segments import SegmentFacts

__all__ = [
    "Damage",
    "Entry",
    "Found",
    "Journal",
    "Position",
    "SegmentFacts",
    "SegmentReads",
    "record_bytes",
    "scan_memory",
]
