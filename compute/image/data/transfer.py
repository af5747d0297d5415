"""Bytes into an image and out of it: upload, staging, download.

An upload is two transactions with a stream between them.  The first makes the data's
row and moves the image, so that the second of two uploads finds a state that refuses
it; the last makes the bytes visible.  Whatever happens between them, the row stays
until the bytes are removed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from compute.core.context import RequestContext
from compute.core.sql.database import Connection
from compute.image import data_store, rules, store
from compute.image.data.intake import Intake
from compute.image.data.leases import ImageGone
from compute.image.model import (
    ACTIVE,
    LIVE,
    SAVING,
    STAGED,
    UPLOADING,
    WRITING,
    Data,
    Digests,
    Image,
)
from compute.image.parts import Parts
from objectstore.kernel.errors import Unavailable


@dataclass(frozen=True, slots=True)
class _Begun:
    """An upload whose row is written."""

    image: Image
    data: Data
    bytes_max: int


class TransferService:
    """See the module's docstring."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def upload(
        self,
        context: RequestContext,
        image_id: str,
        pieces: Iterable[bytes],
        *,
        bytes_announced: int | None = None,
        store_id: str = "",
    ) -> None:
        """Give a queued image its bytes; it is active when this returns."""
        begun = self._begin(context, image_id, store_id, bytes_announced, SAVING)
        self._stream(begun, pieces, bytes_announced, ACTIVE, LIVE)

    def stage(
        self,
        context: RequestContext,
        image_id: str,
        pieces: Iterable[bytes],
        *,
        bytes_announced: int | None = None,
    ) -> None:
        """Keep bytes for an import.  They go to the default store at once: an import
        into it then moves nothing."""
        begun = self._begin(context, image_id, "", bytes_announced, UPLOADING)
        self._stream(begun, pieces, bytes_announced, UPLOADING, STAGED)

    def readable(self, context: RequestContext, image_id: str) -> Image:
        """The image, if the caller may read its bytes."""
        parts = self._parts
        image = parts.read(lambda connection: parts.seen(connection, context, image_id))
        rules.check_may(parts.policy, context, "download_image", image)
        rules.check_readable(image, context.has_role("admin"))
        return image

    def read(self, image: Image, offset: int, length: int) -> Iterator[bytes]:
        """Some of the bytes, from the first store that has them."""
        problem: Unavailable | None = None
        for data in image.in_state(LIVE):
            found = self._parts.stores.get(data.store)
            if found is None:
                continue
            pieces = found.read(data.key, offset, length)
            try:
                first = next(pieces, b"")
            except Unavailable as error:
                problem = error
                continue
            return _chained(first, pieces)
        raise problem or Unavailable(f"no store of image {image.id} is configured")

    # ---- inside ----------------------------------------------------------------

    def _begin(
        self,
        context: RequestContext,
        image_id: str,
        store_id: str,
        bytes_announced: int | None,
        status: str,
    ) -> _Begun:
        parts = self._parts

        def begin(connection: Connection) -> _Begun:
            image = parts.seen(connection, context, image_id)
            rules.check_may(parts.policy, context, "upload_image", image)
            rules.check_formats(image)
            now = parts.now()
            moved = rules.moved(image, status, now)
            target = parts.writable_store(store_id)
            bytes_max = parts.bytes_left(connection, image.owner)
            if (bytes_announced or 0) > bytes_max:
                raise rules.TooMuch(
                    f"The image exceeds what may be stored here: {bytes_max} bytes"
                )
            data_id = parts.identifiers.uuid()
            data = Data(
                data_id,
                image.id,
                target.id,
                target.new_key(image.id, data_id),
                WRITING,
                parts.leases.until(),
                now,
            )
            data_store.add_data(connection, data)
            return _Begun(store.save(connection, image, moved), data, bytes_max)

        return parts.change(begin)

    def _stream(
        self,
        begun: _Begun,
        pieces: Iterable[bytes],
        bytes_announced: int | None,
        status: str,
        data_state: str,
    ) -> None:
        parts, data = self._parts, begun.data
        assert begun.image.disk_format is not None
        try:
            with parts.leases.hold(data.id) as lease:
                intake = Intake(
                    pieces,
                    begun.image.disk_format,
                    bytes_max=begun.bytes_max,
                    check=lease.check,
                    bytes_announced=bytes_announced,
                )
                parts.stores[data.store].write(data.key, intake)
                digests = intake.digests()
                self._finish(data, digests, status, data_state)
        except BaseException:
            self._give_up(data)
            raise

    def _finish(
        self, data: Data, digests: Digests, status: str, data_state: str
    ) -> None:
        parts = self._parts

        def finish(connection: Connection) -> None:
            image = store.get(connection, data.image_id)
            if image is None or not data_store.move_data(
                connection, data.id, WRITING, data_state
            ):
                raise ImageGone("The image was deleted while its data were uploaded")
            parts.check_room(connection, image.owner, digests.size_bytes)
            now = parts.now()
            after = image if image.status == status else rules.moved(image, status, now)
            store.save(connection, image, with_digests(after, digests, now))

        parts.change(finish)

    def _give_up(self, data: Data) -> None:
        """The image waits for another upload; what came is removed."""
        parts = self._parts

        def release(connection: Connection) -> None:
            data_store.release_data(connection, data.id)
            image = store.get(connection, data.image_id)
            if image is not None and is_left_alone(image, data):
                after = rules.fallen_back(image, parts.now())
                store.save(connection, image, after)

        parts.change(release)
        parts.wake_sweeper()


def with_digests(image: Image, digests: Digests, now: float) -> Image:
    """The image with what is known of its bytes."""
    return replace(
        image,
        size=digests.size_bytes,
        virtual_size=digests.virtual_bytes,
        checksum=digests.checksum,
        os_hash_value=digests.hash_hex,
        updated_at=now,
    )


def is_left_alone(image: Image, data: Data) -> bool:
    """Whether the image waits for these bytes, which will not come."""
    if image.status not in (SAVING, UPLOADING):
        return False
    others = (*image.in_state(LIVE), *image.in_state(STAGED), *image.in_state(WRITING))
    return all(other.id == data.id for other in others)


def _chained(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest
