"""What jobs ask of the disks of one host, and what the disks ask of the image store.

``GuestDisks`` has two versions: ``local.LocalDisks`` (files, qemu-img) and
``sim.SimDisks`` (names only, for simulated hosts).  All methods are idempotent and
green; what a killed call leaves behind is removed by its repetition or by
``remove``.  Errors: ``Rejected`` (the image does not fit, or must not be used),
``Unavailable`` (the image store or the disk is away or full).

A *root disk* is *local* (an overlay upon an image in the cache, or a whole copy) or
*lazy* (an overlay whose backing is read from the image store as the guest asks for it,
until ``Hypervisor.pull_backing`` has brought the rest).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from compute.agent.guests import DiskSpec, NbdSource
from objectstore.kernel.errors import Unavailable


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What the image service says of an image."""

    id: str
    disk_format: str  # raw, qcow2, vmdk ..., aki, ari, ami, iso
    size_bytes: int
    hash_algorithm: str = ""  # sha512, or md5 for older images; "": unknown
    hash_hex: str = ""


@dataclass(frozen=True, slots=True)
class GuestPaths:
    """Where a guest's files are on this host (the empty string: not offered)."""

    directory: str
    console_log: str
    serial_socket: str
    vnc_socket: str
    agent_socket: str
    config_drive: str


@dataclass(frozen=True, slots=True)
class BootFiles:
    """Kernel and ramdisk of an image that brings its own (aki, ari), as paths."""

    kernel: str
    ramdisk: str


@dataclass(frozen=True, slots=True)
class Captured:
    """A disk's content in a stand-alone file, to be uploaded and then dropped."""

    path: str
    disk_format: str  # qcow2
    size_bytes: int
    virtual_bytes: int


@dataclass(frozen=True, slots=True)
class PackedFile:
    """A file of a guest that travels to another host whole."""

    name: str
    size_bytes: int
    sha256: str

    def to_json(self) -> list[Any]:
        """For a job's progress."""
        return [self.name, self.size_bytes, self.sha256]

    @classmethod
    def from_json(cls, value: Sequence[Any]) -> PackedFile:
        """What ``to_json`` gave; ``Unavailable`` for anything else."""
        try:
            name, size_bytes, sha256 = value
            return cls(str(name), int(size_bytes), str(sha256))
        except (TypeError, ValueError):
            raise Unavailable("that is no description of a file") from None


@dataclass(frozen=True, slots=True)
class ShapedDisk:
    """A disk that is copied while its guest runs: what must be there to copy to."""

    name: str
    format: str  # raw or qcow2
    size_bytes: int  # as the guest sees it


