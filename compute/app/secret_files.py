"""Secrets that the cloud makes for itself: one in a file, which only we may read."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from objectstore.kernel.errors import Unavailable

SECRET_BYTES = 24


def secret_in(path: Path) -> str:
    """The secret in that file; a new one when there is no such file yet."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return read_secret(path)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(SECRET_BYTES) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return read_secret(path)


def read_secret(path: Path) -> str:
    """The secret in that file.  ``Unavailable`` when it is not there or empty."""
    try:
        text = path.read_text("utf-8").strip()
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror}") from None
    if not text:
        raise Unavailable(f"{path} is empty")
    return text
