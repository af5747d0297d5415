"""What the disk alone makes of the syncs of small writes.

    python -m test.bench.disk_floor [--rate N] [--seconds N] [--directory PATH]

A small PUT of an all-in-one store waits for three of four logs of objects, then for
three of four logs of rows; what comes to a log while a batch of it is being synced goes
with the next.  The same is done here, with files of the same kind, at an even rate and
with nothing of the store: writes, ``io_submit`` of the syncs, and waiting.  *Over
zeros*: into files that were written before, so that the file system has nothing to
note.  Behind it stands one file that is written and synced again and again.
"""

from __future__ import annotations

import ctypes
import os
import select
import struct
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import click

from test.bench.driver import Outcome
from test.bench.pacing import TICKS_BYTES, alone, timer

DEVICES = 4
COPIES = 3
OBJECT, ROW = b"x" * 4500, b"x" * 300
ALLOCATED_BYTES = 64 * 1024 * 1024
REQUESTS_MAX = 64
# io_setup, io_getevents, io_submit of x86-64; struct iocb and struct io_event.
_SETUP, _GETEVENTS, _SUBMIT = 206, 208, 209
_IOCB = struct.Struct("<QIIHhIQQqQII")
_EVENT = struct.Struct("<QQqq")
_FDSYNC, _TELL = 3, 1
_libc = ctypes.CDLL(None, use_errno=True)


class _Log:
    """A file, who waits for its batch under way, and who for the next."""

    def __init__(self, path: Path, is_written: bool) -> None:
        self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
        os.posix_fallocate(self.descriptor, 0, ALLOCATED_BYTES)
        if is_written:
            os.pwrite(self.descriptor, bytes(ALLOCATED_BYTES), 0)
        os.fsync(self.descriptor)
        self.at = 0
        self.syncing: list[_Put] = []
        self.waiting: list[_Put] = []

    def write(self, data: bytes) -> None:
        """Go on in the file, from its start again at its end."""
        if self.at + len(data) > ALLOCATED_BYTES:
            self.at = 0
        self.at += os.pwrite(self.descriptor, data, self.at)


class _Put:
    """One write: the logs of objects, then those of rows."""

    __slots__ = ("due", "is_row", "left", "logs")

    def __init__(self, due: float, number: int) -> None:
        self.due = due
        self.logs = [(number + each) % DEVICES for each in range(COPIES)]
        self.left = COPIES
        self.is_row = False


class _Disk:
    """The logs, and the kernel's queue of syncs."""

    def __init__(self, directory: Path, is_written: bool) -> None:
        paths = [directory / str(number) for number in range(2 * DEVICES)]
        self.logs = [_Log(path, is_written) for path in paths]
        self.eventfd = os.eventfd(0, os.EFD_NONBLOCK)
        self._context = ctypes.c_ulong(0)
        if _libc.syscall(_SETUP, REQUESTS_MAX, ctypes.byref(self._context)):
            raise OSError(ctypes.get_errno(), "io_setup")
        self._events = ctypes.create_string_buffer(_EVENT.size * REQUESTS_MAX)

    def add(self, put: _Put) -> None:
        """It waits for its logs."""
        for log in put.logs:
            self.logs[log + DEVICES * put.is_row].waiting.append(put)

    def submit(self) -> None:
        """Begin a batch wherever some wait and none is under way."""
        requests = []
        for number, log in enumerate(self.logs):
            if log.waiting and not log.syncing:
                log.syncing, log.waiting = log.waiting, []
                log.write((OBJECT if number < DEVICES else ROW) * len(log.syncing))
                fields = (number, 0, 0, _FDSYNC, 0, log.descriptor, 0, 0, 0, 0)
                raw = _IOCB.pack(*fields, _TELL, self.eventfd)
                requests.append(ctypes.create_string_buffer(raw))
        if requests:
            addresses = (ctypes.c_void_p * len(requests))(
                *map(ctypes.addressof, requests)
            )
            taken = _libc.syscall(_SUBMIT, self._context, len(requests), addresses)
            if taken != len(requests):
                raise OSError(ctypes.get_errno(), "io_submit")

    def ended(self) -> Iterator[_Put]:
        """Those whose last log of a kind was synced."""
        os.read(self.eventfd, 8)
        count = _libc.syscall(
            _GETEVENTS, self._context, 0, REQUESTS_MAX, self._events, None
        )
        raw = memoryview(self._events)[: count * _EVENT.size]
        for number, _, result, _ in _EVENT.iter_unpack(raw):
            if result:
                raise OSError(-result, "fdatasync")
            log = self.logs[number]
            puts, log.syncing = log.syncing, []
            for put in puts:
                put.left -= 1
                if not put.left:
                    yield put


def puts(directory: Path, rate: float, seconds: float, is_written: bool) -> Outcome:
    """Write as a store does, at this rate; ``is_written``: over what is written."""
    disk, outcome = _Disk(directory, is_written), Outcome()
    count = int(rate * seconds)
    made = 0
    with alone(), select.epoll() as epoll:
        began = time.perf_counter() + 0.01
        with timer(began, rate) as ticks:
            epoll.register(ticks, select.EPOLLIN)
            epoll.register(disk.eventfd, select.EPOLLIN)
            while len(outcome.seconds) < count:
                for descriptor, _ in epoll.poll():
                    if descriptor == ticks:
                        os.read(ticks, TICKS_BYTES)
                        continue
                    for put in disk.ended():
                        if put.is_row:
                            outcome.seconds.append(time.perf_counter() - put.due)
                        else:
                            put.is_row, put.left = True, COPIES
                            disk.add(put)
                while made < count and time.perf_counter() >= began + made / rate:
                    disk.add(_Put(began + made / rate, made))
                    made += 1
                disk.submit()
    return outcome


def one_file(directory: Path, seconds: float) -> Outcome:
    """4 KiB and a sync, again and again."""
    log, outcome = _Log(directory / "one", is_written=False), Outcome()
    until = time.perf_counter() + seconds
    while (began := time.perf_counter()) < until:
        log.write(OBJECT)
        os.fdatasync(log.descriptor)
        outcome.seconds.append(time.perf_counter() - began)
    return outcome


def _tell(name: str, outcome: Outcome) -> None:
    p50, p99 = outcome.percentile(0.5), outcome.percentile(0.99)
    print(
        f"{name}: {len(outcome.seconds)}, p50 {p50:.2f} ms, p99 {p99:.2f} ms "
        f"({p99 / p50:.1f} times), most {outcome.percentile(1):.1f} ms"
    )


@click.command()
@click.option("--rate", default=1000.0, show_default=True, help="PUTs a second.")
@click.option("--seconds", default=5.0, show_default=True, help="Of each.")
@click.option("--directory", help="On the disk in question; default: the system's.")
def main(rate: float, seconds: float, directory: str | None) -> None:
    """Print how long the syncs take."""
    prefix = "ringstack-bench-"
    with tempfile.TemporaryDirectory(prefix=prefix, dir=directory) as place:
        for is_written in (False, True):
            name = "as PUTs, over zeros" if is_written else "as PUTs"
            _tell(name, puts(Path(place), rate, seconds, is_written))
        _tell("one file", one_file(Path(place), seconds))


if __name__ == "__main__":
    main()
