"""Clears away: what dead writers left, what nobody holds of deleted images, old ids.

Everything it does stands in the rows, so it goes on after any crash; it never looks
at a store for what no row names, for there is none.
"""

from __future__ import annotations

import logging

from compute.core.sql.database import Connection
from compute.image import data_store, hold_store, rules, store
from compute.image.data.transfer import is_left_alone
from compute.image.documents import TASK_KEPT_SECONDS
from compute.image.model import Data
from compute.image.parts import Parts
from objectstore.kernel.errors import RingstackError
from objectstore.kernel.loop import Progress

BATCH = 20
"""One step's work: seconds, even when each is an image of many segments."""

_log = logging.getLogger("compute.image")


class Sweeper:
    """A loop's step."""

    name = "image-sweeper"

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def step(self) -> Progress:
        """See the module's docstring."""
        parts, now = self._parts, self._parts.now()
        orphans = parts.read(
            lambda connection: data_store.abandoned(connection, now, BATCH)
        )
        for data in orphans:
            self._give_up(data)
        parts.run(lambda connection: hold_store.expire(connection, now))
        gone = parts.read(
            lambda connection: data_store.doomed(connection, now, BATCH, parts.stores)
        )
        removed = sum(self._remove(data) for data in gone)
        if removed and max(len(orphans), len(gone)) == BATCH:
            return Progress.BUSY
        parts.run(self._forget_old)
        return Progress.IDLE

    def _give_up(self, data: Data) -> None:
        """The writer is dead; an import is resumed by its own job."""
        parts = self._parts

        def release(connection: Connection) -> None:
            now = parts.now()
            if data not in data_store.abandoned(connection, now, BATCH):
                return  # it lives, after all
            data_store.release_data(connection, data.id)
            image = store.get(connection, data.image_id)
            if image is not None and is_left_alone(image, data):
                store.save(connection, image, rules.fallen_back(image, now))

        parts.change(release)

    def _remove(self, data: Data) -> bool:
        try:
            self._parts.stores[data.store].delete(data.key)
        except RingstackError as error:
            _log.warning("data of image %s stay for now: %s", data.image_id, error)
            return False
        self._parts.run(lambda connection: data_store.forget_data(connection, data.id))
        return True

    def _forget_old(self, connection: Connection) -> None:
        now = self._parts.now()
        store.forget_deleted(connection, now - self._parts.settings.deleted_kept)
        self._parts.jobs.forget_finished(connection, now - TASK_KEPT_SECONDS)
