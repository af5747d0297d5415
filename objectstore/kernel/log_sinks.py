"""Where log lines go: a descriptor, a file that may be rotated, syslog."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

SYSLOG_SOCKET = Path("/dev/log")
SYSLOG_PRIORITY = 8 * 18 + 6  # facility local2, severity informational
# Syslog daemons cut longer messages.
SYSLOG_BYTES_MAX = 8192


class Sink(Protocol):
    """Takes lines; may block, so it is called on a native thread."""

    def write(self, lines: Sequence[str]) -> None:
        """Write the lines, each without its line end.  Raises ``OSError``."""

    def close(self) -> None:
        """Give up what is held."""


class DescriptorSink:
    """An open descriptor, such as standard output."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, lines: Sequence[str]) -> None:
        """Write the lines."""
        _write_all(self._descriptor, lines)

    def close(self) -> None:
        """Leave the descriptor to its owner."""


class FileSink:
    """A file that is opened again when somebody has moved it away (rotation)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = self._open()

    def write(self, lines: Sequence[str]) -> None:
        """Append the lines."""
        if self._was_moved():
            os.close(self._descriptor)
            self._descriptor = self._open()
        _write_all(self._descriptor, lines)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def _open(self) -> int:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        return os.open(self._path, flags, 0o640)

    def _was_moved(self) -> bool:
        try:
            there = os.stat(self._path)
        except FileNotFoundError:
            return True
        ours = os.fstat(self._descriptor)
        return (there.st_dev, there.st_ino) != (ours.st_dev, ours.st_ino)


class SyslogSink:
    """The machine's syslog daemon, one datagram a line."""

    def __init__(self, tag: str, path: Path = SYSLOG_SOCKET) -> None:
        self._path = path
        self._head = f"<{SYSLOG_PRIORITY}>{tag}: "
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

    def write(self, lines: Sequence[str]) -> None:
        """Send the lines."""
        for line in lines:
            data = (self._head + line).encode("utf-8", "replace")
            self._socket.sendto(data[:SYSLOG_BYTES_MAX], str(self._path))

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


def open_sink(target: str, tag: str) -> Sink:
    """The sink that a setting names: ``stdout``, ``stderr``, ``syslog`` or a path."""
    if target == "stdout":
        return DescriptorSink(sys.stdout.fileno())
    if target == "stderr":
        return DescriptorSink(sys.stderr.fileno())
    if target == "syslog":
        return SyslogSink(tag)
    return FileSink(Path(target))


def _write_all(descriptor: int, lines: Sequence[str]) -> None:
    data = memoryview(("\n".join(lines) + "\n").encode("utf-8", "replace"))
    while data:
        # The descriptor may be shared with somebody who made it non-blocking.
        with contextlib.suppress(BlockingIOError):
            data = data[os.write(descriptor, data) :]
