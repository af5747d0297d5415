"""What an operator may set of a device's object store."""

from __future__ import annotations

from dataclasses import dataclass

from objectstore.kernel.journal.journal import ALLOCATE_BYTES, SEGMENT_BYTES_MAX

WEEK_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class StoreOptions:
    """Values with defaults that suit a disk of its own."""

    # A tombstone lives this long, so that a replica that was away learns of the
    # deletion; one that stays away longer must come back empty.
    reclaim_seconds: int = WEEK_SECONDS
    # Writes that add data stop when less than this is free: compaction needs room
    # to copy a segment, and deletes must always work.
    reserve_bytes: int = 4 * SEGMENT_BYTES_MAX
    # Bodies stop so much earlier than rows, metadata and deletions of objects that
    # other devices have taken.
    body_reserve_bytes: int = 0
    segment_bytes_max: int = SEGMENT_BYTES_MAX
    allocate_bytes: int = ALLOCATE_BYTES
    # A segment is compacted when less than this share of it is still needed.
    live_share_min: float = 0.5
