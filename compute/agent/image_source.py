"""The image service as a host's disks need it (``disks.port.ImageReader``)."""

from __future__ import annotations

import logging
from collections.abc import Collection

from compute.agent.disks.port import ImageFacts
from compute.core.errors import Conflict
from compute.image.client import ImageClient

_log = logging.getLogger("compute.agent")


class ImageSource:
    """Reads images with the house's own token: the servers that ask for them were
    allowed to when they were made.  A host holds what its disks read
    (``disks.holds``), so deleted images are read as well."""

    def __init__(self, images: ImageClient, host: str) -> None:
        self._images = images
        self._host = host

    def facts(self, image_id: str) -> ImageFacts:
        """See ``ImageReader.facts``; 409 for an image without bytes yet."""
        record = self._images.kept(image_id)
        if record.size_bytes is None:
            raise Conflict(f"Image {image_id} has no data")
        return ImageFacts(
            record.id,
            record.disk_format,
            record.size_bytes,
            record.hash_algorithm,
            record.hash_hex,
        )

    def read_range(self, image_id: str, offset: int, length: int) -> bytes:
        """See ``ImageReader.read_range``."""
        return self._images.read_kept(image_id, offset, length)

    def hold(self, image_id: str) -> None:
        """See ``HoldKeeper.hold``."""
        self._images.hold(self._host, image_id)

    def hold_only(self, image_ids: Collection[str]) -> None:
        """See ``HoldKeeper.hold_only``."""
        kept = self._images.hold_only(self._host, image_ids)
        for image_id in frozenset(image_ids) - kept:
            _log.error("image %s is gone, though disks still read it", image_id)
