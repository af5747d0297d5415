"""What stands before a listener and speaks TLS for it, as haproxy does."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

PIECE_BYTES = 64 * 1024
END_SECONDS = 10.0


class TlsFront:
    """Decrypts what comes to ``port`` and hands it to ``behind``, and back."""

    def __init__(self, certificate: Path, behind: int, port: int = 0) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._behind = behind
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port = int(self._listener.getsockname()[1])
        self.connections = 0
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def close(self) -> None:
        """End the listener and every connection, and wait until all are closed."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in list(self._open):
            with contextlib.suppress(OSError):
                socket.socket.shutdown(each, socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(END_SECONDS)

    def _start(self, target: Callable[..., None], *arguments: socket.socket) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                accepted, _ = self._listener.accept()
                self._start(self._serve, accepted)

    def _serve(self, accepted: socket.socket) -> None:
        # Handshakes that clients break off are part of what is tested.
        with contextlib.suppress(OSError, ValueError), contextlib.ExitStack() as stack:
            outside = stack.enter_context(
                self._context.wrap_socket(accepted, server_side=True)
            )
            inside = stack.enter_context(
                socket.create_connection(("127.0.0.1", self._behind))
            )
            self.connections += 1
            self._open |= {outside, inside}
            stack.callback(self._open.difference_update, {outside, inside})
            _relay(outside, inside)


def _relay(outside: ssl.SSLSocket, inside: socket.socket) -> None:
    """In one thread: a TLS connection is not for two."""
    while True:
        ready: list[socket.socket] = []
        if not outside.pending():
            ready, _, _ = select.select([outside, inside], [], [])
        if outside.pending() or outside in ready:
            piece = outside.recv(PIECE_BYTES)
            if not piece:
                return
            inside.sendall(piece)
        if inside in ready:
            piece = inside.recv(PIECE_BYTES)
            if not piece:
                outside.unwrap()
                return
            outside.sendall(piece)


@contextmanager
def tls_front(certificate: Path, behind: int, port: int = 0) -> Iterator[TlsFront]:
    """One, until the block ends."""
    front = TlsFront(certificate, behind, port)
    try:
        yield front
    finally:
        front.close()
