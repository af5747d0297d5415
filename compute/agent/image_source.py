"""The image service as a host's disks need it (``disks.port.ImageReader``)."""

from __future__ import annotations

from compute.agent.disks.port import ImageFacts
from compute.core.errors import Conflict
from compute.image.client import ImageClient


class ImageSource:
    """Reads images with the house's own token: the servers that ask for them were
    allowed to when they were made."""

    def __init__(self, images: ImageClient) -> None:
        self._images = images

    def facts(self, image_id: str) -> ImageFacts:
        """See ``ImageReader.facts``; 409 for an image without bytes yet."""
        record = self._images.get(image_id)
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
        return self._images.read_range(image_id, offset, length)
