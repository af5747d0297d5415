"""Directories for tests, and an end for those of runs that were killed.

Whoever uses one holds a lock on a file in it, which the kernel lets go of with the last
process that has it.  So what nobody holds was left behind; the next user removes it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

OWNER = ".owner"
PREFIXES = ("rs-", "ringstack-test-")
# One that is younger may not be locked yet.
LEFT_SECONDS = 60.0


@contextmanager
def scratch_directory(prefix: str = "rs-") -> Iterator[Path]:
    """An empty directory with a short path (sockets lie below it), gone afterwards."""
    assert prefix in PREFIXES
    place = Path(tempfile.gettempdir())
    remove_left_directories(place)
    path = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
    with (path / OWNER).open("w") as owner:
        fcntl.flock(owner, fcntl.LOCK_EX)
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)


def remove_left_directories(place: Path) -> list[str]:
    """Remove those whose users are dead; their names."""
    removed = []
    for path in place.iterdir():
        if path.name.startswith(PREFIXES) and _is_left(path / OWNER):
            shutil.rmtree(path, ignore_errors=True)
            removed.append(path.name)
    return removed


def _is_left(owner: Path) -> bool:
    """Not so where there is no such file: somebody else's directory."""
    with suppress(OSError), owner.open() as file:
        if time.time() - os.fstat(file.fileno()).st_mtime < LEFT_SECONDS:
            return False
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False
