"""What libvirt tells by itself: guests' lives go to whoever watches, and a guest that
its disk's storage has stopped is let go on.

The callbacks run on libvirt's thread and only queue; the rest runs in greenlets.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import libvirt

from compute.agent.drivers.libvirt import domains
from compute.agent.drivers.libvirt.connection import Connection, LibvirtConnection
from compute.agent.drivers.libvirt.events import EventPipe
from compute.agent.drivers.libvirt.states import event_kind
from compute.agent.guests import GuestEvent, GuestEventKind
from objectstore.kernel import concurrency
from objectstore.kernel.errors import RingstackError

# A disk whose storage failed: how long until its guest tries again.
STORAGE_RETRY_SECONDS = 5.0

_log = logging.getLogger("compute.agent.libvirt")


class Hearing:
    """Hears events of every connection that is opened."""

    def __init__(self) -> None:
        self.watchers: list[Callable[[GuestEvent], None]] = []
        self._libvirt: LibvirtConnection | None = None
        self._pipe: EventPipe | None = None

    def begin(self, connection: LibvirtConnection) -> None:
        """Hear; guests that a failing disk stopped meanwhile go on."""
        self._libvirt = connection
        if self._pipe is None:
            self._pipe = EventPipe()
        for uuid in connection.run(domains.stalled):
            self._retry_storage(uuid)

    def end(self) -> None:
        """Hear no more."""
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None

    def register(self, connection: Connection) -> None:
        """Ask a connection that was just opened for its events."""
        for number, callback in (
            (libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, self._lifecycle),
            (libvirt.VIR_DOMAIN_EVENT_ID_REBOOT, self._rebooted),
            (libvirt.VIR_DOMAIN_EVENT_ID_IO_ERROR, self._storage_failed),
        ):
            connection.domainEventRegisterAny(None, number, callback, None)

    # ---- on libvirt's thread -------------------------------------------------

    def _lifecycle(
        self, _: Connection, domain: Any, event: int, detail: int, __: Any
    ) -> None:
        kind = event_kind(event, detail)
        if kind is not None and self._pipe is not None:
            self._pipe.put(self._tell, GuestEvent(domain.UUIDString(), kind))

    def _rebooted(self, _: Connection, domain: Any, __: Any) -> None:
        if self._pipe is not None:
            event = GuestEvent(domain.UUIDString(), GuestEventKind.REBOOTED)
            self._pipe.put(self._tell, event)

    def _storage_failed(
        self, _: Connection, domain: Any, path: str, alias: str, action: int, __: Any
    ) -> None:
        paused = action == libvirt.VIR_DOMAIN_EVENT_IO_ERROR_PAUSE
        if paused and self._pipe is not None:
            self._pipe.put(self._retry_storage_later, domain.UUIDString())

    # ---- in greenlets --------------------------------------------------------

    def _tell(self, event: GuestEvent) -> None:
        for watcher in self.watchers:
            watcher(event)

    def _retry_storage_later(self, uuid: str) -> None:
        _log.warning("guest %s waits: its disk's storage failed", uuid)
        concurrency.sleep(STORAGE_RETRY_SECONDS)
        self._retry_storage(uuid)

    def _retry_storage(self, uuid: str) -> None:
        """Let the guest try again; another failure brings another event."""
        assert self._libvirt is not None, "events come after begin"
        try:
            self._libvirt.run(domains.resume_stalled, uuid)
        except RingstackError as error:
            _log.warning("guest %s does not go on: %s", uuid, error)
