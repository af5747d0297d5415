"""What one side of a channel has to send: gathered for a turn of the hub, then sent
in one system call.

The pieces of long messages take turns: one is on its way at a time, behind what was
short and ready before it, and ahead of what comes.  No more messages take turns
together than the other side can hold the parts of.
"""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Iterator
from typing import Any

from objectstore.kernel import concurrency
from objectstore.kernel.errors import DeadlineExceeded
from objectstore.kernel.http.stream import Stream
from objectstore.wire.channel.format import (
    BYTES_IN_A_ROW,
    LEAVING,
    PIECE_BYTES_MAX,
    PIECE_HEAD,
    UNFINISHED_BYTES_MAX,
    piece_head,
    pieces,
)

Part = bytes | memoryview
# A long message that waits: its number, and all its bytes.
_Long = tuple[int, bytes]
# The system takes so many parts in one call (IOV_MAX).
PARTS_MAX = 1024
# A peer that takes nothing for so long is as good as gone, and much earlier nobody
# should give it more: what waits is memory.
STALL_SECONDS = 10.0
STUCK_SECONDS = 2.0
# So much may wait in the system, ahead of what comes: it would take megabytes, which
# are a quarter of a second on a slow network.
UNSENT_BYTES_MAX = 128 * 1024


class Outbox:
    """Sends on a stream what it is given, without holding up the giver.

    When the peer is gone or takes nothing, it severs the stream and drops what there
    is: whoever reads from the stream sees its end.
    """

    def __init__(self, stream: Stream, stall_seconds: float = STALL_SECONDS) -> None:
        self.is_stuck = False  # the peer has taken nothing for a while
        self._stream = stream
        self._stall_seconds = stall_seconds
        self._ready: list[Part] = []
        self._long: deque[_Long] = deque()  # not begun
        self._turns: deque[tuple[int, Iterator[tuple[Part, Part]]]] = deque()
        self._turns_bytes = 0  # of all messages that take turns
        self._until_turn = 0  # parts ahead of the next piece of a long message
        self._is_busy = False  # sending, or about to
        self._task: concurrency.Task = None  # waits for room
        _hold_little_unsent(stream.socket)

    def put(self, number: int, *parts: Part) -> None:
        """Send a message; what it is made of must stay unchanged.  Never waits."""
        length = sum(map(len, parts))
        if length <= PIECE_BYTES_MAX:
            self._ready.append(piece_head(number, length))
            self._ready += parts
        else:
            self._long.append((number, b"".join(parts)))
        self._begin()

    @property
    def is_moving(self) -> bool:
        """Whether there is something left, and the peer takes it."""
        return self._is_busy and not self.is_stuck

    def put_leaving(self) -> None:
        """Say that no more calls are taken."""
        self._ready.append(PIECE_HEAD.pack(LEAVING, 0, 0))
        self._begin()

    def end(self) -> None:
        """Drop what there is.  The stream is severed: nothing waits for it for long."""
        self._drop_all()
        if self._task is not None:
            concurrency.wait_task(self._task)

    def _begin(self) -> None:
        if not self._is_busy:
            self._is_busy = True
            concurrency.soon(self._send)

    def _send(self) -> None:
        """On the hub: what goes at once."""
        if self._send_some():
            self._is_busy = False
        else:
            self._task = concurrency.spawn(self._send_rest)

    def _send_rest(self) -> None:
        try:
            while not self._send_some():
                self._wait_for_room()
        except (DeadlineExceeded, OSError):
            self._give_up()
        self._task = None
        self._is_busy = False

    def _wait_for_room(self) -> None:
        descriptor = self._stream.descriptor
        try:
            concurrency.wait_writable(descriptor, STUCK_SECONDS)
        except DeadlineExceeded:
            self.is_stuck = True
            concurrency.wait_writable(descriptor, self._stall_seconds)
        self.is_stuck = False

    def _send_some(self) -> bool:
        """Until the system takes no more, or the others want their turn; whether all
        is sent."""
        in_a_row = 0  # bytes
        while True:
            if self._until_turn <= 0:
                self._take_turns()
            if not self._ready:
                return True
            if in_a_row >= BYTES_IN_A_ROW:
                return False
            parts = self._ready[:PARTS_MAX]
            try:
                done = self._stream.socket.sendmsg(parts)
            except BlockingIOError:
                return False
            except OSError:
                self._give_up()
                return True
            self._stream.sent += done
            in_a_row += done
            self._drop(parts, done)

    def _take_turns(self) -> None:
        """A piece of one long message behind what is ready, if there is any."""
        self._begin_long()
        while self._turns:
            length, of_message = self._turns.popleft()
            following = next(of_message, None)
            if following is not None:
                self._ready += following
                self._turns.append((length, of_message))
                self._until_turn = len(self._ready)
                return
            self._turns_bytes -= length
            self._begin_long()

    def _begin_long(self) -> None:
        while self._long:
            number, message = self._long[0]
            if self._turns and self._turns_bytes + len(message) > UNFINISHED_BYTES_MAX:
                break
            self._long.popleft()
            self._turns.append((len(message), pieces(number, message)))
            self._turns_bytes += len(message)

    def _drop(self, parts: list[Part], done: int) -> None:
        """Forget what the system took."""
        count = 0
        for part in parts:
            if done < len(part):
                break
            done -= len(part)
            count += 1
        del self._ready[:count]
        self._until_turn -= count
        if done:
            self._ready[0] = memoryview(self._ready[0])[done:]

    def _give_up(self) -> None:
        self._drop_all()
        self._stream.sever()

    def _drop_all(self) -> None:
        self._ready.clear()
        self._long.clear()
        self._turns.clear()
        self._turns_bytes = self._until_turn = 0


def _hold_little_unsent(sock: Any) -> None:
    if sock.family != socket.AF_UNIX:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES_MAX)
