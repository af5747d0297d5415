"""The disks of this host's guests: qcow2 overlays in files.

A local root disk is an overlay upon an image in the cache; a lazy one is an overlay
upon an NBD export of this process (``images.py``).  Which of the two it is now is read
from its own header (``specs.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress

from compute.agent.disks import files
from compute.agent.disks.cache import ImageCache
from compute.agent.disks.captures import Captures
from compute.agent.disks.extra import make_ephemeral, make_swap
from compute.agent.disks.holds import ImageHolds
from compute.agent.disks.images import DisksOfImages, virtual_bytes
from compute.agent.disks.iso import make_iso
from compute.agent.disks.layout import (
    CDROM_FILE,
    RESCUE_FILE,
    ROOT_FILE,
    SOCKETS,
    SWAP_FILE,
    Layout,
)
from compute.agent.disks.names import ROOT_NAME, SWAP_NAME, ephemeral_name
from compute.agent.disks.packing import Packing
from compute.agent.disks.port import (
    BootFiles,
    Captured,
    GuestPaths,
    GuestShape,
    PackedFile,
    ShapedDisk,
)
from compute.agent.disks.ranges import ImageRanges
from compute.agent.disks.specs import all_disks, overlay_disk, raw_disk
from compute.agent.guests import DiskSpec, NbdSource
from compute.core.disks import qemu_img
from objectstore.kernel.errors import (
    Rejected,
    Unavailable,
)

_GIB = 1 << 30
_MIB = 1 << 20
CONFIG_LABEL = "config-2"


class LocalDisks:
    """See ``port.GuestDisks`` for what each method promises."""

    def __init__(
        self,
        layout: Layout,
        cache: ImageCache,
        ranges: ImageRanges,
        holds: ImageHolds,
        *,
        lazy_from_bytes: int = 0,
    ) -> None:
        """``lazy_from_bytes``: smaller images are copied, and so here for the next
        guest; it takes a moment."""
        self._layout = layout
        self._holds = holds
        self._images = DisksOfImages(layout, cache, ranges, holds, lazy_from_bytes)
        self._captures = Captures(layout)
        self._packing = Packing(layout)
        files.make_directory(layout.guests)
        files.make_directory(layout.sockets)

    def paths(self, uuid: str) -> GuestPaths:
        """Where the guest's files are."""
        return self._layout.paths(uuid)

    # ---- making --------------------------------------------------------------

    def prepare_root(
        self, uuid: str, image_id: str, size_gib: int, *, lazy: bool = False
    ) -> DiskSpec:
        """The root disk, made if it is not there."""
        path = self._layout.file(uuid, ROOT_FILE)
        if not files.is_file(path):
            self._make_directory(uuid)
            facts = self._images.facts(image_id)
            size = size_gib * _GIB
            if facts.disk_format == "iso":
                self._make_cdrom(uuid, image_id)
                _make(path, lambda new: qemu_img.create(new, size or _GIB))
            elif lazy and self._images.can_be_lazy(facts):
                self._images.lazy_overlay(path, facts, size)
            else:
                self._images.overlay(path, image_id, size)
        return self.root(uuid)

    def fetch_ahead(self, image_id: str) -> None:
        """An image into the cache."""
        self._images.fetch_ahead(image_id)

    def prepare_boot_files(
        self, uuid: str, kernel_id: str, ramdisk_id: str
    ) -> BootFiles:
        """Copies of kernel and ramdisk: the cache may forget its own."""
        self._make_directory(uuid)
        return BootFiles(
            self._copy_whole(uuid, kernel_id, "kernel"),
            self._copy_whole(uuid, ramdisk_id, "ramdisk"),
        )

    def prepare_ephemeral(self, uuid: str, number: int, size_gib: int) -> DiskSpec:
        """An extra disk, formatted."""
        ephemeral_name(number)
        path = self._layout.ephemeral(uuid, number)
        if not files.is_file(path):
            self._make_directory(uuid)
            _make(path, lambda new: make_ephemeral(new, number, size_gib * _GIB))
        return raw_disk(ephemeral_name(number), path)

    def prepare_swap(self, uuid: str, size_mib: int) -> DiskSpec:
        """A swap disk, formatted."""
        path = self._layout.file(uuid, SWAP_FILE)
        if not files.is_file(path):
            self._make_directory(uuid)
            _make(path, lambda new: make_swap(new, size_mib * _MIB))
        return raw_disk(SWAP_NAME, path)

    def prepare_config_drive(self, uuid: str, files_in_it: Mapping[str, bytes]) -> str:
        """The config drive, written anew."""
        self._make_directory(uuid)
        path = self._layout.paths(uuid).config_drive
        content = files.on_thread(make_iso, CONFIG_LABEL, files_in_it)
        _make(path, lambda new: files.on_thread(files.write_file, new, content))
        return path

    def rebuild_root(
        self, uuid: str, image_id: str, size_gib: int, *, lazy: bool = False
    ) -> DiskSpec:
        """A fresh root disk."""
        for name in (ROOT_FILE, CDROM_FILE, "kernel", "ramdisk"):
            files.remove_file(self._layout.file(uuid, name))
        return self.prepare_root(uuid, image_id, size_gib, lazy=lazy)

    def grow_root(self, uuid: str, size_gib: int) -> DiskSpec:
        """The root disk at least that large."""
        disk = self.root(uuid)
        path = self._layout.file(uuid, ROOT_FILE)
        size = size_gib * _GIB
        if size > virtual_bytes(path):
            qemu_img.resize(path, size)
        return disk

    def prepare_rescue(self, uuid: str, image_id: str) -> DiskSpec:
        """An overlay to boot the rescue system from, as large as its image."""
        path = self._layout.file(uuid, RESCUE_FILE)
        if not files.is_file(path):
            self._make_directory(uuid)
            self._images.overlay(path, image_id, 0)
        return overlay_disk(ROOT_NAME, path)

    def drop_rescue(self, uuid: str) -> None:
        """Remove the rescue disk."""
        files.remove_file(self._layout.file(uuid, RESCUE_FILE))

    # ---- looking -------------------------------------------------------------

    def root(self, uuid: str) -> DiskSpec:
        """The root disk as its file says."""
        path = self._layout.file(uuid, ROOT_FILE)
        if not files.is_file(path):
            raise Rejected(404, f"Guest {uuid} has no root disk")
        return overlay_disk(ROOT_NAME, path)

    def disks(self, uuid: str) -> tuple[DiskSpec, ...]:
        """All disks that are there."""
        return all_disks(self._layout, uuid)

    def write_image(self, image_id: str, target: NbdSource) -> None:
        """An image into a volume."""
        self._images.write_over(image_id, target)

    # ---- copies --------------------------------------------------------------

    def capture_path(self, uuid: str, label: str) -> str:
        """Where a copy shall be."""
        return self._captures.path(uuid, label)

    def capture_idle(self, uuid: str, label: str) -> Captured:
        """Copy the root disk of a guest that is not active."""
        self.root(uuid)
        return self._captures.make(uuid, label)

    def captured(self, uuid: str, label: str) -> Captured:
        """The facts of a copy."""
        return self._captures.facts(uuid, label)

    def read_captured(self, captured: Captured, offset: int, length: int) -> bytes:
        """A piece of the copy."""
        return files.on_thread(files.read_piece, captured.path, offset, length)

    def drop_capture(self, uuid: str, label: str) -> None:
        """Remove the copy."""
        self._captures.drop(uuid, label)

    # ---- moves ---------------------------------------------------------------

    def pack(self, uuid: str, label: str) -> list[PackedFile]:
        """See ``packing``, for this and what follows."""
        return self._packing.pack(uuid, label)

    def shape(self, uuid: str, label: str) -> GuestShape:
        """The disks of a guest that runs."""
        return self._packing.shape(uuid, label)

    def packed_bytes(self, uuid: str, label: str, name: str) -> int:
        """How long a packed file is."""
        return self._packing.packed_bytes(uuid, label, name)

    def read_packed(
        self, uuid: str, label: str, name: str, offset: int, length: int
    ) -> bytes:
        """A piece of a packed file."""
        return self._packing.read_packed(uuid, label, name, offset, length)

    def drop_packed(self, uuid: str, label: str) -> None:
        """Remove what was made for the journey."""
        self._packing.drop_packed(uuid, label)

    def receive(self, uuid: str, packed: PackedFile, content: Iterable[bytes]) -> None:
        """Take a file in."""
        self._packing.receive(uuid, packed, content)

    def make_room(self, uuid: str, disks: Sequence[ShapedDisk]) -> None:
        """Empty disks."""
        self._packing.make_room(uuid, disks)

    def remove(self, uuid: str) -> None:
        """Remove all the guest's files."""
        remove_guest(self._layout, uuid)
        # Upkeep tells it sooner or later; now is better.
        with suppress(Unavailable):
            self._holds.tell()

    # ---- inside --------------------------------------------------------------

    def _make_directory(self, uuid: str) -> None:
        files.make_directory(self._layout.directory(uuid))

    def _make_cdrom(self, uuid: str, image_id: str) -> None:
        path = self._layout.file(uuid, CDROM_FILE)
        if not files.is_file(path):
            self._images.overlay(path, image_id, 0)

    def _copy_whole(self, uuid: str, image_id: str, name: str) -> str:
        if not image_id:
            return ""
        path = self._layout.file(uuid, name)
        if not files.is_file(path):
            self._images.copy(path, image_id)
        return path


def _make(path: str, make: Callable[[str], None]) -> None:
    """Make a file under a temporary name; ``path`` is there when it is whole."""
    with files.new_file(path) as temporary:
        make(temporary)


def remove_guest(layout: Layout, uuid: str) -> None:
    """Remove a guest's directory and its sockets."""
    for name in SOCKETS:
        files.remove_file(layout.socket(uuid, name))
    files.remove_tree(layout.directory(uuid))
