"""An image store whose images are files; it can be away, and counts its reads."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path

from compute.agent.disks.port import ImageFacts
from objectstore.kernel import concurrency
from objectstore.kernel.errors import Rejected, Unavailable


class ImageFiles:
    """An ``ImageReader`` and ``HoldKeeper``."""

    def __init__(self) -> None:
        self.is_away = False
        self.bytes_read = 0
        self.reads = 0
        self.held: frozenset[str] = frozenset()
        self._files: dict[str, tuple[Path, ImageFacts]] = {}

    def add(self, image_id: str, path: Path, disk_format: str) -> ImageFacts:
        """Make an image of a file."""
        content = path.read_bytes()
        facts = ImageFacts(
            image_id,
            disk_format,
            len(content),
            "sha512",
            hashlib.sha512(content).hexdigest(),
        )
        self._files[image_id] = (path, facts)
        return facts

    def facts(self, image_id: str) -> ImageFacts:
        self._answer()
        return self._find(image_id)[1]

    def read_range(self, image_id: str, offset: int, length: int) -> bytes:
        self._answer()
        with self._find(image_id)[0].open("rb") as file:
            file.seek(offset)
            piece = file.read(length)
        self.reads += 1
        self.bytes_read += len(piece)
        return piece

    def hold(self, image_id: str) -> None:
        self._answer()
        self._find(image_id)
        self.held |= {image_id}

    def hold_only(self, image_ids: Collection[str]) -> None:
        self._answer()
        self.held = frozenset(image_ids)

    def _answer(self) -> None:
        concurrency.sleep(0)
        if self.is_away:
            raise Unavailable("the image store is away")

    def _find(self, image_id: str) -> tuple[Path, ImageFacts]:
        if image_id not in self._files:
            raise Rejected(404, f"No image {image_id}")
        return self._files[image_id]
