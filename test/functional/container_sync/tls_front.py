"""TLS in front of a store, as a balancer terminates it."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from pathlib import Path
from typing import Self

from test.fakes.certificates import Issued


class TlsFront:
    """Listens on a port of its own as ``localhost``, and hands on what comes."""

    def __init__(self, issued: Issued, directory: Path, to: tuple[str, int]) -> None:
        pem = directory / "front.pem"
        pem.write_bytes(issued.pem + issued.key_pem)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(pem)
        self._to = to
        self._listener = socket.create_server(("127.0.0.1", 0))
        # Connections whose caller did not like the certificate.
        self.refused = 0

    @property
    def url(self) -> str:
        """The Swift endpoint behind it."""
        return f"https://localhost:{self._listener.getsockname()[1]}/v1/"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        # Closing alone would leave the thread waiting in accept.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(plain,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        plain.settimeout(30)
        try:
            near = self._context.wrap_socket(plain, server_side=True)
        except OSError:
            self.refused += 1
            plain.close()
            return
        far = socket.create_connection(self._to, 30)
        threading.Thread(target=_pump, args=(far, near), daemon=True).start()
        _pump(near, far)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for end in (source, sink):
        with contextlib.suppress(OSError):
            end.close()
