"""A program for the tests of the supervisor: tells on stdout what happens.

argv: number of workers, then how they behave.
"""

from __future__ import annotations

import os
import signal
import sys
import time

from objectstore.kernel import concurrency
from objectstore.kernel.process import EXIT_CONFIGURATION, Worker
from objectstore.kernel.signals import on_signals
from objectstore.kernel.supervisor import Supervisor


def say(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def serve(worker: Worker) -> None:
    """Wait on the hub until SIGTERM."""
    ended = concurrency.Event()
    on_signals({signal.SIGTERM: ended.set})
    say("ready", worker.index, os.getpid())
    worker.ready()
    ended.wait()
    say("drained", worker.index, os.getpid())


def newcomer(worker: Worker) -> None:
    """Tell whether anybody was here before, and serve."""
    say("first" if worker.is_first else "successor", worker.index)
    serve(worker)


def listening(worker: Worker) -> None:
    """Greet who connects, with one's own process, until SIGTERM."""
    listener = worker.listen("127.0.0.1", int(os.environ.get("PORT", "0")))

    def greet() -> None:
        listener.setblocking(False)
        while True:
            concurrency.wait_readable(listener.fileno())
            sock, _ = listener.accept()
            sock.sendall(f"{os.getpid()}\n".encode())
            sock.close()

    say("listening", listener.getsockname()[1])
    task = concurrency.spawn(greet)
    ended = concurrency.Event()
    on_signals({signal.SIGTERM: ended.set})
    worker.ready()
    say("ready", worker.index, os.getpid())
    ended.wait()
    concurrency.kill_task(task)
    listener.close()
    say("drained", worker.index, os.getpid())


def awaited(worker: Worker) -> None:
    """The same, for clients."""
    worker.await_clients("127.0.0.1", int(os.environ.get("PORT", "0")))
    listening(worker)


def barren(worker: Worker) -> None:
    """The same, but those that follow die at once."""
    if not worker.is_first:
        failing(worker)
    awaited(worker)


def childless(worker: Worker) -> None:
    """The same, but those that follow are never ready."""
    if not worker.is_first:
        say("successor", worker.index)
        signal.pause()
    awaited(worker)


def lingering(worker: Worker) -> None:
    """The same, but the first ones end only when told to stop again."""
    awaited(worker)
    if worker.is_first:
        ended = concurrency.Event()
        on_signals({signal.SIGTERM: ended.set})
        ended.wait()


def stubborn(worker: Worker) -> None:
    """Ignore SIGTERM."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    say("ready", worker.index, os.getpid())
    worker.ready()
    while True:
        signal.pause()


def misconfigured(worker: Worker) -> int:
    """Exit as if the settings were wrong."""
    say("refused", worker.index)
    return EXIT_CONFIGURATION


def failing(worker: Worker) -> None:
    """Die at once, again and again."""
    say("failing", worker.index)
    raise RuntimeError("broken")


def refuses() -> bool:
    """Asked before workers are replaced."""
    say("asked", os.getpid())
    return False


def ponders() -> bool:
    """The same, and takes its time."""
    say("asked", os.getpid())
    time.sleep(1.0)
    return False


def hangs() -> bool:
    """The same, and never answers."""
    say("asked", os.getpid())
    while True:
        signal.pause()


if __name__ == "__main__":
    work = {
        "serve": serve,
        "newcomer": newcomer,
        "listening": listening,
        "awaited": awaited,
        "barren": barren,
        "childless": childless,
        "lingering": lingering,
        "stubborn": stubborn,
        "misconfigured": misconfigured,
        "failing": failing,
    }[sys.argv[2]]
    drain_seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 5.0
    asked = {"refuses": refuses, "ponders": ponders, "hangs": hangs}
    supervisor = Supervisor(
        work,
        int(sys.argv[1]),
        drain_seconds=drain_seconds,
        may_replace=asked.get(sys.argv[-1]),
    )
    say("supervisor", os.getpid())
    sys.exit(supervisor.run())
