"""What lies on this host and belongs to no server: found, shown, removed.

A server that failed or went away while the agent was dead may leave a guest, its
files, or a half-fetched image.  ``find`` compares what is here with the servers that
the control plane knows to be (or to come) here; ``remove`` takes one thing away.

Wrong removal destroys somebody's disk, so: a guest or directory counts only when its
name is a server's uuid, the list of known servers must be asked for *after* looking at
the host (a server that is made in between is then known), and ``remove`` looks again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum

from compute.agent.disks import files
from compute.agent.disks.cache import ImageCache
from compute.agent.disks.layout import Layout, is_uuid
from compute.agent.disks.local import remove_guest
from compute.agent.guests import GuestState
from compute.agent.hypervisor import Hypervisor
from objectstore.kernel.errors import Rejected

KnownServers = Callable[[], Collection[str]]
"""Asks the control plane: the uuids of all servers that have, or may be about to
have, something on this host.  Raises ``Unavailable`` when it cannot say."""


class LeftoverKind(StrEnum):
    """What sort of thing it is."""

    GUEST = "guest"  # the hypervisor knows it
    FILES = "files"  # disks, config drive, console log
    IMAGE = "image"  # a piece of the image cache


@dataclass(frozen=True, slots=True)
class Leftover:
    """One thing that nobody owns."""

    kind: LeftoverKind
    name: str  # a server's uuid, or a path in the cache
    detail: str = ""


class Leftovers:
    """Looks after one host.  ``cache`` and ``layout`` are None on simulated hosts."""

    def __init__(
        self,
        hypervisor: Hypervisor,
        known: KnownServers,
        *,
        layout: Layout | None = None,
        cache: ImageCache | None = None,
    ) -> None:
        self._hypervisor = hypervisor
        self._known = known
        self._layout = layout
        self._cache = cache

    def find(self) -> list[Leftover]:
        """Everything here that no known server owns."""
        guests = self._hypervisor.states()
        directories = self._directories()
        pieces = self._cache.leftovers() if self._cache is not None else []
        known = set(self._known())  # after looking: see above
        found = [
            Leftover(LeftoverKind.GUEST, uuid, state.value)
            for uuid, state in sorted(guests.items())
            if uuid not in known
        ]
        found += [
            Leftover(LeftoverKind.FILES, uuid, self._size_of(uuid))
            for uuid in directories
            if uuid not in known
        ]
        found += [Leftover(LeftoverKind.IMAGE, path) for path in pieces]
        return found

    def remove(self, leftover: Leftover) -> None:
        """Take it away, if it is still nobody's; ``Rejected`` 409 when it is not."""
        if leftover.kind is LeftoverKind.IMAGE:
            if self._cache is not None:
                self._cache.sweep()
            return
        if leftover.name in self._known():
            raise Rejected(409, f"{leftover.name} belongs to a server")
        # The guest first: it holds its files open.
        if self._hypervisor.state(leftover.name) is not GuestState.ABSENT:
            self._hypervisor.destroy(leftover.name)
        if self._layout is not None and is_uuid(leftover.name):
            remove_guest(self._layout, leftover.name)

    def _directories(self) -> list[str]:
        if self._layout is None:
            return []
        return [name for name in files.names_in(self._layout.guests) if is_uuid(name)]

    def _size_of(self, uuid: str) -> str:
        assert self._layout is not None
        size = files.allocated_bytes(self._layout.directory(uuid))
        return f"{size >> 10} KiB"
