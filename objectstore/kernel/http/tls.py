"""TLS with a peer: a socket as ``Stream`` knows it, encrypted.

``Stream`` tries first and waits when it would block.  What TLS needs for that differs
from a plain socket in its exceptions and in two calls that it has not (peeking, sending
parts); here it is made the same.  Files are sent through memory (``Stream.send_file``):
the system would pass the encryption by.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Sequence
from pathlib import Path

from objectstore.kernel import concurrency
from objectstore.kernel.errors import Unavailable

Buffer = bytes | memoryview
# What TLS puts into one record.
RECORD_BYTES = 16 * 1024
# OpenSSL tells that something was sent when all that it was given is: with more, a slow
# peer would not be seen to move.
SENT_AT_ONCE_BYTES = 64 * 1024
# To who speaks plain HTTP to a listener that does not.
WRONG_SCHEME = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 26\r\n"
    b"Connection: close\r\n\r\nhttps:// is spoken here.\r\n"
)


def client_context(ca_file: Path | None) -> ssl.SSLContext:
    """What says whom we trust: the authorities in that file (PEM), or the system's.
    ``Unavailable`` when the file is not to be used."""
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise Unavailable(f"{ca_file}: no certificates to trust: {error}") from None
    without_renegotiation(context)
    return context


def without_renegotiation(context: ssl.SSLContext) -> None:
    """As ``TlsSocket`` needs it, on either side."""
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # A renegotiation would make sending wait for data to read.
    context.options |= ssl.OP_NO_RENEGOTIATION
    # Older Pythons 3.11 have OpenSSL take a broken connection for a proper end.
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF


class TlsSocket:
    """A connected, non-blocking TLS socket.  Made by ``encrypted``, ``accepted``."""

    def __init__(self, secure: ssl.SSLSocket) -> None:
        self._secure = secure
        self._peeked = b""
        self._has_ended = False  # we said goodbye
        self._is_deaf = False  # what comes now is dropped

    @property
    def family(self) -> int:
        """See ``socket``."""
        return self._secure.family

    def setblocking(self, flag: bool) -> None:
        """See ``socket``."""
        self._secure.setblocking(flag)

    def setsockopt(self, level: int, name: int, value: int | bytes) -> None:
        """See ``socket``."""
        self._secure.setsockopt(level, name, value)

    def fileno(self) -> int:
        """See ``socket``."""
        return self._secure.fileno()

    def recv(self, size: int, flags: int = 0) -> bytes:
        """See ``socket``; the only flag is ``MSG_PEEK``, for one byte."""
        if self._peeked:
            return self._peeked if flags & socket.MSG_PEEK else self._take_peeked()
        if self._is_deaf:
            return self._drop(size)
        try:
            data = self._secure.recv(size)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise BlockingIOError from None
        except ssl.SSLError:
            if not self._has_ended:
                raise
            self._is_deaf = True
            return self._drop(size)
        if flags & socket.MSG_PEEK:
            self._peeked = data
        return data

    def recv_into(self, view: memoryview) -> int:
        """See ``socket``."""
        if self._peeked:
            piece = self._take_peeked()
            view[: len(piece)] = piece
            return len(piece)
        if self._has_ended or self._is_deaf:
            piece = self.recv(len(view))
            view[: len(piece)] = piece
            return len(piece)
        try:
            return self._secure.recv_into(view)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise BlockingIOError from None

    def send(self, data: Buffer, flags: int = 0) -> int:
        """See ``socket``.  After ``BlockingIOError`` the same bytes must come again
        (more may follow them), as they do from ``Stream``."""
        if self._has_ended:
            raise BrokenPipeError
        if len(data) > SENT_AT_ONCE_BYTES:
            data = memoryview(data)[:SENT_AT_ONCE_BYTES]
        try:
            return self._secure.send(data)
        except ssl.SSLWantWriteError:
            raise BlockingIOError from None

    def sendmsg(self, parts: Sequence[Buffer]) -> int:
        """See ``socket``.  Takes what fits in a record, or else the first part: after
        ``BlockingIOError`` the same parts must come again (more may follow them)."""
        size = fit = 0
        for part in parts:
            size += len(part)
            if size > RECORD_BYTES:
                break
            fit += 1
        if fit:
            return self.send(b"".join(parts[:fit]))
        return self.send(next((part for part in parts if len(part)), b""))

    def shutdown(self, how: int) -> None:
        """See ``socket``.  The encryption stays: nothing can leave without it."""
        # OpenSSL would take the end for a broken connection, and not send either.
        self._is_deaf = self._is_deaf or how != socket.SHUT_WR
        socket.socket.shutdown(self._secure, how)

    def say_goodbye(self) -> None:
        """Tell the peer, as TLS does, that nothing follows.  What it sends meanwhile
        may be lost: TLS has no other way to end one direction only."""
        if self._has_ended:
            return
        self._has_ended = True
        # It does not wait for the peer's own goodbye, and says so.
        with contextlib.suppress(OSError):
            self._secure.unwrap()
            # That had come before: whatever follows is not encrypted.
            self._is_deaf = True

    def close(self) -> None:
        """See ``socket``.  With a goodbye: what was sent came to its proper end."""
        self.say_goodbye()
        self._secure.close()

    def _drop(self, size: int) -> bytes:
        """To close with something unread would reset the connection, and could destroy
        what is on its way to the peer."""
        if socket.socket.recv(self._secure, size):
            raise BlockingIOError
        return b""

    def _take_peeked(self) -> bytes:
        data, self._peeked = self._peeked, b""
        return data


def encrypted(
    sock: socket.socket, context: ssl.SSLContext, host: str, timeout_seconds: float
) -> TlsSocket:
    """Shake hands over a connected socket, which is taken over (or closed).

    ``host``: the name (or address) that the peer's certificate must be for.
    ``Unavailable`` when it is not, or when no answer comes in time.
    """
    try:
        return _secured(sock, context, host, timeout_seconds)
    except OSError as error:  # a certificate that is refused too
        raise Unavailable(f"TLS with {host} fails: {error}") from None


def accepted(
    sock: socket.socket, context: ssl.SSLContext, timeout_seconds: float
) -> TlsSocket:
    """The other side of it: shake hands with who has connected to us.

    Raises ``OSError`` when it does not want to (or may not), ``DeadlineExceeded`` when
    it does not say.
    """
    return _secured(sock, context, None, timeout_seconds)


def _secured(
    sock: socket.socket,
    context: ssl.SSLContext,
    host: str | None,
    timeout_seconds: float,
) -> TlsSocket:
    """``host``: whom we call; None: we were called."""
    try:
        # An end without TLS's own goodbye is an error: bodies must not be cut short.
        secure = context.wrap_socket(
            sock,
            server_side=host is None,
            server_hostname=host,
            do_handshake_on_connect=False,
            suppress_ragged_eofs=False,
        )
    except BaseException:
        sock.close()
        raise
    try:
        secure.setblocking(False)
        with concurrency.deadline(timeout_seconds):
            _shake_hands(secure)
    except BaseException as error:
        if isinstance(error, ssl.SSLError) and error.reason == "HTTP_REQUEST":
            with contextlib.suppress(OSError):
                socket.socket.send(secure, WRONG_SCHEME)
        secure.close()
        raise
    return TlsSocket(secure)


def _shake_hands(secure: ssl.SSLSocket) -> None:
    while True:
        try:
            secure.do_handshake()
            return
        except ssl.SSLWantReadError:
            concurrency.wait_readable(secure.fileno())
        except ssl.SSLWantWriteError:
            concurrency.wait_writable(secure.fileno())
