"""Disks made from images: overlays upon an image in the cache, or upon an NBD export of
this process that reads the image as the guest asks for it."""

from __future__ import annotations

from compute.agent.disks import files
from compute.agent.disks.cache import ImageCache
from compute.agent.disks.fetch import DIRECT_FORMATS, kept_format
from compute.agent.disks.holds import ImageHolds
from compute.agent.disks.layout import Layout
from compute.agent.disks.overlay import nbd_address
from compute.agent.disks.port import ImageFacts
from compute.agent.disks.ranges import ImageRanges
from compute.agent.guests import NbdSource
from compute.core.disks import qemu_img, qemu_luks
from compute.core.disks.inspection import qcow2
from objectstore.kernel.errors import Rejected

_GIB = 1 << 30
_SECTOR_BYTES = 512


class DisksOfImages:
    """Makes them; each is there when it is whole."""

    def __init__(
        self,
        layout: Layout,
        cache: ImageCache,
        ranges: ImageRanges,
        holds: ImageHolds,
        lazy_from_bytes: int,
    ) -> None:
        self._layout = layout
        self._cache = cache
        self._ranges = ranges
        self._holds = holds
        self._lazy_from_bytes = lazy_from_bytes

    def facts(self, image_id: str) -> ImageFacts:
        """What the image service says of the image."""
        return self._ranges.facts(image_id)

    def overlay(self, path: str, image_id: str, size: int) -> None:
        """Upon the image in the cache; ``size`` 0: as large as the image."""
        with self._cache.hold(image_id) as image, files.new_file(path) as temporary:
            fitting = fitting_size(image.virtual_bytes, size)
            qemu_img.create_overlay(temporary, image.path, image.format, fitting)

    def copy(self, path: str, image_id: str) -> None:
        """The image's own bytes."""
        with self._cache.hold(image_id) as image, files.new_file(path) as temporary:
            files.copy_file(image.path, temporary)

    def can_be_lazy(self, facts: ImageFacts) -> bool:
        """An image that is here already is faster, a small one is so in a moment, and
        one that must be converted has to be read whole anyway."""
        direct = qemu_img.FORMATS.get(facts.disk_format) in DIRECT_FORMATS
        is_large = facts.size_bytes >= self._lazy_from_bytes
        return direct and is_large and self._cache.find(facts.id) is None

    def lazy_overlay(self, path: str, facts: ImageFacts, size: int) -> None:
        """Upon the image where it is."""
        with self._holds.making(facts.id):
            image_format = kept_format(facts)
            image_bytes = facts.size_bytes
            if image_format == "qcow2":
                length = min(qcow2.HEAD_BYTES, facts.size_bytes)
                image_bytes = qcow2.check(self._ranges.read(facts.id, 0, length))
            source = NbdSource(self._layout.lazy_socket, facts.id, image_format)
            fitting = fitting_size(image_bytes, size)
            with files.new_file(path) as temporary:
                address = nbd_address(source)
                qemu_img.create_overlay(temporary, address, image_format, fitting)

    def write_over(self, image_id: str, target: NbdSource) -> None:
        """The image into a volume."""
        with self._cache.hold(image_id) as image:
            if target.luks is None:
                address = nbd_address(target)
                qemu_img.write_over(image.path, image.format, address)
                return
            options = qemu_luks.nbd_options(target.socket_path, target.export)
            passphrase = target.luks.passphrase
            qemu_luks.write_over(image.path, image.format, options, passphrase)

    def fetch_ahead(self, image_id: str) -> None:
        """The image into the cache."""
        with self._cache.hold(image_id):
            pass


def fitting_size(image_bytes: int, wanted_bytes: int) -> int:
    """The size in bytes of a disk made of such an image; ``Rejected`` when the disk
    that is wanted could not hold it."""
    if wanted_bytes and image_bytes > wanted_bytes:
        need = -(-image_bytes // _GIB)
        raise Rejected(
            400, f"The flavor's disk is too small: the image needs {need} GB"
        )
    # Whole sectors, as disks have.
    sectors = -(-image_bytes // _SECTOR_BYTES)
    return max(wanted_bytes, sectors * _SECTOR_BYTES)


def virtual_bytes(path: str) -> int:
    """How large the disk in a qcow2 file is."""
    head = files.read_piece(path, 0, qcow2.HEADER_BYTES)
    return qcow2.read_header(head).virtual_bytes
