"""Files of private keys while haproxy reads them, in memory and for root alone.

Haproxy wants files, and only when it begins: they are written to a file system that
has no disk, and are gone when it has read them.  What a killed agent leaves behind goes
when the next one looks for the first time.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from objectstore.kernel.errors import Unavailable

PLACES = (Path("/run"), Path("/dev/shm"))
KINDS = ("tmpfs", "ramfs")
MOUNTS = Path("/proc/self/mounts")
NAME_CHARACTERS = 16


class KeyFiles:
    """All of one agent, told apart by its state's directory."""

    def __init__(self, state_directory: Path) -> None:
        digest = hashlib.sha256(str(state_directory.absolute()).encode()).hexdigest()
        self._name = f"ringstack-keys-{digest[:NAME_CHARACTERS]}"
        self._is_swept = False

    def directory(self, balancer_id: str) -> Path:
        """Where a load balancer's are, while they are."""
        return (_in_memory() or PLACES[0]) / self._name / balancer_id

    def sweep(self) -> None:
        """Once: remove what another agent of ours has left."""
        if not self._is_swept:
            for place in PLACES:
                shutil.rmtree(place / self._name, ignore_errors=True)
            self._is_swept = True

    @contextlib.contextmanager
    def written(self, balancer_id: str, files: Mapping[str, str]) -> Iterator[None]:
        """They are there inside, and nowhere afterwards.  ``Unavailable`` where the
        host has no place without a disk."""
        if not files:
            yield
            return
        if _in_memory() is None:
            raise Unavailable("neither /run nor /dev/shm is in memory: no keys")
        home = self.directory(balancer_id)
        try:
            _write(home, files)
            yield
        finally:
            shutil.rmtree(home, ignore_errors=True)
            with contextlib.suppress(OSError):
                home.parent.rmdir()


def _in_memory() -> Path | None:
    """The first place that is."""
    kinds = dict(line.split(" ")[1:3] for line in MOUNTS.read_text().splitlines())
    return next((each for each in PLACES if kinds.get(str(each)) in KINDS), None)


def _write(home: Path, files: Mapping[str, str]) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    try:
        home.parent.mkdir(mode=0o700, exist_ok=True)
        _check_ours(home.parent)
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(mode=0o700)
        for name, text in files.items():
            with open(os.open(home / name, flags, 0o600), "w") as file:
                file.write(text)
    except OSError as error:
        raise Unavailable(f"keys: {error}") from None


def _check_ours(directory: Path) -> None:
    """Everybody may make one of that name in ``/dev/shm``, or a link to elsewhere."""
    found = directory.lstat()
    is_closed = stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077
    if not is_closed or found.st_uid != os.geteuid():
        raise Unavailable(f"keys: {directory} is somebody else's")
