"""Disks of simulated hosts: the port's answers without a file anywhere.

A root disk is there whenever it is asked for: simulated guests may outlive the agent
(``drivers.sim.state_file``), and nothing is kept of their disks.

A snapshot of a simulated disk is an empty qcow2 image made up on the spot: enough to
be uploaded, inspected and booted again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from compute.agent.disks.names import ROOT_NAME, SWAP_NAME, ephemeral_name
from compute.agent.disks.port import (
    BootFiles,
    Captured,
    GuestPaths,
    GuestShape,
    ImageReader,
    PackedFile,
    ShapedDisk,
)
from compute.agent.disks.qcow2 import empty_image
from compute.agent.guests import DiskSpec, FileSource, NbdSource
from compute.core.disks.inspection.qcow2 import HEADER_BYTES, read_header
from objectstore.kernel.errors import Rejected, Unavailable

CACHED_MAX = 1000  # images of one host
_GIB = 1 << 30


class SimDisks:
    """Knows the size of each root disk and which images were here, and no bytes."""

    def __init__(self, images: ImageReader | None = None) -> None:
        self._images = images  # None: any image id will do
        self._cached: dict[str, None] = {}  # images, the oldest first
        self._root_gib: dict[str, int] = {}
        self._extra: dict[str, set[str]] = {}
        self._captures: dict[tuple[str, str], Captured] = {}

    def paths(self, uuid: str) -> GuestPaths:
        """Names without files."""
        where = f"/sim/{uuid}"
        return GuestPaths(where, f"{where}/console.log", "", "", "", "")

    def prepare_root(
        self, uuid: str, image_id: str, size_gib: int, *, lazy: bool = False
    ) -> DiskSpec:
        """Checks that there is such an image."""
        self.fetch_ahead(image_id)
        self._root_gib.setdefault(uuid, size_gib)
        return self.root(uuid)

    def fetch_ahead(self, image_id: str) -> None:
        """Asks what the image is, once: its name is the whole of it here."""
        if image_id in self._cached:
            return
        if self._images is not None:
            self._images.facts(image_id)
        while len(self._cached) >= CACHED_MAX:
            del self._cached[next(iter(self._cached))]
        self._cached[image_id] = None

    @property
    def cached(self) -> frozenset[str]:
        """The images that are here."""
        return frozenset(self._cached)

    def prepare_boot_files(
        self, uuid: str, kernel_id: str, ramdisk_id: str
    ) -> BootFiles:
        """Names for what was asked."""
        return BootFiles(
            f"/sim/{kernel_id}" if kernel_id else "",
            f"/sim/{ramdisk_id}" if ramdisk_id else "",
        )

    def prepare_ephemeral(self, uuid: str, number: int, size_gib: int) -> DiskSpec:
        """A disk more."""
        return self._more(uuid, ephemeral_name(number))

    def prepare_swap(self, uuid: str, size_mib: int) -> DiskSpec:
        """A disk more."""
        return self._more(uuid, SWAP_NAME)

    def prepare_config_drive(self, uuid: str, files: Mapping[str, bytes]) -> str:
        """Nobody reads it."""
        return f"/sim/{uuid}/config.iso"

    def root(self, uuid: str) -> DiskSpec:
        """The root disk."""
        return self._disk(uuid, ROOT_NAME, boot_order=1)

    def disks(self, uuid: str) -> tuple[DiskSpec, ...]:
        """The root disk and what was prepared beside it."""
        if uuid not in self._root_gib:
            return ()
        extra = self._extra.get(uuid, ())
        return self.root(uuid), *(self._disk(uuid, name) for name in sorted(extra))

    def rebuild_root(
        self, uuid: str, image_id: str, size_gib: int, *, lazy: bool = False
    ) -> DiskSpec:
        """Forgets the old size."""
        self._root_gib.pop(uuid, None)
        return self.prepare_root(uuid, image_id, size_gib, lazy=lazy)

    def grow_root(self, uuid: str, size_gib: int) -> DiskSpec:
        """Never smaller."""
        disk = self.root(uuid)
        self._root_gib[uuid] = max(size_gib, self._root_gib.get(uuid, 0))
        return disk

    def prepare_rescue(self, uuid: str, image_id: str) -> DiskSpec:
        """A disk to boot from."""
        self.fetch_ahead(image_id)
        return self._disk(uuid, ROOT_NAME, boot_order=1)

    def drop_rescue(self, uuid: str) -> None:
        """Nothing is there."""

    def write_image(self, image_id: str, target: NbdSource) -> None:
        """Checks that there is such an image."""
        self.fetch_ahead(image_id)

    def capture_path(self, uuid: str, label: str) -> str:
        """A name; the copy's content is known by it."""
        path = f"/sim/{uuid}/{label}.qcow2"
        virtual = max(1, self._root_gib.get(uuid, 1)) * _GIB
        size = len(empty_image(virtual))
        self._captures[uuid, label] = Captured(path, "qcow2", size, virtual)
        return path

    def capture_idle(self, uuid: str, label: str) -> Captured:
        """The copy, at once."""
        self.capture_path(uuid, label)
        return self.captured(uuid, label)

    def captured(self, uuid: str, label: str) -> Captured:
        """The copy that was asked for before."""
        found = self._captures.get((uuid, label))
        if found is None:
            raise Rejected(404, f"There is no copy {label} of guest {uuid}")
        return found

    def read_captured(self, captured: Captured, offset: int, length: int) -> bytes:
        """An empty disk."""
        return empty_image(captured.virtual_bytes)[offset : offset + length]

    def drop_capture(self, uuid: str, label: str) -> None:
        """Forget it."""
        self._captures.pop((uuid, label), None)

    def pack(self, uuid: str, label: str) -> list[PackedFile]:
        """The root disk, empty as every simulated one."""
        content = self._content(uuid)
        digest = hashlib.sha256(content).hexdigest()
        return [PackedFile(ROOT_NAME, len(content), digest)]

    def shape(self, uuid: str, label: str) -> GuestShape:
        """The root disk, if it lies here."""
        if uuid not in self._root_gib:
            return GuestShape(())
        size_bytes = self._root_gib[uuid] * _GIB
        return GuestShape((ShapedDisk(ROOT_NAME, "qcow2", size_bytes),))

    def packed_bytes(self, uuid: str, label: str, name: str) -> int:
        """How long it is."""
        if name != ROOT_NAME:
            raise Rejected(404, f"Guest {uuid} has no file {name} to travel")
        return len(self._content(uuid))

    def read_packed(
        self, uuid: str, label: str, name: str, offset: int, length: int
    ) -> bytes:
        """A piece of it."""
        return self._content(uuid)[offset : offset + length]

    def drop_packed(self, uuid: str, label: str) -> None:
        """Nothing was made."""

    def receive(self, uuid: str, packed: PackedFile, content: Iterable[bytes]) -> None:
        """The guest has its disk here now."""
        whole = b"".join(content)
        if hashlib.sha256(whole).hexdigest() != packed.sha256:
            raise Unavailable(f"{packed.name} was damaged on its way")
        virtual_bytes = read_header(whole[:HEADER_BYTES]).virtual_bytes
        self._root_gib.setdefault(uuid, virtual_bytes // _GIB)

    def make_room(self, uuid: str, disks: Sequence[ShapedDisk]) -> None:
        """The guest has its disk here now."""
        for disk in disks:
            self._root_gib.setdefault(uuid, disk.size_bytes // _GIB)

    def _content(self, uuid: str) -> bytes:
        return empty_image(max(1, self._root_gib.get(uuid, 1)) * _GIB)

    def remove(self, uuid: str) -> None:
        """Forget the guest."""
        self._root_gib.pop(uuid, None)
        self._extra.pop(uuid, None)
        for key in [key for key in self._captures if key[0] == uuid]:
            del self._captures[key]

    def _more(self, uuid: str, name: str) -> DiskSpec:
        self._extra.setdefault(uuid, set()).add(name)
        return self._disk(uuid, name)

    def _disk(self, uuid: str, name: str, boot_order: int | None = None) -> DiskSpec:
        source = FileSource(f"/sim/{uuid}/{name}", "qcow2")
        return DiskSpec(name, source, boot_order=boot_order)
