"""Put a real directory tree into a store with a stock client, and compare.

Uses python-swiftclient as any user would: nothing here knows that the server
is ours.  ``upload`` sends what the listing does not show with the right MD5, so
a second run sends nothing; ``compare`` downloads every file and compares every
byte.
"""

from __future__ import annotations

import hashlib
import io
import sysconfig
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import swiftclient

CONTAINER = "python-library"
# Enough to keep the store's group commit busy, few enough for a laptop.
CONNECTIONS = 8
# A tree to show something with, and which is through in seconds.
TREE_FILES_MIN, TREE_FILES_MAX = 1000, 1500
PACKAGES = "site-packages/"
Progress = Callable[[int], None]
"""Called with the bytes of each file that is through."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the store, and who uses it."""

    endpoint: str
    user: str
    key: str

    def connect(self) -> Any:
        """A connection of the stock Swift client."""
        return swiftclient.Connection(
            authurl=f"{self.endpoint}/auth/v1.0",
            user=self.user,
            key=self.key,
            retries=2,
        )


@dataclass(frozen=True, slots=True)
class TreeFile:
    """One file of the tree and the object it becomes."""

    path: Path
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What a pass over the tree did."""

    files: int
    bytes: int
    seconds: float

    def __str__(self) -> str:
        rate = self.files / self.seconds if self.seconds else 0.0
        megabytes = self.bytes / 1e6
        return (
            f"{self.files:,} files, {megabytes:,.1f} MB in {self.seconds:.1f} s"
            f" ({rate:,.0f} files/s)"
        )


def library_tree() -> list[TreeFile]:
    """The sources of Python's own standard library, as shipped on this machine.

    Where that is small (Debian leaves its tests out) some of the installed packages'
    too.
    """
    found = _sources(Path(sysconfig.get_path("stdlib")), "")
    if len(found) < TREE_FILES_MIN:
        packages = _sources(Path(sysconfig.get_path("purelib")), PACKAGES)
        found += packages[: TREE_FILES_MAX - len(found)]
    return found


def _sources(root: Path, prefix: str) -> list[TreeFile]:
    paths = [path.relative_to(root) for path in sorted(root.rglob("*.py"))]
    return [
        TreeFile(
            root / path, f"{prefix}{path.as_posix()}", (root / path).stat().st_size
        )
        for path in paths
        if path.parts[0] not in ("site-packages", "dist-packages")
    ]


def listed(account: Account) -> dict[str, str]:
    """Name -> MD5 of everything in the container."""
    _, entries = account.connect().get_container(CONTAINER, full_listing=True)
    return {entry["name"]: entry["hash"] for entry in entries}


def upload(account: Account, tree: list[TreeFile], progress: Progress) -> Figures:
    """Send every file that is not there yet with the same bytes."""
    account.connect().put_container(CONTAINER)
    there = listed(account)

    def send(connection: Any, file: TreeFile) -> int | None:
        data = file.path.read_bytes()
        digest = hashlib.md5(data, usedforsecurity=False).hexdigest()
        if there.get(file.name) == digest:
            return None
        # A file, which the client can send again from its beginning.
        body = io.BytesIO(data)
        connection.put_object(CONTAINER, file.name, body, len(data), digest)
        return len(data)

    return _over(account, tree, send, progress)


def compare(
    account: Account, tree: list[TreeFile], progress: Progress
) -> tuple[Figures, list[str]]:
    """Download every file; returns the figures and the names that differ."""
    different: list[str] = []

    def check(connection: Any, file: TreeFile) -> int | None:
        try:
            _, data = connection.get_object(CONTAINER, file.name)
        except swiftclient.ClientException as error:
            different.append(f"{file.name}: {error}")
            return None
        if data != file.path.read_bytes():
            different.append(file.name)
        return len(data)

    figures = _over(account, tree, check, progress)
    names = set(listed(account))
    different += [f"{file.name}: not listed" for file in tree if file.name not in names]
    return figures, different


def _over(
    account: Account,
    tree: list[TreeFile],
    act: Callable[[Any, TreeFile], int | None],
    progress: Progress,
) -> Figures:
    """Do ``act`` for every file over a few connections; None: did not move it."""
    local = threading.local()

    def one(file: TreeFile) -> int | None:
        connection = getattr(local, "connection", None)
        if connection is None:
            connection = local.connection = account.connect()
        moved = act(connection, file)
        progress(file.size)
        return moved

    begun = time.monotonic()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        moved = [size for size in pool.map(one, tree) if size is not None]
    return Figures(len(moved), sum(moved), time.monotonic() - begun)
