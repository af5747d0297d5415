"""Holds: hosts whose guests' disks still read an image keep its bytes from going.

A *hold* is a host's word that it reads an image.  It lasts for ``hold_lease`` after
the host was heard of last.  A held image may be deleted like any other: it is gone for
every user at once, but its bytes stay, readable by the house alone, until the last
hold ends.
"""

from __future__ import annotations

from collections.abc import Collection

from compute.core.context import RequestContext
from compute.core.errors import NotFound
from compute.core.sql.database import Connection
from compute.image import hold_store, store
from compute.image.model import Image
from compute.image.parts import Parts

RULE = "hold_image"


class HoldService:
    """What hosts say of the images that they read, and what they get for it."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def kept(self, context: RequestContext, image_id: str) -> Image:
        """An image that is there or held; ``NotFound``."""
        self._parts.policy.enforce(context, RULE)
        return self._parts.read(lambda connection: _kept(connection, image_id))

    def hold(self, context: RequestContext, holder: str, image_id: str) -> None:
        """Begin to read the image; ``NotFound`` when it is too late for it."""
        parts = self._parts
        parts.policy.enforce(context, RULE)

        def hold(connection: Connection) -> None:
            _kept(connection, image_id)
            hold_store.hold(connection, holder, [image_id], self._until())

        parts.run(hold)

    def hold_only(
        self, context: RequestContext, holder: str, image_ids: Collection[str]
    ) -> list[str]:
        """The host reads these, and nothing else; those that are kept."""
        parts = self._parts
        parts.policy.enforce(context, RULE)

        def replace(connection: Connection) -> tuple[list[str], bool]:
            kept = [each for each in image_ids if store.kept(connection, each)]
            released = hold_store.held_by(connection, holder) - frozenset(kept)
            hold_store.release(connection, holder, released)
            hold_store.hold(connection, holder, kept, self._until())
            return kept, bool(released)

        kept, has_released = parts.run(replace)
        if has_released:
            parts.wake_sweeper()
        return kept

    def held(self, context: RequestContext) -> list[str]:
        """All images that hosts read."""
        self._parts.policy.enforce(context, RULE)
        now = self._parts.now()
        return self._parts.read(lambda connection: hold_store.held(connection, now))

    def _until(self) -> float:
        return self._parts.now() + self._parts.settings.hold_lease


def _kept(connection: Connection, image_id: str) -> Image:
    image = store.kept(connection, image_id)
    if image is None:
        raise NotFound(f"No image found with ID {image_id}")
    return image
