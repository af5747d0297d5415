"""A repository of Fernet keys: a directory with one key in each file.

Files are named by numbers, as Keystone's are: the highest is the *primary* key, which
new messages are made with; 0 is the *staged* one, the next primary, which all
processes can already read; the others are *secondary*, for what is still about.
Rotation makes the staged key primary, stages a new one and removes the oldest.
Because a key is staged one rotation ahead, copies of the directory on several
hosts may lag by one rotation without anybody's token failing.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
from collections.abc import Iterator
from pathlib import Path

from cryptography.fernet import Fernet, MultiFernet

from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Corrupt

STAGED = 0
FIRST_PRIMARY = 1
# How soon a process sees that the keys were rotated.
LOOK_SECONDS = 5.0
# What was sealed before such a look may be written a moment after it.
SETTLED_SECONDS = 2 * LOOK_SECONDS

_log = logging.getLogger("compute.keys")


def key_numbers(directory: Path) -> list[int]:
    """The keys that are there, the primary first, the staged one last."""
    names = [path.name for path in directory.iterdir() if path.name.isdigit()]
    return sorted((int(name) for name in names), reverse=True)


def create_keys(directory: Path) -> bool:
    """A first primary and a first staged key, if there are none; whether so."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    with alone(directory):
        if key_numbers(directory):
            return False
        _write_key(directory, STAGED)
        _write_key(directory, FIRST_PRIMARY)
    return True


def rotate_keys(directory: Path, keys_max: int) -> int:
    """Make the staged key primary; keep ``keys_max`` keys.  The primary's number."""
    with alone(directory):
        numbers = key_numbers(directory)
        if STAGED not in numbers:
            # A rotation was cut short after its first step: this is the rest of it.
            _write_key(directory, STAGED)
            return max(numbers)
        primary = max(numbers) + 1
        os.rename(directory / str(STAGED), directory / str(primary))
        _write_key(directory, STAGED)
        for number in key_numbers(directory)[keys_max - 1 : -1]:
            (directory / str(number)).unlink()
        return primary


def seconds_unsettled(directory: Path, now: float) -> float:
    """How long until every process uses the primary key and no older one."""
    primary = key_numbers(directory)[0]
    if primary == FIRST_PRIMARY:
        return 0.0
    changed = (directory / str(primary)).stat().st_ctime
    return min(max(changed + SETTLED_SECONDS - now, 0.0), SETTLED_SECONDS)


@contextlib.contextmanager
def alone(directory: Path, name: str = ".lock") -> Iterator[None]:
    """Of two processes that make keys together, or rotate them, one would overwrite the
    other's, which something may be sealed with.  ``name``: of what is done."""
    with open(directory / name, "w", opener=_for_us_alone) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _for_us_alone(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _write_key(directory: Path, number: int) -> None:
    """Whole or not at all, and only for us to read."""
    path = directory / str(number)
    unfinished = directory / f".{number}.new"
    with contextlib.suppress(FileNotFoundError):
        unfinished.unlink()
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as stream:
        stream.write(Fernet.generate_key())
        stream.flush()
        os.fsync(stream.fileno())
    os.rename(unfinished, path)
    # What is sealed with it may be on another disk, and outlive the power.
    _sync(directory)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class KeyRepository:
    """The keys of a directory, read again when they change."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        """``Corrupt`` when there is no usable key."""
        self._directory = directory
        self._clock = clock
        self._numbers: list[tuple[int, int]] = []
        self._looked = clock.monotonic()
        self._fernet = self._read()

    @property
    def fernet(self) -> MultiFernet:
        """Encrypts with the primary key, decrypts with any."""
        now = self._clock.monotonic()
        if now - self._looked >= LOOK_SECONDS:
            self._looked = now
            self._look()
        return self._fernet

    def reload(self) -> None:
        """Look now."""
        self._fernet = self._read()

    def _look(self) -> None:
        """In the middle of a rotation, or while the disk is away, what is known is good
        enough until the next look."""
        try:
            if self._seen() != self._numbers:
                self._fernet = self._read()
        except (OSError, Corrupt) as error:
            _log.warning("%s: the keys are those of before: %s", self._directory, error)

    def _seen(self) -> list[tuple[int, int]]:
        return [
            (number, (self._directory / str(number)).stat().st_mtime_ns)
            for number in key_numbers(self._directory)
        ]

    def _read(self) -> MultiFernet:
        try:
            numbers = self._seen()
            keys = [
                Fernet((self._directory / str(number)).read_bytes().strip())
                for number, _ in numbers
            ]
        except (OSError, ValueError) as error:
            raise Corrupt(f"{self._directory}: a key cannot be read: {error}") from None
        if not keys:
            raise Corrupt(f"{self._directory}: there are no keys")
        self._numbers = numbers
        return MultiFernet(keys)
