"""The disks of this host's guests: qcow2 overlays in files.

A local root disk is an overlay upon an image in the cache; a lazy one is an overlay
upon an NBD export of this process.  Which of the two it is now is read from its own
header, so there is no record to disagree with it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress

from compute.agent.disks import files
from compute.agent.disks.cache import RESERVED_BYTES, ImageCache
from compute.agent.disks.extra import make_ephemeral, make_swap
from compute.agent.disks.fetch import DIRECT_FORMATS, kept_format
from compute.agent.disks.holds import ImageHolds
from compute.agent.disks.iso import make_iso
from compute.agent.disks.layout import (
    CDROM_FILE,
    RESCUE_FILE,
    ROOT_FILE,
    SOCKETS,
    SWAP_FILE,
    Layout,
    ephemeral_number,
    is_uuid,
)
from compute.agent.disks.names import ROOT_NAME, SWAP_NAME, ephemeral_name
from compute.agent.disks.overlay import nbd_address, read_backing
from compute.agent.disks.packing import Packing
from compute.agent.disks.port import (
    BootFiles,
    Captured,
    GuestPaths,
    GuestShape,
    ImageFacts,
    PackedFile,
    ShapedDisk,
)
from compute.agent.disks.ranges import ImageRanges
from compute.agent.guests import DiskBus, DiskDevice, DiskSpec, FileSource, NbdSource
from compute.core import qemu_img
from compute.core.disk_inspection import qcow2
from objectstore.kernel.errors import (
    Corrupt,
    InsufficientStorage,
    Rejected,
    Unavailable,
)

_GIB = 1 << 30
_MIB = 1 << 20
# Not the first of its bus: a root disk may be on that bus too.
CDROM_NAME = "hdc"
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
        self._lazy_from_bytes = lazy_from_bytes
        self._layout = layout
        self._cache = cache
        self._ranges = ranges
        self._holds = holds
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
            facts = self._ranges.facts(image_id)
            size = size_gib * _GIB
            if facts.disk_format == "iso":
                self._make_cdrom(uuid, image_id)
                _make(path, lambda new: qemu_img.create(new, size or _GIB))
            elif lazy and self._can_be_lazy(facts):
                with self._holds.making(image_id):
                    self._make_lazy(path, facts, size)
            else:
                self._make_local(path, image_id, size)
        return self.root(uuid)

    def fetch_ahead(self, image_id: str) -> None:
        """An image into the cache."""
        with self._cache.hold(image_id):
            pass

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
        return _raw_disk(ephemeral_name(number), path)

    def prepare_swap(self, uuid: str, size_mib: int) -> DiskSpec:
        """A swap disk, formatted."""
        path = self._layout.file(uuid, SWAP_FILE)
        if not files.is_file(path):
            self._make_directory(uuid)
            _make(path, lambda new: make_swap(new, size_mib * _MIB))
        return _raw_disk(SWAP_NAME, path)

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
        if size > _virtual_bytes(path):
            qemu_img.resize(path, size)
        return disk

    def prepare_rescue(self, uuid: str, image_id: str) -> DiskSpec:
        """An overlay to boot the rescue system from, as large as its image."""
        path = self._layout.file(uuid, RESCUE_FILE)
        if not files.is_file(path):
            self._make_directory(uuid)
            self._make_local(path, image_id, 0)
        return _overlay_disk(ROOT_NAME, path)

    def drop_rescue(self, uuid: str) -> None:
        """Remove the rescue disk."""
        files.remove_file(self._layout.file(uuid, RESCUE_FILE))

    # ---- looking -------------------------------------------------------------

    def root(self, uuid: str) -> DiskSpec:
        """The root disk as its file says."""
        path = self._layout.file(uuid, ROOT_FILE)
        if not files.is_file(path):
            raise Rejected(404, f"Guest {uuid} has no root disk")
        return _overlay_disk(ROOT_NAME, path)

    def disks(self, uuid: str) -> tuple[DiskSpec, ...]:
        """All disks that are there."""
        found: list[DiskSpec] = []
        names = files.names_in(self._layout.directory(uuid))
        if ROOT_FILE in names:
            found.append(self.root(uuid))
        if CDROM_FILE in names:
            found.append(_cdrom(self._layout.file(uuid, CDROM_FILE)))
        for name in names:
            number = ephemeral_number(name)
            if number is not None:
                path = self._layout.file(uuid, name)
                found.append(_raw_disk(ephemeral_name(number), path))
        if SWAP_FILE in names:
            found.append(_raw_disk(SWAP_NAME, self._layout.file(uuid, SWAP_FILE)))
        return tuple(found)

    def write_image(self, image_id: str, target: NbdSource) -> None:
        """An image into a volume."""
        with self._cache.hold(image_id) as image:
            qemu_img.write_over(image.path, image.format, nbd_address(target))

    # ---- copies --------------------------------------------------------------

    def capture_path(self, uuid: str, label: str) -> str:
        """Where a copy shall be."""
        self._make_directory(uuid)
        path = self._layout.capture(uuid, label)
        if not files.is_file(path):
            self._check_room_for_copy(uuid)
        return path

    def capture_idle(self, uuid: str, label: str) -> Captured:
        """Copy the root disk of a guest that is not active."""
        self.root(uuid)
        source = self._layout.file(uuid, ROOT_FILE)
        target = self.capture_path(uuid, label)
        if not files.is_file(target):
            _make(target, lambda new: qemu_img.convert(source, "qcow2", new))
        return self.captured(uuid, label)

    def captured(self, uuid: str, label: str) -> Captured:
        """The facts of a copy."""
        path = self._layout.capture(uuid, label)
        if not files.is_file(path):
            raise Rejected(404, f"There is no copy {label} of guest {uuid}")
        return Captured(path, "qcow2", files.size_of(path), _virtual_bytes(path))

    def read_captured(self, captured: Captured, offset: int, length: int) -> bytes:
        """A piece of the copy."""
        return files.on_thread(files.read_piece, captured.path, offset, length)

    def drop_capture(self, uuid: str, label: str) -> None:
        """Remove the copy."""
        files.remove_file(self._layout.capture(uuid, label))

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

    def _check_room_for_copy(self, uuid: str) -> None:
        """A copy that fills the disk would stop every guest of the host."""
        root = self._layout.file(uuid, ROOT_FILE)
        below = [path for path in _backing_of(root) if files.is_file(path)]
        size = files.allocated_bytes(self._layout.directory(uuid))
        size += sum(files.size_of(path) for path in below)
        if size + RESERVED_BYTES > files.free_bytes(self._layout.guests):
            raise InsufficientStorage("This host has no room for a copy of the disk")

    def _make_directory(self, uuid: str) -> None:
        files.make_directory(self._layout.directory(uuid))

    def _make_local(self, path: str, image_id: str, size: int) -> None:
        with self._cache.hold(image_id) as image:
            size = _fitting_size(image.virtual_bytes, size)
            _make(
                path,
                lambda new: qemu_img.create_overlay(
                    new, image.path, image.format, size
                ),
            )

    def _can_be_lazy(self, facts: ImageFacts) -> bool:
        """An image that is here already is faster, a small one is so in a moment, and
        one that must be converted has to be read whole anyway."""
        direct = qemu_img.FORMATS.get(facts.disk_format) in DIRECT_FORMATS
        is_large = facts.size_bytes >= self._lazy_from_bytes
        return direct and is_large and self._cache.find(facts.id) is None

    def _make_lazy(self, path: str, facts: ImageFacts, size: int) -> None:
        virtual_bytes, image_format = facts.size_bytes, kept_format(facts)
        if image_format == "qcow2":
            length = min(qcow2.HEAD_BYTES, facts.size_bytes)
            head = self._ranges.read(facts.id, 0, length)
            virtual_bytes = qcow2.check(head)
        size = _fitting_size(virtual_bytes, size)
        source = NbdSource(self._layout.lazy_socket, facts.id, image_format)
        _make(
            path,
            lambda new: qemu_img.create_overlay(
                new, nbd_address(source), image_format, size
            ),
        )

    def _make_cdrom(self, uuid: str, image_id: str) -> None:
        path = self._layout.file(uuid, CDROM_FILE)
        if not files.is_file(path):
            self._make_local(path, image_id, 0)

    def _copy_whole(self, uuid: str, image_id: str, name: str) -> str:
        if not image_id:
            return ""
        path = self._layout.file(uuid, name)
        if not files.is_file(path):
            with self._cache.hold(image_id) as image:
                _make(path, lambda new: files.copy_file(image.path, new))
        return path


def _make(path: str, make: Callable[[str], None]) -> None:
    """Make a file under a temporary name; ``path`` is there when it is whole."""
    with files.new_file(path) as temporary:
        make(temporary)


def _fitting_size(image_bytes: int, wanted_bytes: int) -> int:
    if wanted_bytes and image_bytes > wanted_bytes:
        need = -(-image_bytes // _GIB)
        raise Rejected(
            400, f"The flavor's disk is too small: the image needs {need} GB"
        )
    # Whole sectors, as disks have.
    return max(wanted_bytes, -(-image_bytes // 512) * 512)


def _virtual_bytes(path: str) -> int:
    head = files.read_piece(path, 0, qcow2.HEADER_BYTES)
    return qcow2.read_header(head).virtual_bytes


def _overlay_disk(name: str, path: str) -> DiskSpec:
    backing = read_backing(lambda offset, size: files.read_piece(path, offset, size))
    lazy = None if backing is None else backing.as_nbd()
    return DiskSpec(name, FileSource(path, "qcow2", lazy), boot_order=1)


def _cdrom(path: str) -> DiskSpec:
    return DiskSpec(
        CDROM_NAME,
        FileSource(path, "qcow2"),
        bus=DiskBus.IDE,
        device=DiskDevice.CDROM,
        boot_order=2,  # an empty root disk does not boot: then this
        read_only=True,
    )


def _raw_disk(name: str, path: str) -> DiskSpec:
    return DiskSpec(name, FileSource(path, "raw"))


def remove_guest(layout: Layout, uuid: str) -> None:
    """Remove a guest's directory and its sockets."""
    for name in SOCKETS:
        files.remove_file(layout.socket(uuid, name))
    files.remove_tree(layout.directory(uuid))


def backing_paths(layout: Layout) -> frozenset[str]:
    """The files that guests' overlays stand on: what the cache must keep."""
    used: set[str] = set()
    for uuid in filter(is_uuid, files.names_in(layout.guests)):
        for name in (ROOT_FILE, CDROM_FILE, RESCUE_FILE):
            path = layout.file(uuid, name)
            if files.is_file(path):
                used |= _backing_of(path)
    return frozenset(used)


def _backing_of(path: str) -> set[str]:
    try:
        backing = read_backing(lambda start, size: files.read_piece(path, start, size))
    except Corrupt:
        return set()  # no guest can run from it
    return set() if backing is None else {os.path.abspath(backing.name)}
