"""Signals on the hub: a callback for each, called in a greenlet.

Python runs a signal's handler between two instructions, but a hub that waits in
``epoll`` would go on waiting.  So the handlers do nothing: the number arrives on
a pipe (``signal.set_wakeup_fd``), and a greenlet reads it there.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping

from objectstore.kernel import concurrency


def on_signals(callbacks: Mapping[signal.Signals, Callable[[], None]]) -> None:
    """Call ``callbacks[number]()`` whenever that signal comes, from now on.

    Main thread only, once a process.
    """
    reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in callbacks:
        signal.signal(number, _do_nothing)
        signal.siginterrupt(number, False)
    concurrency.spawn(_dispatch, reader, dict(callbacks))


def _do_nothing(number: int, frame: object) -> None:
    pass


def _dispatch(
    reader: int, callbacks: Mapping[signal.Signals, Callable[[], None]]
) -> None:
    while True:
        concurrency.wait_readable(reader)
        for number in os.read(reader, 64):
            callback = callbacks.get(signal.Signals(number))
            if callback is not None:
                concurrency.spawn(callback)
