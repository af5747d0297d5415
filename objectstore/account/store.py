"""The accounts of one device: databases of container rows."""

from __future__ import annotations

from objectstore.database.broker_cache import OPEN_DATABASES_MAX
from objectstore.database.row_kinds import CONTAINER_ROWS
from objectstore.database.store import DatabaseStore
from objectstore.kernel.device import Device
from objectstore.kernel.space import SpaceGuard

DIRECTORY = "accounts"


class AccountStore:
    """A device's accounts, open."""

    def __init__(self, databases: DatabaseStore) -> None:
        self.databases = databases

    @classmethod
    def open(
        cls,
        device: Device,
        *,
        open_databases_max: int = OPEN_DATABASES_MAX,
        space: SpaceGuard | None = None,
    ) -> AccountStore:
        """Open the device's accounts.  Blocks."""
        return cls(
            DatabaseStore.open(
                device,
                DIRECTORY,
                CONTAINER_ROWS,
                open_databases_max=open_databases_max,
                space=space,
            )
        )

    def close(self) -> None:
        """Make everything safe and close."""
        self.databases.close()
