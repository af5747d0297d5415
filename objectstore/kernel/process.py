"""A process of the house: what it may open, when it ends, and its life as a worker.

``kernel.supervisor`` forks workers; what is done on their side of the fork is here.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import logging
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable, Iterable
from typing import NamedTuple, NoReturn

from objectstore.kernel import interpreter
from objectstore.kernel.errors import RingstackError
from objectstore.kernel.http.listen import listen
from objectstore.kernel.settings import BadSettings

EXIT_CONFIGURATION = os.EX_CONFIG
EXIT_FAILURE = 1
PR_SET_PDEATHSIG = 1
# What a supervisor hears; its workers forget that it did.
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
# For clients, for other servers, for who asks how it is.
LISTENERS_MAX = 16
READY_BYTES_MAX = 8 * 1024

logger = logging.getLogger("objectstore.process")


ListenAt = Callable[[str, int], socket.socket]
"""Makes a listening socket, of host and port."""


class Listener(NamedTuple):
    """A listening socket that a supervisor has, too."""

    sock: socket.socket
    is_for_clients: bool


Listeners = dict[str, Listener]
"""By what was asked for, HOST:PORT."""


class Worker:
    """What a worker process knows of itself."""

    def __init__(
        self,
        index: int,
        count: int,
        channel: socket.socket,
        *,
        is_first: bool,
        inherited: Listeners | None = None,
    ) -> None:
        """``inherited``: where the one before it listened."""
        self.index = index  # 0 .. count - 1, kept by its successors
        self.count = count
        # In its place: all the others start too, now.
        self.is_first = is_first
        self._channel = channel
        self._inherited = inherited or {}
        self._listeners: Listeners = {}
        self._for_clients: set[str] = set()

    def listen(self, host: str, port: int) -> socket.socket:
        """A listening socket there.  Raises ``OSError``.

        A worker without siblings goes on with its predecessor's: who comes while nobody
        is there waits in its queue, and is not refused.  Those with siblings do not,
        for these take who comes; but see ``await_clients``.
        """
        place = f"{host}:{port}"
        is_for_clients = place in self._for_clients
        if self.count > 1 and not is_for_clients:
            return listen(host, port, reuse_port=True)
        kept = self._inherited.pop(place, None)
        sock = kept.sock if kept else listen(host, port, reuse_port=self.count > 1)
        self._listeners[place] = Listener(sock, is_for_clients)
        return sock

    def await_clients(self, host: str, port: int) -> None:
        """Before ``listen``: who comes there has nowhere else to go, and waits for the
        next worker also when all have died."""
        self._for_clients.add(f"{host}:{port}")

    def ready(self) -> None:
        """Tell the supervisor that requests are served now, and let it keep the
        listening sockets for a successor."""
        for listener in self._inherited.values():
            listener.sock.close()
        self._inherited = {}
        told = [[place, each[1]] for place, each in self._listeners.items()]
        places = json.dumps(told).encode()
        descriptors = [each.sock.fileno() for each in self._listeners.values()]
        with contextlib.suppress(BrokenPipeError):
            socket.send_fds(self._channel, [places], descriptors)


def hear_ready(channel: socket.socket) -> Listeners | None:
    """The other end of ``Worker.ready``; None: the worker has ended."""
    said, descriptors, _, _ = socket.recv_fds(
        channel, READY_BYTES_MAX, LISTENERS_MAX, socket.MSG_CMSG_CLOEXEC
    )
    if not said:
        return None
    told = zip(json.loads(said), descriptors, strict=True)
    return {
        place: Listener(socket.socket(fileno=each), is_for_clients)
        for (place, is_for_clients), each in told
    }


Work = Callable[[Worker], int | None]
"""What a worker does all its life; its exit status, None for 0."""


def live_as_worker(
    work: Work, worker: Worker, parent: int, descriptors: Iterable[int]
) -> NoReturn:
    """In the new process: do the work and exit, whatever happens.  ``parent``: who
    forked it; ``descriptors``: that one's own, which are closed here."""
    status = EXIT_FAILURE
    try:
        signal.set_wakeup_fd(-1)
        for number in SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        # Ctrl-C reaches the whole group; the supervisor tells us what to do.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        for descriptor in descriptors:
            os.close(descriptor)
        die_with_parent(parent)
        status = work(worker) or 0
    except SystemExit as leaving:
        code = leaving.code
        status = code if isinstance(code, int) else int(code is not None)
    except BaseException:
        logger.exception("worker %d failed", worker.index)
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(status)


def serve(service: Callable[[], None], log: logging.Logger) -> int:
    """Serve; the exit status.  Mistakes in the settings, and what is not there that
    serving needs, are told in one line."""
    interpreter.prepare_process()
    try:
        service()
    except BadSettings as error:
        log.error("the settings have mistakes:\n%s", error)
        return EXIT_CONFIGURATION
    except (RingstackError, OSError) as error:
        log.error("cannot serve: %s", error)
        return EXIT_FAILURE
    return 0


def die_with_parent(parent: int) -> None:
    """Have the system send this process SIGTERM when ``parent``, its parent, ends
    (Linux)."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:  # it ended before we asked
        os._exit(EXIT_FAILURE)


def allow_many_descriptors() -> None:
    """Let this process and its children open as many files as they may.

    Every client, peer and body is one; shells and service managers grant 1,024
    at first, and expect whoever needs more to ask.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
