"""Backups as objects in the hidden account of the ring.

volume-backups-3f/<backup id>/pieces/00000000 ...
volume-backups-3f/<backup id>/sheets/000000 ...
volume-backups-3f/<backup id>/head
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from compute.volume.backups.manifest import (
    PIECES_IN_A_SHEET,
    Head,
    Piece,
    read_head,
    read_sheet,
    sha256_of,
    write_head,
    write_sheet,
)
from objectstore.client.swift import NotFound, SwiftAccount
from objectstore.kernel.concurrency import offload
from objectstore.kernel.errors import Corrupt, Unavailable

CONTAINER_PREFIX = "volume-backups-"
SHARD_DIGITS = 2
OBJECT_BYTES_MAX = 1 << 30


def container_of(backup_id: str) -> str:
    """256 containers share all backups."""
    return CONTAINER_PREFIX + backup_id[:SHARD_DIGITS]


class BackupObjects:
    """Writes, reads and removes them."""

    def __init__(self, account: Callable[[], SwiftAccount]) -> None:
        """``account`` is asked at each use: at start, identity may not be up yet."""
        self._account = account
        self._made: set[str] = set()

    def head(self, backup_id: str, sha256: str) -> Head:
        """The head with that hash; ``Corrupt``."""
        return read_head(self._get(backup_id, "head"), sha256)

    def put_head(self, backup_id: str, head: Head) -> str:
        """Store it; its hash."""
        raw = write_head(head)
        self._put(backup_id, "head", raw)
        return sha256_of(raw)

    def put_sheet(self, backup_id: str, number: int, pieces: list[Piece]) -> str:
        """Store a sheet; its hash."""
        raw = write_sheet(pieces)
        self._put(backup_id, f"sheets/{number:06}", raw)
        return sha256_of(raw)

    def pieces(self, backup_id: str, head: Head) -> Iterator[Piece]:
        """All pieces in order, one sheet in memory at a time.  ``Corrupt``."""
        for number, sha256 in enumerate(head.sheets):
            raw = self._get(backup_id, f"sheets/{number:06}")
            found = read_sheet(raw, sha256)
            is_last = number == len(head.sheets) - 1
            if not is_last and len(found) != PIECES_IN_A_SHEET:
                raise Corrupt(f"a sheet of backup {backup_id} has not its length")
            yield from found

    def put_piece(self, backup_id: str, number: int, data: bytes) -> None:
        """Store a piece."""
        self._put(backup_id, f"pieces/{number:08}", data)

    def piece(self, piece: Piece, number: int) -> bytes:
        """A piece's bytes, which are what was written.  ``Corrupt``."""
        data = self._get(piece.holder, f"pieces/{number:08}")
        if offload(sha256_of, data) != piece.sha256:
            raise Corrupt(f"piece {number} of backup {piece.holder} is damaged")
        return data

    def delete(self, backup_id: str) -> None:
        """Remove all of it; fine when there is nothing."""
        account, container = self._account(), container_of(backup_id)
        try:
            listed = list(account.list_objects(container, f"{backup_id}/"))
        except NotFound:
            return
        # The head last: what has one is whole, or on its way out.
        for each in sorted(listed, key=lambda each: each.name.endswith("/head")):
            account.delete(container, each.name)

    def stored(self) -> Iterator[tuple[str, str]]:
        """(backup id, object's name in its container) of everything there is."""
        account = self._account()
        for container in account.containers(CONTAINER_PREFIX):
            for listed in account.list_objects(container):
                yield listed.name.partition("/")[0], listed.name

    def _put(self, backup_id: str, name: str, data: bytes) -> None:
        account, container = self._account(), container_of(backup_id)
        if container not in self._made:
            account.put_container(container)
            self._made.add(container)
        try:
            account.put(container, f"{backup_id}/{name}", data)
        except NotFound:
            self._made.discard(container)
            raise Unavailable(f"container {container} is gone") from None

    def _get(self, backup_id: str, name: str) -> bytes:
        try:
            answer = self._account().get(container_of(backup_id), f"{backup_id}/{name}")
        except NotFound:
            raise Corrupt(f"backup {backup_id} has lost {name}") from None
        with answer:
            return answer.read(OBJECT_BYTES_MAX)
