"""Guests' moves that are under way: libvirt's long calls, and their way stations."""

from __future__ import annotations

import logging

import libvirt

from compute.agent.drivers.libvirt import moving
from compute.agent.drivers.libvirt.connection import Connection, LibvirtConnection
from compute.agent.drivers.libvirt.domains import read_state
from compute.agent.guests import (
    GuestState,
    Landing,
    MoveFailed,
    MoveProgress,
    Opener,
)
from compute.agent.moves.streams import WayStation
from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import RingstackError, Unavailable

STOP_SECONDS = 30.0
POLL_SECONDS = 0.5

_log = logging.getLogger("compute.agent.libvirt")


class Flight:
    """Begins at once; ``error`` is "" when it has ended well."""

    def __init__(
        self, connection: LibvirtConnection, uuid: str, landing: Landing, way: Opener
    ) -> None:
        self._connection = connection
        self._uuid = uuid
        self._landing = landing
        self.is_under_way = True
        self.error = ""
        sockets = moving.Sockets(uuid)
        self._stations = [
            WayStation(sockets.path(name), _to(way, name)) for name in moving.STREAMS
        ]
        concurrency.spawn(self._fly)

    def _fly(self) -> None:
        try:
            # Not by ``run``: what ends here may be the connection to the other
            # daemon, which is no reason to do it all again.
            connection = self._connection.run(_itself)
            concurrency.offload(moving.migrate, connection, self._uuid, self._landing)
        except libvirt.libvirtError as error:
            self.error = (error.get_error_message() or str(error)).strip()
        except RingstackError as error:
            self.error = str(error) or "it could not be moved"
        except Exception as error:  # noqa: BLE001  (told by the job's error)
            _log.exception("moving %s", self._uuid)
            self.error = str(error) or "it could not be moved"
        finally:
            for station in self._stations:
                station.close()
            self.is_under_way = False


class Flights:
    """Those of one host, by guest."""

    def __init__(self, connection: LibvirtConnection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock
        self._under_way: dict[str, Flight] = {}

    def look(self, uuid: str, landing: Landing, way: Opener) -> MoveProgress:
        """Begin the guest's move, or say how far it is.  ``MoveFailed``."""
        flight = self._under_way.get(uuid)
        if flight is None:
            if self._is_gone(uuid):
                return MoveProgress(True)
            self._under_way[uuid] = Flight(self._connection, uuid, landing, way)
            return MoveProgress(False)
        if flight.is_under_way:
            return MoveProgress(False, self._connection.run(moving.figures, uuid))
        del self._under_way[uuid]
        if flight.error:
            raise MoveFailed(flight.error)
        return MoveProgress(True)

    def stop(self, uuid: str) -> bool:
        """End the guest's move; whether the guest is still here."""
        flight = self._under_way.get(uuid)
        give_up = self._clock.monotonic() + STOP_SECONDS
        while flight is not None and flight.is_under_way:
            if self._clock.monotonic() > give_up:
                raise Unavailable(f"the move of guest {uuid} does not end")
            self._connection.run(moving.abort, uuid)
            concurrency.sleep(POLL_SECONDS)
        self._under_way.pop(uuid, None)
        self._connection.run(moving.abort, uuid)
        return not self._is_gone(uuid)

    def _is_gone(self, uuid: str) -> bool:
        return self._connection.run(read_state, uuid) is GuestState.ABSENT


def _itself(connection: Connection) -> Connection:
    return connection


class _to:
    """The way to one socket of the destination."""

    def __init__(self, way: Opener, name: str) -> None:
        self._way = way
        self._name = name

    def __call__(self) -> concurrency.GreenSocket:
        return self._way(self._name)
