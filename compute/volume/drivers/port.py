"""What the volume room asks of the place that keeps the bytes; one suite tests all.

A *disk* is a row of bytes with a name of ours: a volume's, a snapshot's, or that of a
copy which lives as long as one job.  Every call may be repeated, and what was cut
short is made anew by the next one.  Calls are green and raise ``Unavailable`` when the
place is away, ``InsufficientStorage`` when it is full, ``Rejected`` for bytes that are
not what they should be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from compute.core.errors import NotFound
from compute.volume.connection import ConnectionInfo, Connector
from compute.volume.drivers.unmanaged import UnmanagedDisks
from compute.volume.encryption import DiskKey
from compute.volume.model import GIB

VOLUME, SNAPSHOT, COPY = "volume-", "snapshot-", "copy-"
KINDS = (VOLUME, SNAPSHOT, COPY)


class NoSuchDisk(NotFound):
    """There are no such bytes."""

    kind_default = "NoSuchDisk"


@dataclass(frozen=True, slots=True)
class Capacity:
    """Of the whole place."""

    total_bytes: int
    free_bytes: int


@dataclass(frozen=True, slots=True)
class ExportAsked:
    """An export that somebody should have.  ``attachment_id`` names it."""

    attachment_id: str
    volume_id: str
    connector: Connector
    access: str


@dataclass(frozen=True, slots=True)
class Copy:
    """One of several copies."""

    source: str
    target: str
    size_bytes: int


class VolumeDriver(Protocol):
    """One place for disks."""

    @property
    def unmanaged(self) -> UnmanagedDisks:
        """Those beside ours."""

    def capacity(self) -> Capacity:
        """How much there is."""

    def create(self, disk: str, size_bytes: int, key: DiskKey | None = None) -> None:
        """An empty disk, all zeroes; what was there under the name is gone.  With a
        ``key`` it is encrypted: longer by a header, and whoever opens it finds so many
        bytes of anything."""

    def fill(
        self,
        disk: str,
        pieces: Iterable[bytes],
        image_format: str,
        size_bytes: int,
        key: DiskKey | None = None,
    ) -> None:
        """A disk that begins with what the image reads as, and is zeroes behind; with a
        ``key`` encrypted, as ``create`` has it.

        ``Rejected`` 400 when the image is not what its format promises, names other
        files, or is larger than ``size_bytes``.
        """

    def copy(self, source: str, target: str, size_bytes: int) -> None:
        """A disk of that size (the source's or more) with all that the source held
        at one moment of the call, whoever writes to it meanwhile.  ``target`` is
        there whole, or not changed at all.  ``NoSuchDisk``."""

    def copy_together(self, copies: Sequence[Copy]) -> None:
        """Copies of volumes, all as they are at one moment: what was written to one of
        them because another one had answered is there only if that is, too.  As
        ``copy`` otherwise, but that a failure may leave some of the targets."""

    def rename(self, disk: str, name: str) -> None:
        """The same bytes under another name, whatever was there; safe from a power cut
        when it returns.  Neither may be exported.  ``NoSuchDisk``."""

    def delete(self, disk: str) -> None:
        """Remove it; fine when it is not there.  It must not be exported."""

    def resize(self, disk: str, size_bytes: int) -> None:
        """Let it grow, exported or not; those who are connected see it when they
        connect again.  ``NoSuchDisk``."""

    def reopen(self, volume_id: str) -> None:
        """Cut off whoever is connected to the volume: who connects again, which he
        may at once, sees its size of now.  Fine when it is not exported."""

    def size(self, disk: str) -> int:
        """Its bytes, holes and all.  ``NoSuchDisk``."""

    def read(self, disk: str, offset: int, length: int) -> bytes:
        """Exactly these bytes, fewer only at the end.  ``NoSuchDisk``."""

    def is_hole(self, disk: str, offset: int, length: int) -> bool:
        """Whether these bytes are known to be zeroes without reading them; False
        promises nothing.  ``NoSuchDisk``."""

    def write(self, disk: str, offset: int, data: bytes) -> None:
        """Change these bytes, which are there; zeroes may become a hole.
        ``NoSuchDisk``."""

    def flush(self, disk: str) -> None:
        """What was written is safe from a power cut."""

    def disks(self) -> Iterator[str]:
        """The names of all."""

    def check_way(self, connector: Connector) -> None:
        """``BadRequest`` when that host cannot reach what is exported here; the text
        says what to set."""

    def export(self, asked: ExportAsked) -> ConnectionInfo:
        """Open a way to a volume.  Asked again for the same host and access it is
        the same way, also after a restart of host or machine; for another host or
        access the former way is closed.  ``NoSuchDisk``."""

    def withdraw(self, volume_id: str, attachment_id: str) -> None:
        """Close the way; fine when there is none."""

    def exported(self) -> Iterator[tuple[str, str]]:
        """(volume id, attachment id) of every way that is there."""


def header_bytes(driver: VolumeDriver, disk: str) -> int:
    """What an encrypted disk has before its bytes; 0 of others.  Volumes are whole GiB,
    and headers a few MiB."""
    return driver.size(disk) % GIB


def pieces_of(
    driver: VolumeDriver, disk: str, size_bytes: int, piece_bytes: int
) -> Iterator[bytes]:
    """The disk from its beginning, in pieces of that size, the last one shorter."""
    for offset in range(0, size_bytes, piece_bytes):
        yield driver.read(disk, offset, min(piece_bytes, size_bytes - offset))
