"""A container's console, to its log and to whoever connects to its socket.

    python -I -S console_relay.py TERMINAL LOG SOCKET

A process for each container, as small as Python can be: it outlives the agent, or
what is said meanwhile would be lost, and a container that says much would wait.  It
ends with the container, whose end of the terminal is then gone.
"""

from __future__ import annotations

import os
import selectors
import socket
import sys
from contextlib import suppress

READ_BYTES = 64 * 1024
# Who connects takes the place of whoever was there: one person, one keyboard.
BACKLOG = 1


class Relay:
    """Runs until the terminal ends."""

    def __init__(self, terminal: int, log: int, door: socket.socket) -> None:
        self._terminal = terminal
        self._log = log
        self._door = door
        self._guest: socket.socket | None = None
        self._selector = selectors.DefaultSelector()
        self._selector.register(terminal, selectors.EVENT_READ, self._say)
        self._selector.register(door, selectors.EVENT_READ, self._welcome)
        self._ended = False

    def run(self) -> None:
        """Carry bytes both ways."""
        while not self._ended:
            for key, _ in self._selector.select():
                key.data()

    def _say(self) -> None:
        try:
            said = os.read(self._terminal, READ_BYTES)
        except OSError:
            said = b""
        if not said:
            self._ended = True
            return
        os.write(self._log, said)
        if self._guest is not None:
            try:
                # Who does not read must not keep the container waiting.
                self._guest.send(said, socket.MSG_DONTWAIT)
            except BlockingIOError:
                pass
            except OSError:
                self._bid_farewell()

    def _welcome(self) -> None:
        visitor, _ = self._door.accept()
        if self._guest is not None:
            self._bid_farewell()
        self._guest = visitor
        self._selector.register(visitor, selectors.EVENT_READ, self._type)

    def _type(self) -> None:
        assert self._guest is not None
        try:
            typed = self._guest.recv(READ_BYTES)
        except OSError:
            typed = b""
        if not typed:
            self._bid_farewell()
            return
        try:
            os.write(self._terminal, typed)
        except OSError:
            self._ended = True

    def _bid_farewell(self) -> None:
        if self._guest is not None:
            self._selector.unregister(self._guest)
            self._guest.close()
            self._guest = None


def main(terminal_path: str, log_path: str, socket_path: str) -> None:
    """See above."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    log = os.open(log_path, flags, 0o600)
    terminal = os.open(terminal_path, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    door = socket.socket(socket.AF_UNIX)
    with suppress(FileNotFoundError):
        os.unlink(socket_path)
    os.umask(0o077)
    door.bind(socket_path)
    door.listen(BACKLOG)
    Relay(terminal, log, door).run()


if __name__ == "__main__":
    main(*sys.argv[1:4])
