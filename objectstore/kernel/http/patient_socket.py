"""A socket that waits with a deadline: sending, waiting and ending.

Every call tries the socket first and waits on the hub only when it would
block, so data that is there costs no switch.  No timers: a wait notes when it
is overdue in ``deadline``, and a ``Sweeper`` that looks once a second shuts
stale sockets down, which wakes the waiting greenlet.

What went wrong is raised through ``Faults``, because whose fault it is differs:
to the edge a vanished peer is the caller's doing, to the client pool a node that
is away.
"""

from __future__ import annotations

import contextlib
import math
import os
import socket
import struct
from collections.abc import Callable
from typing import NamedTuple

from objectstore.kernel import concurrency
from objectstore.kernel.http.limits import (
    ENCRYPTED_BYTES,
    SENDFILE_BYTES,
    SENT_IN_A_ROW_BYTES,
)
from objectstore.kernel.http.tls import TlsSocket

NEVER = math.inf
# SO_LINGER on, zero seconds: close throws unsent data away.
ABORTIVE_CLOSE = struct.pack("ii", 1, 0)


class Faults(NamedTuple):
    """How this side calls a peer's failings: makers of exceptions."""

    gone: Callable[[], Exception]
    stalled: Callable[[], Exception]
    malformed: Callable[[str], Exception]


