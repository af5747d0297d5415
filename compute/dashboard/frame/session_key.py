"""The secret that seals sessions: in a file, which only we may read."""

from __future__ import annotations

import os
import secrets
from hashlib import sha256
from pathlib import Path

from objectstore.kernel.errors import Unavailable

SECRET_BYTES = 32


def session_key(path: Path) -> bytes:
    """The key in that file; made when there is none yet.  ``Unavailable`` when it
    cannot be read or is empty."""
    try:
        if not path.exists():
            _make(path)
        secret = path.read_bytes().strip()
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror}") from None
    if not secret:
        raise Unavailable(f"{path} is empty")
    return sha256(b"ringstack dashboard session\0" + secret).digest()


def _make(path: Path) -> None:
    """Whole or not at all: other processes may be making it too."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(SECRET_BYTES) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(beside, path)
    except FileExistsError:
        pass  # somebody else was first: theirs it is
    finally:
        beside.unlink()
