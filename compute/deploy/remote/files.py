"""Files written so that they are there whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil


def write_file(path: str, content: bytes, mode: int, owner: str = "root:root") -> None:
    """Replace it: a reader, or a crash, finds the old content or the new."""
    user, _, group = owner.partition(":")
    # In a directory that only root writes to, under a name that nobody can guess.
    fresh = f"{path}.{secrets.token_hex(8)}"
    file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(file, "wb") as opened:
            opened.write(content)
            opened.flush()
            shutil.chown(fresh, user, group)
            os.fchmod(opened.fileno(), mode)
            os.fsync(opened.fileno())
        os.replace(fresh, path)
    except BaseException:
        os.unlink(fresh)
        raise
    directory = os.open(os.path.dirname(path), os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
