"""One connection to libvirt: calls on native threads, reopened when it is lost.

    state = connection.run(read_state, uuid)

``function(connection, *arguments)`` runs whole on a native thread; it may call libvirt
as often as it likes.  When the connection turns out to be dead, it is opened again
and the function runs once more: all our functions may be repeated.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from typing import Any, TypeVar

import libvirt

from compute.agent.drivers.libvirt import events
from objectstore.kernel import concurrency
from objectstore.kernel.errors import RingstackError, Unavailable

T = TypeVar("T")
Connection = Any  # a libvirt.virConnect
Domain = Any  # a libvirt.virDomain

# Native threads are shared with the whole process (disk syncs among them): libvirt,
# whose calls may last for seconds, gets a part of them.
CALLS_AT_ONCE = 6
# A daemon that is silent for this long is gone.
KEEPALIVE_SECONDS = 5
KEEPALIVE_TRIES = 3

_CONNECTION_CODES = frozenset(
    {
        libvirt.VIR_ERR_INVALID_CONN,
        libvirt.VIR_ERR_NO_CONNECT,
        libvirt.VIR_ERR_RPC,
    }
)
_CONNECTION_DOMAINS = frozenset({libvirt.VIR_FROM_RPC, libvirt.VIR_FROM_REMOTE})

_log = logging.getLogger("compute.agent.libvirt")


class LibvirtConnection:
    """Opens lazily; ``prepare`` is asked for the URI each time (it starts the private
    daemon where there is one)."""

    def __init__(
        self, prepare: Callable[[], str], opened: Callable[[Connection], None]
    ) -> None:
        """``opened(connection)`` runs on a native thread after each opening."""
        self._prepare = prepare
        self._opened = opened
        self._connection: Connection = None
        self._opening = concurrency.Semaphore(1)
        self._places = concurrency.Semaphore(CALLS_AT_ONCE)

    def run(self, function: Callable[..., T], *arguments: object) -> T:
        """Call ``function(connection, *arguments)``.  ``Unavailable`` when libvirt is
        away or refuses; the house's errors pass through."""
        connection = self._get()
        try:
            return self._call(function, connection, *arguments)
        except libvirt.libvirtError as error:
            if not _is_lost(connection, error):
                raise _translated(error) from error
        _log.warning("the connection to libvirt is lost; opening it again")
        self._drop(connection)
        try:
            return self._call(function, self._get(), *arguments)
        except libvirt.libvirtError as error:
            raise _translated(error) from error

    def close(self) -> None:
        """Disconnect."""
        if self._connection is not None:
            self._drop(self._connection)

    def _call(self, function: Callable[..., T], *arguments: object) -> T:
        with self._places:
            return concurrency.offload(function, *arguments)

    def _get(self) -> Connection:
        with self._opening:
            if self._connection is None:
                uri = self._prepare()
                try:
                    self._connection = self._call(self._open, uri)
                except libvirt.libvirtError as error:
                    raise _translated(error) from error
            return self._connection

    def _open(self, uri: str) -> Connection:
        events.start_loop()
        connection = libvirt.open(uri)
        connection.setKeepAlive(KEEPALIVE_SECONDS, KEEPALIVE_TRIES)
        self._opened(connection)
        return connection

    def _drop(self, connection: Connection) -> None:
        if self._connection is connection:
            self._connection = None
            # A dead one may complain: that is why it is dropped.
            with contextlib.suppress(libvirt.libvirtError):
                self._call(connection.close)


def _is_lost(connection: Connection, error: libvirt.libvirtError) -> bool:
    if error.get_error_code() in _CONNECTION_CODES:
        return True
    if error.get_error_domain() in _CONNECTION_DOMAINS:
        return True
    try:
        return not connection.isAlive()
    except libvirt.libvirtError:
        return True


def _translated(error: libvirt.libvirtError) -> RingstackError:
    text = (error.get_error_message() or str(error)).strip()
    return Unavailable(f"libvirt: {text}")
