"""Bytes between a WebSocket client and a guest's console socket, until either ends.

The framing is wsproto's.  Two greenlets: this one reads the client, the other reads
the guest; both write to the client, one at a time.
"""

from __future__ import annotations

import contextlib

from wsproto.connection import Connection, ConnectionType
from wsproto.events import (
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    TextMessage,
)
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from objectstore.kernel import concurrency
from objectstore.kernel.errors import Rejected
from objectstore.kernel.http.patient_socket import NEVER
from objectstore.kernel.http.stream import Stream

# A console that nobody touches and that shows nothing new for so long is ended.
IDLE_SECONDS = 3600.0
GOODBYE_SECONDS = 5.0
_RECEIVE_BYTES = 64 * 1024
_NORMAL_CLOSURE = 1000
_PROTOCOL_ERROR = 1002


class Relay:
    """One open console."""

    def __init__(self, client: Stream, guest: concurrency.GreenSocket) -> None:
        self._client = client
        self._guest = guest
        self._frames = Connection(ConnectionType.SERVER)
        self._sending = concurrency.Semaphore(1)
        client.patience = IDLE_SECONDS
        client.limit = NEVER

    def run(self) -> None:
        """Relay until either side ends; whoever owns the stream closes it then."""
        reader = concurrency.spawn(self._from_guest)
        try:
            self._from_client()
        except (OSError, Rejected):
            pass  # one of the two is gone
        except RemoteProtocolError:
            self._say_last(CloseConnection(code=_PROTOCOL_ERROR))
        finally:
            concurrency.kill_task(reader)

    def _from_client(self) -> None:
        while True:
            data = self._client.receive()
            if not data:
                return
            self._frames.receive_data(data)
            for event in self._frames.events():
                if not self._handle(event):
                    return

    def _handle(self, event: Event) -> bool:
        """Act on what the client said; whether it goes on."""
        if isinstance(event, BytesMessage):
            self._guest.sendall(bytes(event.data))
        elif isinstance(event, TextMessage):
            self._guest.sendall(event.data.encode())
        elif isinstance(event, Ping):
            self._send(event.response())
        elif isinstance(event, CloseConnection):
            self._say_last(event.response())
            return False
        return True

    def _from_guest(self) -> None:
        try:
            while True:
                data = self._guest.recv(_RECEIVE_BYTES)
                if not data:
                    break
                self._send(BytesMessage(data=data))
        except (OSError, Rejected):
            pass  # the end, however it came
        self._say_last(CloseConnection(code=_NORMAL_CLOSURE))
        # The client answers and ends, which ends the other greenlet (and it this one).
        # Severed at once, the goodbye itself might be lost.
        concurrency.sleep(GOODBYE_SECONDS)
        self._client.sever()

    def _send(self, event: Event) -> None:
        with self._sending:
            self._client.send(self._frames.send(event))

    def _say_last(self, goodbye: Event) -> None:
        # It may be closed already, or the client gone: then there is nobody to tell.
        with contextlib.suppress(LocalProtocolError, Rejected, OSError):
            self._send(goodbye)
