"""SQLite's files on a simulated disk, and what a power loss leaves of them.

SQLite goes around the disk port by paths, so its files are real, in a directory
in memory.  SQLite itself is trusted to be safe against crashes where it syncs; what
the simulation takes away is what nobody has synced: transactions at the end of a
write-ahead log, pages of a file that was just made, its name.
"""

from __future__ import annotations

import os
import shutil
import struct
from pathlib import Path
from random import Random

WAL_HEAD_BYTES = 32
FRAME_HEAD_BYTES = 24
PAGE_BYTES = 4096
FRAME_BYTES = FRAME_HEAD_BYTES + PAGE_BYTES
# In the -shm file: how many frames are in the log, its salt, how many of them have
# been brought into the database file (sqlite.org/walformat.html).
_FRAMES = struct.Struct("=16xI12x8s")
_CHECKPOINTED = struct.Struct("=96xI")
SHM_BYTES = 136
# An index that a crash destroyed must come back from the log.
LOST_INDEX = 0.1


def is_sqlite(path: str) -> bool:
    """Whether the file is one of SQLite's own."""
    return ".db" in os.path.basename(path)


def _log_state(path: str) -> tuple[bytes, int, int]:
    """(salt, frames, frames checkpointed) of a database's write-ahead log."""
    try:
        head = Path(f"{path}-shm").read_bytes()[:SHM_BYTES]
    except FileNotFoundError:
        return b"", 0, 0
    if len(head) < SHM_BYTES:
        return b"", 0, 0
    frames, salt = _FRAMES.unpack_from(head)
    return salt, frames, _CHECKPOINTED.unpack_from(head)[0]


class SqliteFiles:
    """Remembers what has been synced."""

    def __init__(self) -> None:
        self._unnamed: set[str] = set()  # their names are not safe yet
        self._unsafe: set[str] = set()  # nor is a page of theirs
        self._synced: dict[str, tuple[bytes, int]] = {}  # salt, frames by path

    def created(self, path: str) -> None:
        """Written as an image, through the disk port."""
        self._unnamed.add(path)
        self._unsafe.add(path)

    def directory_synced(self, directory: str) -> None:
        """The names in it are safe; files that SQLite has synced are so as well."""
        for path in sorted(self._unnamed | self._unsafe):
            if os.path.dirname(path) == directory:
                self._unnamed.discard(path)
                if _log_state(path)[2] or not os.path.exists(f"{path}-wal"):
                    self._unsafe.discard(path)

    def log_synced(self, log_path: str) -> None:
        """Somebody called fdatasync for a write-ahead log."""
        path = log_path.removesuffix("-wal")
        salt, frames, _ = _log_state(path)
        self._synced[path] = (salt, frames)

    def survive(self, source: Path, target: Path, random: Random) -> SqliteFiles:
        """Copy what a power loss leaves below ``source`` to ``target``.  What has
        survived is safe from then on."""
        survivor = SqliteFiles()
        for directory, _, names in sorted(os.walk(source)):
            there = target / os.path.relpath(directory, source)
            there.mkdir(parents=True, exist_ok=True)
            for name in sorted(names):
                if not name.endswith(("-wal", "-shm")):
                    path = os.path.join(directory, name)
                    safe = self._survive_one(path, there, random)
                    if safe is not None:
                        survivor._synced[str(there / name)] = safe
        return survivor

    def _survive_one(
        self, path: str, target: Path, random: Random
    ) -> tuple[bytes, int] | None:
        """Salt and frames of the log that survived, if one did."""
        if path in self._unnamed and random.random() < 0.5:
            return None
        name = os.path.basename(path)
        if name == "index.db" and random.random() < LOST_INDEX:
            return None
        salt, frames, checkpointed = _log_state(path)
        shutil.copyfile(path, target / name)
        if path in self._unsafe and not checkpointed and os.path.exists(f"{path}-wal"):
            _tear(target / name, random)
        if not frames or not os.path.exists(f"{path}-wal"):
            return None
        synced_salt, synced = self._synced.get(path, (b"", 0))
        safe = max(checkpointed, synced if synced_salt == salt else 0)
        kept = random.randint(safe, frames)
        log = Path(f"{path}-wal").read_bytes()
        end = WAL_HEAD_BYTES + kept * FRAME_BYTES
        torn = log[end : end + FRAME_BYTES] if kept < frames else b""
        (target / f"{name}-wal").write_bytes(
            log[:end] + torn[: random.randint(0, len(torn))]
        )
        return salt, kept


def _tear(path: Path, random: Random) -> None:
    """Pages that were never synced: some are there, some are not."""
    content = bytearray(path.read_bytes())
    for start in range(0, len(content), PAGE_BYTES):
        if random.random() < 0.3:
            content[start : start + PAGE_BYTES] = bytes(PAGE_BYTES)
    path.write_bytes(content)
