"""Which volume type somebody means, and may use."""

from __future__ import annotations

from compute.core.context import RequestContext
from compute.core.errors import NotFound
from compute.core.sql.database import Connection
from compute.volume.model import DEFAULT_TYPE
from compute.volume.parts import Parts
from compute.volume.records import VolumeType


class Types:
    """Looks types up."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._types = parts.stores.types

    def ensure_default(self) -> None:
        """The type that is always there."""

        def write(connection: Connection) -> None:
            if not self._types.all(connection, name=DEFAULT_TYPE):
                parts = self._parts
                self._types.add(
                    connection,
                    VolumeType(
                        id=parts.identifiers.uuid(),
                        name=DEFAULT_TYPE,
                        description="Default Volume Type",
                        created_at=parts.clock.time(),
                    ),
                )

        self._parts.change(write)

    def is_visible(self, context: RequestContext, found: VolumeType) -> bool:
        """Whether the caller may know of it."""
        return (
            found.is_public
            or context.has_role("admin")
            or context.has_role("service")
            or context.project_id in found.projects
        )

    def get(
        self, connection: Connection, context: RequestContext, key: str
    ) -> VolumeType:
        """By id, or by name; ``NotFound``."""
        found = self._types.get(connection, key)
        if found is None:
            found = next(iter(self._types.all(connection, name=key)), None)
        if found is None or not self.is_visible(context, found):
            raise NotFound(f"Volume type {key} could not be found.")
        return found

    def default_of(self, connection: Connection, project_id: str) -> VolumeType:
        """What a project's volumes are when nobody says it."""
        chosen = self._parts.stores.default_types.get(connection, project_id)
        if chosen is not None:
            found = self._types.get(connection, chosen.type_id)
            if found is not None:
                return found
        return self._types.all(connection, name=DEFAULT_TYPE)[0]

    def known(self, connection: Connection, type_id: str) -> VolumeType:
        """Of a volume that is there: its type is, too."""
        found = self._types.get(connection, type_id)
        return found or self.default_of(connection, "")
