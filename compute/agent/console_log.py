"""The log of a guest's serial console: its end is read, its size is bounded.

QEMU appends to the file for as long as the guest lives, and a guest can write without
end.  ``trim`` keeps the newest part in a second file beside it and empties the first;
that is safe while QEMU writes (it appends), and loses at most what is written in
between.
"""

from __future__ import annotations

import contextlib
import os

OLDER_SUFFIX = ".1"
LOG_BYTES_MAX = 1 << 20
"""One file's bound; there are two of them for each guest."""


def read_tail(path: str, bytes_max: int) -> bytes:
    """The end of what was logged; b"" when nothing was.  Blocks: on a thread."""
    newest = _end_of(path, bytes_max)
    missing = bytes_max - len(newest)
    older = _end_of(path + OLDER_SUFFIX, missing) if missing > 0 else b""
    return older + newest


def trim(path: str, bytes_max: int = LOG_BYTES_MAX) -> bool:
    """Empty the log when it is over the bound, its end kept beside it; whether it
    was.  Blocks: on a thread."""
    try:
        if os.stat(path).st_size <= bytes_max:
            return False
    except FileNotFoundError:
        return False
    with open(path + OLDER_SUFFIX, "wb") as older:
        older.write(_end_of(path, bytes_max))
    os.truncate(path, 0)
    return True


def _end_of(path: str, bytes_max: int) -> bytes:
    with contextlib.suppress(FileNotFoundError), open(path, "rb") as log:
        size = log.seek(0, os.SEEK_END)
        log.seek(max(0, size - bytes_max))
        return log.read(bytes_max)
    return b""
