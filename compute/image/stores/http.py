"""The web as a store: bytes can be read at URLs, by ranges, and never written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from compute.image.imports.web import Web
from compute.image.stores.port import ReadOnlyStore
from objectstore.kernel.errors import Corrupt


class HttpStore:
    """See ``ImageStore``.  A key is a URL, under the same rules as web-download."""

    id = "http"
    kind = "http"
    description = "Images at URLs, read only"
    is_read_only = True

    def __init__(self, web: Web) -> None:
        self._web = web

    def new_key(self, image_id: str, data_id: str) -> str:
        """See ``ImageStore``."""
        raise ReadOnlyStore("Nothing can be written to the web")

    def write(self, key: str, pieces: Iterable[bytes]) -> None:
        """See ``ImageStore``."""
        raise ReadOnlyStore("Nothing can be written to the web")

    def read(self, key: str, offset: int, length: int) -> Iterator[bytes]:
        """See ``ImageStore``."""
        if length <= 0:
            return
        left = length
        for piece in self._web.read(key, offset, offset + length - 1):
            left -= len(piece)
            yield piece
        if left:
            raise Corrupt(f"{key} has not the length that it had")

    def delete(self, key: str) -> None:
        """See ``ImageStore``: what is elsewhere stays there."""
