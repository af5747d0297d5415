"""Pre-forked workers under one supervisor.

    def work(worker: Worker) -> None:       # in a process of its own
        server = ...
        worker.ready()
        server.serve()

    sys.exit(Supervisor(work, 4).run())

The supervisor has neither hub nor threads, so forking is safe at any time.  It
waits on one pipe for signals and on one channel of each worker, which brings word
when the worker is ready and ends when the worker does.

* A worker that dies is started again, later and later if it dies young.
* SIGTERM, SIGINT: workers get SIGTERM, time to drain, then SIGKILL; a second
  signal kills at once.
* SIGHUP: workers are replaced one by one, each stopped before its successor starts,
  because a process owns its devices and its successor could not open them.
  ``may_replace`` is asked before, in a process of its own.  Meanwhile the supervisor
  keeps the listening sockets of one that has no siblings (``Worker.listen``).
* When the last worker dies that was ready, it keeps where clients come
  (``Worker.await_clients``), if the next one is due at once.  It lets go of all else.
* A worker that exits with ``EXIT_CONFIGURATION`` before it was ever ready would
  do so for ever: the supervisor stops everything and exits with that.
* When the supervisor itself dies, the system sends its workers SIGTERM.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from objectstore.kernel.clock import Clock, SystemClock
from objectstore.kernel.process import (
    EXIT_CONFIGURATION,
    SIGNALS,
    Work,
    Worker,
    hear_ready,
    live_as_worker,
)
from objectstore.kernel.question import Question
from objectstore.kernel.worker_place import Place

DRAIN_SECONDS = 30.0
# A worker that lived longer than this did not die of its start.
YOUNG_SECONDS = 10.0
RESTART_SECONDS = 0.1
RESTART_SECONDS_MAX = 30.0
# Clients wait for a worker that is started by then.
AWAITED_SECONDS_MAX = 1.0
# A successor that is not ready by then does not hold up the next one.
READY_SECONDS = 60.0
STOP_SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT})
# All that the pipe which brings them holds.
SIGNALS_IN_A_TURN = 64 * 1024

logger = logging.getLogger("objectstore.process")


class Supervisor:
    """Starts workers, keeps their number, and ends them."""

    def __init__(
        self,
        work: Work,
        workers: int,
        *,
        pid_file: Path | None = None,
        drain_seconds: float = DRAIN_SECONDS,
        clock: Clock | None = None,
        may_replace: Callable[[], bool] | None = None,
    ) -> None:
        self._work = work
        self._places = [Place(index) for index in range(workers)]
        self._pid_file = pid_file
        self._drain_seconds = drain_seconds
        self._clock = clock or SystemClock()
        self._question = None if may_replace is None else Question(may_replace)
        self._is_asked_again = False
        self._stopping = False
        self._to_replace: list[Place] = []
        self._replaced_at = 0.0
        self._status = 0
        self._wake_reader = -1
        self._wake_writer = -1

    def run(self) -> int:
        """Supervise until told to stop; the exit status."""
        self._wake_reader, self._wake_writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(self._wake_writer, warn_on_full_buffer=False)
        for number in SIGNALS:
            signal.signal(number, _noted)
        self._write_pid_file()
        try:
            while not (self._stopping and all(not p.process for p in self._places)):
                self._start_due()
                self._kill_overdue()
                self._replace_next()
                self._wait()
        finally:
            self._remove_pid_file()
        return self._status

    # ---- one turn ------------------------------------------------------------

    def _wait(self) -> None:
        channels = [place.channel for place in self._places if place.channel]
        readers: list[int | socket.socket] = [self._wake_reader, *channels]
        found, _, _ = select.select(readers, [], [], self._seconds_to_next())
        if self._wake_reader in found:
            self._take_signals(os.read(self._wake_reader, SIGNALS_IN_A_TURN))
        for place in self._places:
            if place.channel in found:
                self._hear(place)
        self._reap()
        self._hear_answer()

    def _seconds_to_next(self) -> float | None:
        """Until the next start or kill is due; None when there is none."""
        moments = [
            place.stop_by if place.process else place.start_at
            for place in self._places
            if place.stop_by or not (place.process or self._stopping)
        ]
        if self._to_replace:
            moments.append(self._replaced_at + READY_SECONDS)
        if not moments:
            return None
        return max(0.0, min(moments) - self._clock.monotonic())

    def _take_signals(self, numbers: bytes) -> None:
        """Those that came since the last turn: the end first, and of many SIGHUPs
        one."""
        for _ in filter(STOP_SIGNALS.__contains__, numbers):
            self._stop(at_once=self._stopping)
        if signal.SIGHUP in numbers and not self._stopping:
            self._ask_to_replace()

    def _ask_to_replace(self) -> None:
        """Look whether successors would start; meanwhile all else goes on."""
        if self._question is None:
            self._begin_to_replace()
        elif self._question.is_open:
            self._is_asked_again = True
        else:
            self._question.begin()

    def _hear_answer(self) -> None:
        answer = None if self._question is None else self._question.answer()
        if answer is None:
            return
        if answer:
            self._begin_to_replace()
        else:
            logger.error("the workers stay as they are")
        if self._is_asked_again:
            self._is_asked_again = False
            self._ask_to_replace()

    def _begin_to_replace(self) -> None:
        logger.info("replacing the workers one by one")
        # Whose turn has not come goes first: or the first worker would be replaced
        # again and again, and the last never.
        waiting = self._to_replace
        waiting += [place for place in self._places if place not in waiting]

    def _stop(self, *, at_once: bool) -> None:
        self._stopping = True
        self._to_replace = []
        if self._question is not None:
            self._question.drop()
        for place in self._places:
            place.keep({})
            self._tell_to_stop(place)
            if at_once and place.process:
                place.stop_by = self._clock.monotonic()

    def _tell_to_stop(self, place: Place) -> None:
        if place.process and not place.stop_by:
            if len(self._places) > 1:
                place.keep({})  # its siblings listen
            place.stop_by = self._clock.monotonic() + self._drain_seconds
            _send(place.process, signal.SIGTERM)

    def _kill_overdue(self) -> None:
        now = self._clock.monotonic()
        for place in self._places:
            if place.process and place.stop_by and place.stop_by <= now:
                logger.warning("worker %d does not end: killed", place.index)
                _send(place.process, signal.SIGKILL)
                place.stop_by = now + self._drain_seconds

    def _replace_next(self) -> None:
        """Go on replacing when everybody is ready, or has had time to be."""
        if not self._to_replace:
            return
        late = self._clock.monotonic() >= self._replaced_at + READY_SECONDS
        if late or all(place.takes_clients for place in self._places):
            place = self._to_replace.pop(0)
            place.failures = 0
            self._replaced_at = self._clock.monotonic()
            self._tell_to_stop(place)

    # ---- workers ---------------------------------------------------------------

    def _start_due(self) -> None:
        now = self._clock.monotonic()
        for place in self._places:
            if not place.process and not self._stopping and place.start_at <= now:
                self._start(place)

    def _start(self, place: Place) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        parent = os.getpid()
        sys.stdout.flush()
        sys.stderr.flush()
        process = os.fork()
        if not process:
            worker = Worker(
                place.index,
                len(self._places),
                theirs,
                is_first=not place.started,
                inherited=place.listeners,
            )
            descriptors = [ours.fileno(), self._wake_reader, self._wake_writer]
            others = [each for each in self._places if each is not place]
            descriptors += [n for each in others for n in each.descriptors()]
            live_as_worker(self._work, worker, parent, descriptors)
        theirs.close()
        place.process, place.channel = process, ours
        place.started = self._clock.monotonic()
        place.is_ready, place.stop_by = False, 0.0

    def _hear(self, place: Place) -> None:
        assert place.channel is not None
        listeners = hear_ready(place.channel)
        if listeners is None:
            place.close_channel()
            return
        place.is_ready = True
        place.keep(listeners)
        if self._stopping or (place.stop_by and len(self._places) > 1):
            place.keep({})  # it was told to stop since

    def _reap(self) -> None:
        for place in self._places:
            if not place.process:
                continue
            process, status = os.waitpid(place.process, os.WNOHANG)
            if process:
                self._note_end(place, os.waitstatus_to_exitcode(status))

    def _note_end(self, place: Place, code: int) -> None:
        now = self._clock.monotonic()
        was_told, was_ready = bool(place.stop_by), place.is_ready
        place.process, place.is_ready, place.stop_by = 0, False, 0.0
        place.close_channel()
        if was_told:
            place.start_at = now
            return
        if code == EXIT_CONFIGURATION and not was_ready:
            place.keep({})
            self._status = EXIT_CONFIGURATION
            self._stop(at_once=False)
            return
        is_young = now - place.started < YOUNG_SECONDS
        place.failures = place.failures + 1 if is_young else 0
        delay = min(RESTART_SECONDS * 2**place.failures, RESTART_SECONDS_MAX)
        place.start_at = now + delay
        is_last = was_ready and not any(each.takes_clients for each in self._places)
        place.outlive_worker(is_awaited=is_last and delay <= AWAITED_SECONDS_MAX)
        logger.error(
            "worker %d ended with %d: a new one in %.1f s", place.index, code, delay
        )

    def _write_pid_file(self) -> None:
        if self._pid_file is not None:
            self._pid_file.write_text(f"{os.getpid()}\n")

    def _remove_pid_file(self) -> None:
        if self._pid_file is not None:
            self._pid_file.unlink(missing_ok=True)


def _noted(number: int, frame: object) -> None:
    """The wake-up pipe has it: ``Supervisor._wait`` reads it there."""


def _send(process: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, number)