class PatientSocket:
    """One connection, used by one greenlet.  Receiving is ``stream``'s."""

    __slots__ = (
        "_clock",
        "_counted",
        "_faults",
        "_is_encrypted",
        "_readiness",
        "_rested",
        "_sending",
        "_waited",
        "broken",
        "deadline",
        "descriptor",
        "limit",
        "overdue",
        "patience",
        "rate_min",
        "received",
        "sent",
        "socket",
    )

    def __init__(
        self,
        sock: socket.socket | TlsSocket,
        faults: Faults,
        monotonic: Callable[[], float],
        patience: float,
    ) -> None:
        sock.setblocking(False)
        self.socket = sock
        self.descriptor = sock.fileno()
        self.deadline = NEVER  # when the wait going on now is overdue
        self.overdue = False  # the sweeper found it so
        self.broken = False  # the peer is gone: nothing can be sent any more
        self.patience = patience  # seconds a wait may last ...
        self.limit = NEVER  # ... and when the last one must end (monotonic)
        # Bytes a second, in both directions together, that the peer owes us while we
        # wait for it, once ``patience`` is used up; 0: none.
        self.rate_min = 0
        self.received = 0
        self.sent = 0
        self._faults = faults
        self._is_encrypted = isinstance(sock, TlsSocket)
        self._clock = monotonic
        self._readiness = concurrency.Readiness(self.descriptor)
        self._sending = False  # the wait going on is for room to send
        self._rested = 0  # bytes sent when others had their turn last
        self._counted = 0  # bytes of messages before this one
        self._waited = 0.0  # seconds, for this one

    def begin_message(self, patience: float, rate_min: int) -> None:
        """What follows is one message and its answer: no wait for its bytes may last
        longer than ``patience``, nor all of them longer than that and what it takes
        at ``rate_min`` bytes a second (0: as long as it likes)."""
        self.limit = NEVER
        self.patience = patience
        self.rate_min = rate_min
        self._counted = self.received + self.sent
        self._waited = 0.0

    # ---- sending ---------------------------------------------------------

    def send(self, data: bytes | memoryview, flags: int = 0) -> None:
        """Send it all."""
        try:
            done = self.socket.send(data, flags)
        except BlockingIOError:
            done = 0
        except OSError:
            raise self._lost() from None
        self.sent += done
        if done != len(data):
            self._send_rest(memoryview(data)[done:])

    def send_parts(self, *parts: bytes | memoryview) -> None:
        """Send them one after the other in one call, without joining them (TLS would
        make a record of each)."""
        if self._is_encrypted:
            self.send(b"".join(parts))
            return
        try:
            done = self.socket.sendmsg(parts)
        except BlockingIOError:
            done = 0
        except OSError:
            raise self._lost() from None
        self.sent += done
        for part in parts:
            if done >= len(part):
                done -= len(part)
            else:
                self._send_rest(memoryview(part)[done:])
                done = 0

    def send_file(self, descriptor: int, offset: int, length: int) -> int:
        """Send a file's bytes without touching them; how many there were."""
        if self._is_encrypted:
            return self._send_through_memory(descriptor, offset, length)
        left = length
        while left > 0:
            try:
                done = os.sendfile(
                    self.descriptor, descriptor, offset, min(left, SENDFILE_BYTES)
                )
            except BlockingIOError:
                self._wait_writable()
                continue
            except OSError:
                raise self._lost() from None
            if done == 0:
                break  # the file is shorter than its owner said
            self.sent += done
            offset += done
            left -= done
        return length - left

    def _send_through_memory(self, descriptor: int, offset: int, length: int) -> int:
        """The same, over TLS: somebody has to encrypt them."""
        left = length
        while left > 0:
            piece = os.pread(descriptor, min(left, ENCRYPTED_BYTES), offset)
            if not piece:
                break  # the file is shorter than its owner said
            self.send(piece)
            self.let_others()
            offset += len(piece)
            left -= len(piece)
        return length - left

    def let_others(self) -> None:
        """Between two pieces of a long reply: a client that never makes us wait would
        keep all others waiting until its end."""
        if self.sent - self._rested >= SENT_IN_A_ROW_BYTES:
            self._rested = self.sent
            concurrency.sleep(0)

    def _send_rest(self, rest: memoryview) -> None:
        while rest:
            try:
                done = self.socket.send(rest)
            except BlockingIOError:
                self._wait_writable()
                continue
            except OSError:
                raise self._lost() from None
            self.sent += done
            rest = rest[done:]

    # ---- waiting and ending ----------------------------------------------

    def expire(self) -> None:
        """The wait is overdue: wake the greenlet that waits.

        One that waits for data keeps the way out, so that it can send a 408.
        """
        self.overdue = True
        if self._sending:
            self.sever()
        else:
            self.deadline = NEVER
            self._shut(socket.SHUT_RD)

    def sever(self) -> None:
        """End both directions at once; whoever waits wakes up."""
        self.broken = True
        self.deadline = NEVER
        self._shut(socket.SHUT_RDWR)

    def end_sending(self) -> None:
        """Tell the peer that nothing follows."""
        if isinstance(self.socket, TlsSocket):
            self.socket.say_goodbye()
        else:
            self._shut(socket.SHUT_WR)

    def close(self) -> None:
        """Close the socket; data still unsent to a stalled peer is dropped."""
        if self.broken:
            # The peer may have closed it, or the family may not know this.
            with contextlib.suppress(OSError):
                self.socket.setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, ABORTIVE_CLOSE
                )
        self.deadline = NEVER
        self.descriptor = -1
        self._readiness.close()
        self.socket.close()

    def _shut(self, how: int) -> None:
        try:
            self.socket.shutdown(how)
        except OSError:
            self.broken = True  # not connected any more: that is what was wanted

    def _lost(self) -> Exception:
        self.broken = True
        return self._faults.stalled() if self.overdue else self._faults.gone()

    def _wait_readable(self) -> None:
        if self.overdue:
            raise self._faults.stalled()
        began = self._clock()
        self.deadline = self._due(began)
        self._readiness.wait()
        self.deadline = NEVER
        self._waited += self._clock() - began

    def _wait_writable(self) -> None:
        if self.broken:
            raise self._lost()
        began = self._clock()
        self.deadline = self._due(began)
        self._sending = True
        concurrency.wait_writable(self.descriptor)
        self._sending = False
        self._rested = self.sent
        self.deadline = NEVER
        self._waited += self._clock() - began

    def _due(self, now: float) -> float:
        """When a wait that begins now is overdue."""
        wait = self.patience
        if self.rate_min:
            # A byte now and then must not hold a connection for ever.
            moved = self.received + self.sent - self._counted
            wait = min(wait, wait + moved / self.rate_min - self._waited)
        return min(now + wait, self.limit)
