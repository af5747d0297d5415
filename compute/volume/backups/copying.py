"""A volume's bytes into a backup and back, one piece in memory at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, repeat

from compute.volume.backups.manifest import PIECES_IN_A_SHEET, Head, Piece, sha256_of
from compute.volume.backups.ring import BackupObjects
from compute.volume.drivers.port import VolumeDriver
from objectstore.kernel.concurrency import offload

Check = Callable[[], None]


def store_backup(
    objects: BackupObjects,
    driver: VolumeDriver,
    disk: str,
    backup_id: str,
    piece_bytes: int,
    parent: tuple[str, Head] | None,
    check: Check,
) -> tuple[str, int]:
    """(hash of the head, pieces stored).  With a ``parent`` only what differs from it
    is stored.  ``check`` is asked before each piece and may raise."""
    size = driver.size(disk)
    before: Iterator[Piece] = iter(())
    if parent is not None:
        parent_id, head = parent
        piece_bytes = head.piece_bytes
        before = objects.pieces(parent_id, head)
    known = chain(before, repeat(Piece()))
    sheets: list[str] = []
    sheet: list[Piece] = []
    stored = 0
    for number, offset in enumerate(range(0, size, piece_bytes)):
        check()
        length, was = min(piece_bytes, size - offset), next(known)
        data = b""
        if not driver.is_hole(disk, offset, length):
            data = driver.read(disk, offset, length)
        piece = _named(data, backup_id)
        if piece.sha256 and piece.sha256 == was.sha256:
            piece = was
        elif piece.sha256:
            objects.put_piece(backup_id, number, data)
            stored += 1
        sheet.append(piece)
        if len(sheet) == PIECES_IN_A_SHEET:
            sheets.append(objects.put_sheet(backup_id, len(sheets), sheet))
            sheet = []
    if sheet:
        sheets.append(objects.put_sheet(backup_id, len(sheets), sheet))
    head = Head(size, piece_bytes, tuple(sheets))
    return objects.put_head(backup_id, head), stored


def restore_backup(
    objects: BackupObjects,
    driver: VolumeDriver,
    backup_id: str,
    head: Head,
    disk: str,
    check: Check,
) -> None:
    """Write all of it to the beginning of the disk, which is large enough."""
    for number, piece in enumerate(objects.pieces(backup_id, head)):
        check()
        offset = number * head.piece_bytes
        if piece.sha256:
            driver.write(disk, offset, objects.piece(piece, number))
            continue
        size = min(head.piece_bytes, head.size_bytes - offset)
        if not driver.is_hole(disk, offset, size):
            driver.write(disk, offset, bytes(size))
    driver.flush(disk)


def _named(data: bytes, backup_id: str) -> Piece:
    if data.count(0) == len(data):
        return Piece()
    return Piece(offload(sha256_of, data), backup_id)
