"""The bytes of one connection: those that were read too far come first."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable

from objectstore.kernel.http.limits import RECEIVE_BYTES
from objectstore.kernel.http.patient_socket import Faults, PatientSocket
from objectstore.kernel.http.tls import TlsSocket


class Stream(PatientSocket):
    """One connection's bytes in both directions; used by one greenlet."""

    __slots__ = ("_ahead", "_start")

    def __init__(
        self,
        sock: socket.socket | TlsSocket,
        faults: Faults,
        monotonic: Callable[[], float],
        patience: float,
    ) -> None:
        super().__init__(sock, faults, monotonic, patience)
        self._ahead = b""  # received, not yet asked for ...
        self._start = 0  # ... from here on

    @property
    def buffered(self) -> int:
        """How many bytes are here already."""
        return len(self._ahead) - self._start

    def receive(self, size: int = RECEIVE_BYTES) -> bytes:
        """What is here or comes next; ``b""`` when the peer has ended.  No more than
        ``size`` bytes are taken from the system."""
        if self._ahead:
            start, ahead = self._start, self._ahead
            self._start, self._ahead = 0, b""
            return ahead[start:] if start else ahead
        while True:
            try:
                data = self.socket.recv(size)
            except BlockingIOError:
                self._wait_readable()
                continue
            except OSError:
                raise self._lost() from None
            if not data and self.overdue:
                raise self._faults.stalled()
            self.received += len(data)
            return data

    def has_data(self) -> bool:
        """Whether something (or the peer's end) is here, without waiting."""
        if self._ahead:
            return True
        try:
            self.socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True  # the next call finds out
        return True

    def has_arrivals(self) -> bool:
        """The same, for others than the one who reads: it is left where it is, for
        what TLS decrypts nobody would be woken for."""
        poll = select.poll()
        poll.register(self.descriptor, select.POLLIN)
        return bool(self._ahead or poll.poll(0))

    def wait_for_data(self) -> None:
        """Wait until something arrives, when nothing is here."""
        # TLS may have decrypted more than was asked for, and nothing else comes.
        if not (self._ahead or (self._is_encrypted and self.has_data())):
            self._wait_readable()

    def take(self, size: int) -> bytes:
        """At most ``size`` bytes, at least one; ``b""`` when the peer ended."""
        ahead, start = self._ahead, self._start
        if not ahead:
            ahead, start = self.receive(), 0
        stop = start + size
        if stop < len(ahead):
            self._ahead, self._start = ahead, stop
        else:
            self._ahead, self._start = b"", 0
        return ahead[start:stop]

    def take_into(self, view: memoryview) -> int:
        """Like ``take``, into ``view``; straight from the socket when it can."""
        if self._ahead:
            piece = self.take(len(view))
            view[: len(piece)] = piece
            return len(piece)
        while True:
            try:
                size = self.socket.recv_into(view)
            except BlockingIOError:
                self._wait_readable()
                continue
            except OSError:
                raise self._lost() from None
            if not size and self.overdue:
                raise self._faults.stalled()
            self.received += size
            return size

    def take_line(self, bytes_max: int) -> bytes:
        """The next line without its CRLF.  A bare LF, an over-long line or an
        end within it is malformed."""
        while True:
            stop = self._ahead.find(b"\n", self._start)
            if stop >= 0:
                line = self._ahead[self._start : stop]
                self._start = stop + 1
                if self._start == len(self._ahead):
                    self._start, self._ahead = 0, b""
                if line[-1:] != b"\r" or len(line) > bytes_max:
                    raise self._faults.malformed("bad line end")
                return line[:-1]
            if self.buffered > bytes_max:
                raise self._faults.malformed("line too long")
            before = self._ahead[self._start :]
            self._start, self._ahead = 0, b""
            more = self.receive()
            if not more:
                raise self._faults.gone()
            self._ahead = before + more

    def put_back(self, data: bytes) -> None:
        """Give back bytes that were received too far; they come next again."""
        if data:
            self._ahead = data + self._ahead[self._start :]
            self._start = 0