@dataclass(frozen=True, slots=True)
class GuestShape:
    """What a guest that runs has on its host."""

    disks: tuple[ShapedDisk, ...] = ()
    files: tuple[PackedFile, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """For the other host."""
        return {
            "disks": [[each.name, each.format, each.size_bytes] for each in self.disks],
            "files": [each.to_json() for each in self.files],
        }

    @classmethod
    def from_json(cls, value: Any) -> GuestShape:
        """What ``to_json`` gave; ``Unavailable`` for anything else."""
        try:
            disks = tuple(
                ShapedDisk(str(name), str(kind), int(size))
                for name, kind, size in value["disks"]
            )
            files = tuple(PackedFile.from_json(each) for each in value["files"])
        except (TypeError, ValueError, KeyError):
            raise Unavailable("the other host speaks of no guest") from None
        return cls(disks, files)


class ImageReader(Protocol):
    """The image store, as the disks need it.  Calls are green."""

    def facts(self, image_id: str) -> ImageFacts:
        """What the image is; ``Rejected`` 404 when there is none."""

    def read_range(self, image_id: str, offset: int, length: int) -> bytes:
        """Exactly these bytes of the image (fewer only at its end)."""


class HoldKeeper(Protocol):
    """The image store's memory of what this host reads: what is held keeps its bytes
    when it is deleted.  Calls are green."""

    def hold(self, image_id: str) -> None:
        """Hold this image too; ``Rejected`` 404 when it is gone."""

    def hold_only(self, image_ids: Collection[str]) -> None:
        """Renew the holds of these and release all others."""


class GuestDisks(Protocol):
    """The disks of this host's guests, by server uuid."""

    def paths(self, uuid: str) -> GuestPaths:
        """Where the guest's files are, or will be.  Makes nothing."""

    def prepare_root(
        self, uuid: str, image_id: str, size_gib: int, *, lazy: bool = False
    ) -> DiskSpec:
        """The root disk (vda), made from the image if it is not there, ``size_gib``
        large (0: the image's own size).  ``Rejected`` 400 when the image is larger
        than that, or refused.  An ISO image becomes a CD-ROM beside an empty root
        disk (``disks`` has both), and is booted from while the disk is empty."""

    def fetch_ahead(self, image_id: str) -> None:
        """Bring the image into the host's cache, if it is not there: disks that are
        made of it later need not fetch it.  The cache forgets it like any other."""

    def prepare_boot_files(
        self, uuid: str, kernel_id: str, ramdisk_id: str
    ) -> BootFiles:
        """Kernel and ramdisk from the image store; "" in, "" out."""

    def prepare_ephemeral(self, uuid: str, number: int, size_gib: int) -> DiskSpec:
        """Extra disk ``number`` (from 0), formatted ext4, labelled ephemeral<n>."""

    def prepare_swap(self, uuid: str, size_mib: int) -> DiskSpec:
        """A disk formatted as swap."""

    def prepare_config_drive(self, uuid: str, files: Mapping[str, bytes]) -> str:
        """Write the config drive; its path (``config_drive.content`` makes the
        files)."""

    def root(self, uuid: str) -> DiskSpec:
        """The root disk as it is on disk now (its backing may have been pulled in
        since).  ``Rejected`` 404 when there is none."""

    def disks(self, uuid: str) -> tuple[DiskSpec, ...]:
        """All disks of the guest that are there: root, CD-ROM, ephemeral, swap; in
        the order in which a guest shall see them.  The rescue disk is not one."""

    def rebuild_root(
        self, uuid: str, image_id: str, size_gib: int, *, lazy: bool = False
    ) -> DiskSpec:
        """A fresh root disk; the old one is gone.  Not while the guest is active.
        Repeated after a kill, it is made afresh again."""

    def grow_root(self, uuid: str, size_gib: int) -> DiskSpec:
        """The root disk at least that large.  Not while the guest is active."""

    def prepare_rescue(self, uuid: str, image_id: str) -> DiskSpec:
        """A root disk to boot the rescue system from (vda; the guest's own disk is
        then attached as vdb by its spec)."""

    def drop_rescue(self, uuid: str) -> None:
        """Remove the rescue disk."""

    def write_image(self, image_id: str, target: NbdSource) -> None:
        """Write the image's content to the beginning of an export that is large
        enough.  ``Rejected`` when the image is refused.  Repeated after a kill, it is
        written again."""

    def capture_path(self, uuid: str, label: str) -> str:
        """Where ``Hypervisor.copy_disk`` shall put a copy; ``label`` names the
        snapshot (its image id), so that a repeated job finds it again."""

    def capture_idle(self, uuid: str, label: str) -> Captured:
        """Copy the root disk of a guest that is not active to ``capture_path``."""

    def captured(self, uuid: str, label: str) -> Captured:
        """The facts of a copy that is there; ``Rejected`` 404 otherwise."""

    def read_captured(self, captured: Captured, offset: int, length: int) -> bytes:
        """A piece of the copy, to be sent on."""

    def drop_capture(self, uuid: str, label: str) -> None:
        """Remove the copy.  Fine when not there."""

    def pack(self, uuid: str, label: str) -> list[PackedFile]:
        """Make the guest's files ready to travel; those that travel.  Not while the
        guest is active.  ``label`` names the journey (the migration's id)."""

    def shape(self, uuid: str, label: str) -> GuestShape:
        """The same for a guest that travels while it runs."""

    def packed_bytes(self, uuid: str, label: str, name: str) -> int:
        """How long a packed file is; ``Rejected`` 404 when there is none."""

    def read_packed(
        self, uuid: str, label: str, name: str, offset: int, length: int
    ) -> bytes:
        """A piece of it."""

    def drop_packed(self, uuid: str, label: str) -> None:
        """Remove what ``pack`` made.  Fine when not there."""

    def receive(self, uuid: str, packed: PackedFile, content: Iterable[bytes]) -> None:
        """After it, the file is here, its checksum compared.  ``Unavailable`` when
        something else came."""

    def make_room(self, uuid: str, disks: Sequence[ShapedDisk]) -> None:
        """Empty disks of that shape, for a guest that arrives running."""

    def remove(self, uuid: str) -> None:
        """Remove all the guest's files.  Fine when there are none."""
