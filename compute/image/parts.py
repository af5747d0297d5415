"""What the image room's services are built with: one record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from compute.core.context import RequestContext
from compute.core.errors import BadRequest, Stale
from compute.core.identifiers import Identifiers
from compute.core.jobs.store import JobStore
from compute.core.policy import Policy
from compute.core.sql.database import Connection, Database
from compute.core.sql.event_log import EventLog
from compute.core.sql.room_database import RoomDatabase
from compute.image import rules, store
from compute.image.data.leases import Leases
from compute.image.model import Image
from compute.image.settings import ImageSettings
from compute.image.stores.port import ImageStore, ReadOnlyStore
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Unavailable

T = TypeVar("T")

# A record that others change at this very moment is read and decided again.
TRIES_MAX = 5


@dataclass(frozen=True, slots=True)
class Parts(RoomDatabase):
    """``stores``: by id, the default one first.  ``wake_*``: there may be work.
    ``region``: what the catalogue calls this cloud."""

    database: Database
    clock: Clock
    identifiers: Identifiers
    policy: Policy
    events: EventLog
    jobs: JobStore
    leases: Leases
    stores: Mapping[str, ImageStore]
    settings: ImageSettings
    wake_sweeper: Callable[[], None]
    wake_imports: Callable[[], None]
    region: str = ""

    @property
    def default_store(self) -> str:
        """Where bytes go when nobody says otherwise."""
        return next(iter(self.stores))

    def writable_store(self, store_id: str) -> ImageStore:
        """A store by its id ("": the default); ``BadRequest``, ``Conflict``."""
        found = self.stores.get(store_id or self.default_store)
        if found is None:
            raise BadRequest(f"Store {store_id} is not known here")
        if found.is_read_only:
            raise ReadOnlyStore(f"Store {found.id} is read-only")
        return found

    def seen(
        self, connection: Connection, context: RequestContext, image_id: str
    ) -> Image:
        """The image, if the caller may know of it; ``NotFound``."""
        image = store.get(connection, image_id, context.project_id)
        return rules.check_seen(self.policy, context, image)

    def change(self, function: Callable[[Connection], T]) -> T:
        """Run a transaction that reads, decides and saves; again when it was
        ``Stale``."""
        for _ in range(TRIES_MAX):
            try:
                return self.database.run(function)
            except Stale:
                continue
        raise Unavailable("the image is being changed by too many at once")

    def bytes_left(self, connection: Connection, owner: str) -> int:
        """How large an image of that project may be now.  ``TooMuch`` when there is
        no room at all."""
        limit, most = self.settings.project_bytes_max, self.settings.image_bytes_max
        if not limit:
            return most
        _, used = store.usage(connection, owner)
        if used >= limit:
            raise rules.TooMuch(
                f"Project {owner} is over its limit of {limit} bytes: it uses {used}"
            )
        return min(most, limit - used)

    def check_room(self, connection: Connection, owner: str, size_bytes: int) -> None:
        """``TooMuch`` unless an image of that size may come to the project's now."""
        left = self.bytes_left(connection, owner)
        if size_bytes > left:
            raise rules.TooMuch(
                f"The image exceeds what may be stored here: {left} bytes"
            )
