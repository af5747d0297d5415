"""One guest's move that is under way: libvirt's long call, and the way stations."""

from __future__ import annotations

import logging

import libvirt

from compute.agent.drivers.libvirt import moving
from compute.agent.drivers.libvirt.connection import Connection, LibvirtConnection
from compute.agent.guests import Landing, Opener
from compute.agent.moves.streams import WayStation
from objectstore.kernel import concurrency
from objectstore.kernel.errors import RingstackError

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


def _itself(connection: Connection) -> Connection:
    return connection


class _to:
    """The way to one socket of the destination."""

    def __init__(self, way: Opener, name: str) -> None:
        self._way = way
        self._name = name

    def __call__(self) -> concurrency.GreenSocket:
        return self._way(self._name)
