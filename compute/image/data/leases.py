"""Who is writing now: leases that live as long as their process, and no longer.

A writer *holds* its data for as long as it writes.  One loop renews all of them; when
the process dies, the leases run out and the sweeper clears away what was written.  A
writer whose data were doomed meanwhile (the image was deleted) is told to stop.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from compute.core.errors import ApiError
from compute.core.sql.database import Database
from compute.image import data_store
from objectstore.kernel.clock import Clock
from objectstore.kernel.loop import Progress

RENEWALS_IN_A_LEASE = 4
"""Several may fail before the lease is lost."""


class ImageGone(ApiError):
    """The image was deleted while its bytes came."""

    status_default = 410
    kind_default = "ImageGone"


class Lease:
    """One writer's hold on its data."""

    __slots__ = ("data_id", "is_lost")

    def __init__(self, data_id: str) -> None:
        self.data_id = data_id
        self.is_lost = False

    def check(self) -> None:
        """Raise ``ImageGone`` when the writer should stop."""
        if self.is_lost:
            raise ImageGone("The image was deleted while its data were uploaded")


class Leases:
    """All leases of this process; as a loop's step it renews them."""

    name = "image-leases"

    def __init__(self, database: Database, clock: Clock, seconds: float) -> None:
        """``seconds``: how long a lease outlives its process."""
        self._database = database
        self._clock = clock
        self._seconds = seconds
        self._held: dict[str, Lease] = {}

    def until(self) -> float:
        """How long a lease of now lasts."""
        return self._clock.time() + self._seconds

    @contextmanager
    def hold(self, data_id: str) -> Iterator[Lease]:
        """Keep the lease for as long as the block runs."""
        lease = self._held[data_id] = Lease(data_id)
        try:
            yield lease
        finally:
            del self._held[data_id]

    def step(self) -> Progress:
        """Renew them."""
        ids = list(self._held)
        if ids:
            until = self.until()
            lost = self._database.run(
                lambda connection: data_store.renew_leases(connection, ids, until)
            )
            for data_id in lost & self._held.keys():
                self._held[data_id].is_lost = True
        return Progress.IDLE
