"""One life of a machine's process, as the wire sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from objectstore.kernel.request import Application
from test.sim.hub import Realm


class Breakable(Protocol):
    """A connection that ends with either side."""

    def break_off(self, life: Life) -> None:
        """That process is gone."""

    def is_answered_by(self, life: Life) -> bool:
        """Whether the other side called it."""


class Life:
    """See the module."""

    def __init__(self, name: str, realm: Realm) -> None:
        self.name = name
        self.realm = realm
        self.application: Application | None = None  # None: it does not listen yet
        # Calls that it has not answered: what breaks their connections.
        self.unanswered: dict[int, Callable[[], None]] = {}
        # Connections that stay (``connections``).
        self.connections: dict[int, Breakable] = {}

    @property
    def has_callers(self) -> bool:
        """Whether anybody stays connected to it."""
        return any(each.is_answered_by(self) for each in self.connections.values())

    def break_connections(self) -> None:
        """The system ends those of a process that is gone."""
        for tell in list(self.unanswered.values()):
            tell()
        for connection in list(self.connections.values()):
            connection.break_off(self)
