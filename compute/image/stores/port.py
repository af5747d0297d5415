"""What the image service asks of a place for bytes; ``test`` runs one suite on all.

A *key* says where an image's bytes are, in the store's own terms.  It is made, and
written down by the caller, before the first byte: so whatever a killed writer left can
be found by it, and removed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from compute.core.errors import Conflict


class ReadOnlyStore(Conflict):
    """Bytes can be read from there but not brought there."""

    kind_default = "ReadOnlyStore"


class ImageStore(Protocol):
    """One store.  Calls are green.  ``Unavailable`` when it is away or full."""

    @property
    def id(self) -> str:
        """Its name in the API."""

    @property
    def kind(self) -> str:
        """What it is: ring, file, http, s3."""

    @property
    def description(self) -> str:
        """For people."""

    @property
    def is_read_only(self) -> bool:
        """Whether nothing can be written there."""

    def new_key(self, image_id: str, data_id: str) -> str:
        """Where these bytes are going to be; touches nothing.  ``data_id`` was never
        used before."""

    def write(self, key: str, pieces: Iterable[bytes]) -> None:
        """Store the pieces, one after the other; safe on disk when it returns.

        When ``pieces`` raises, so does this; what is written by then stays until
        ``delete``.  Memory is bounded whatever comes.
        """

    def read(self, key: str, offset: int, length: int) -> Iterator[bytes]:
        """Exactly these bytes, which must be there (``Corrupt`` when they are not)."""

    def delete(self, key: str) -> None:
        """Remove what was written under the key, whole or in part; fine when there
        is nothing."""
