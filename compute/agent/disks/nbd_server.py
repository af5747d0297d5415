"""Images of the store as read-only NBD exports on a unix socket of this host.

The export's name is the image's id.  QEMU connects here for lazy disks: it reads what
the guest asks for, holds requests back while the agent restarts and goes on when it
is there again.  The socket lies in a directory that only its owner may enter; there
is no other access control, and none is needed for what the owner's QEMUs run from.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
from pathlib import Path

from compute.agent.disks import files
from compute.agent.disks import nbd_protocol as nbd
from compute.agent.disks.ranges import BLOCK_BYTES, ImageRanges
from compute.core.sockets import leave_socket_directory
from objectstore.kernel import concurrency
from objectstore.kernel.errors import Rejected, RingstackError
from objectstore.kernel.http.listen import listen

# QEMU sends at most 16 requests before it waits for a reply.
REQUESTS_AT_ONCE = 16

_log = logging.getLogger("compute.agent.nbd")


class NbdServer:
    """Serves ``ImageRanges`` to QEMU."""

    def __init__(self, socket_path: str, ranges: ImageRanges) -> None:
        self.socket_path = socket_path
        self._ranges = ranges
        self._listener: socket.socket | None = None
        self._acceptor: concurrency.Task = None
        self._connections: set[_Connection] = set()

    def start(self) -> None:
        """Listen, and serve in the background."""
        listener = listen(Path(self.socket_path))
        listener.setblocking(False)
        self._listener = listener
        self._acceptor = concurrency.spawn(self._accept, listener)

    def stop(self) -> None:
        """End all connections.  QEMU reconnects when a server is there again."""
        if self._acceptor is not None:
            concurrency.kill_task(self._acceptor)
            self._acceptor = None
        if self._listener is not None:
            self._listener.close()
            self._listener = None
            files.remove_file(self.socket_path)
            leave_socket_directory(os.path.dirname(self.socket_path))
        for connection in self._connections:
            connection.end()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                accepted, _ = listener.accept()
            except BlockingIOError:
                concurrency.wait_readable(listener.fileno())
                continue
            connection = _Connection(concurrency.green(accepted), self._ranges)
            self._connections.add(connection)
            concurrency.spawn(self._serve, connection)

    def _serve(self, connection: _Connection) -> None:
        try:
            connection.serve()
        except (OSError, EOFError):
            pass  # it is gone: QEMU ended, or comes again
        except nbd.ProtocolError as error:
            _log.warning("an NBD client is refused: %s", error)
        except RingstackError as error:
            # QEMU tries again, or says to libvirt that it cannot start.
            _log.warning("an NBD client is sent away: %s", error)
        finally:
            connection.close()
            self._connections.discard(connection)


class _Connection:
    """One client: the handshake, then requests side by side."""

    def __init__(self, sock: concurrency.GreenSocket, ranges: ImageRanges) -> None:
        self._sock = sock
        self._ranges = ranges
        self._sending = concurrency.Semaphore(1)
        self._pool = concurrency.Pool(REQUESTS_AT_ONCE)

    def serve(self) -> None:
        export = self._shake_hands()
        if export is None:
            return
        size = self._ranges.facts(export).size_bytes
        while True:
            request = nbd.read_request(self._receive(nbd.REQUEST.size))
            if request.command == nbd.Command.DISCONNECT:
                return
            if request.command == nbd.Command.WRITE:
                raise nbd.ProtocolError("a write to a read-only export")
            self._pool.spawn_n(self._answer, export, size, request)

    def end(self) -> None:
        """Let ``serve`` end.  It closes: closed by another, a descriptor that it waits
        for would be some other file's next, with its waiter."""
        with contextlib.suppress(OSError):  # not connected any more
            self._sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.end()
        self._sock.close()

    def _shake_hands(self) -> str | None:
        self._sock.sendall(nbd.GREETING)
        flags = self._receive(nbd.CLIENT_FLAGS_BYTES)
        while True:
            head = self._receive(nbd.OPTION_HEAD.size)
            option, length = nbd.read_option_head(head)
            data = self._receive(length)
            if option == nbd.Option.ABORT:
                self._sock.sendall(nbd.option_reply(option, nbd.OptionReply.ACK))
                return None
            if option == nbd.Option.EXPORT_NAME:
                export = data.decode("utf-8", "replace")
                size = self._ranges.facts(export).size_bytes
                short = bool(flags[3] & 2)
                self._sock.sendall(nbd.old_export_reply(size, without_zeroes=short))
                return export
            if option in (nbd.Option.GO, nbd.Option.INFO):
                export = nbd.read_export_choice(data)
                found = self._offer(option, export)
                if found and option == nbd.Option.GO:
                    return export
            elif option == nbd.Option.LIST:
                # Any image of the store may be asked for: there is no list.
                self._sock.sendall(nbd.option_reply(option, nbd.OptionReply.ACK))
            else:
                refusal = nbd.option_reply(option, nbd.OptionReply.UNSUPPORTED)
                self._sock.sendall(refusal)

    def _offer(self, option: int, export: str) -> bool:
        try:
            size = self._ranges.facts(export).size_bytes
        except Rejected:
            refusal = nbd.option_reply(option, nbd.OptionReply.UNKNOWN)
            self._sock.sendall(refusal)
            return False
        self._sock.sendall(nbd.export_replies(option, size, BLOCK_BYTES))
        return True

    def _answer(self, export: str, size: int, request: nbd.Request) -> None:
        fault, data = nbd.check(request, size), b""
        if fault is nbd.Fault.NONE and request.command == nbd.Command.READ:
            try:
                data = self._ranges.read(export, request.offset, request.length)
            except RingstackError as error:
                _log.warning("image %s cannot be read: %s", export, error)
                fault = nbd.Fault.INPUT_OUTPUT
        try:
            with self._sending:
                self._sock.sendall(nbd.reply(request, fault) + data)
        except OSError:
            pass  # the client is gone; its connection ends by itself

    def _receive(self, size: int) -> bytes:
        pieces = bytearray()
        while len(pieces) < size:
            piece = self._sock.recv(size - len(pieces))
            if not piece:
                raise EOFError
            pieces += piece
        return bytes(pieces)
