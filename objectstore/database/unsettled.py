"""What a restart would replay: up to where the journal is in the databases' files, and
which files may lack what stands behind that.

To *settle* is to fold and sync those files, and then to let go of the journal.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from objectstore.database.applied import read_applied, write_applied
from objectstore.database.database_files import DatabaseFiles, Unsafe
from objectstore.kernel import concurrency
from objectstore.kernel.disk import Disk
from objectstore.kernel.journal import Journal, Position

APPLIED_NAME = "applied"
# Databases synced by one call to a native thread.
SYNCED_TOGETHER = 16


class Unsettled:
    """See the module.

    ``is_new``: the databases that have changed since they were last safe, and whether
    their file has never been synced; whoever changes one adds it.
    """

    def __init__(
        self, disk: Disk, directory: str, journal: Journal, files: DatabaseFiles
    ) -> None:
        self.is_new: dict[bytes, bool] = {}
        self._disk = disk
        self._journal = journal
        self._files = files
        self._path = os.path.join(directory, APPLIED_NAME)
        self._applied = read_applied(disk, self._path)

    @property
    def start(self) -> Position:
        """Where a replay begins."""
        return self._applied

    @property
    def journal_bytes(self) -> int:
        """Bytes of the journal that a restart would replay."""
        segment, offset = self._applied
        return sum(
            facts.size - (offset if facts.number == segment else 0)
            for facts in self._journal.segments()
            if facts.number >= segment
        )

    def settle(self, fold: Callable[[bytes], None]) -> None:
        """Let ``fold(key)`` bring each of the databases up to date, sync their files
        and forget the journal up to where it was at the beginning.  Waits.

        What fails, or changes meanwhile, is left for the next time.
        """
        end = self._journal.end
        unsafe, self.is_new = self.is_new, {}
        left = dict(unsafe)
        try:
            for key in unsafe:
                fold(key)
                concurrency.sleep(0)
            databases = [Unsafe(*item) for item in unsafe.items()]
            for first in range(0, len(databases), SYNCED_TOGETHER):
                part = databases[first : first + SYNCED_TOGETHER]
                again = self._disk.offload(self._files.make_safe, part)
                for database in part:
                    if database not in again:
                        del left[database.key]
        finally:
            for key, is_new in left.items():
                self.is_new[key] = is_new or self.is_new.get(key, False)
        if not left and end != self._applied:
            self._forget_journal(end)

    def _forget_journal(self, end: Position) -> None:
        self._disk.offload(write_applied, self._disk, self._path, end)
        self._applied = end
        for facts in self._journal.segments():
            if facts.number < end.segment:
                self._disk.offload(self._journal.closed.remove, facts.number)
