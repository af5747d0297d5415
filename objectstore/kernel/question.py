"""A question that is answered in a process of its own, while the asker goes on.

The answer may need all that a worker needs, and take seconds to find.  The system
sends SIGCHLD when it is there.
"""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable

from objectstore.kernel.process import EXIT_CONFIGURATION, EXIT_FAILURE, SIGNALS

logger = logging.getLogger("objectstore.process")


class Question:
    """Asked again and again, once at a time."""

    def __init__(self, ask: Callable[[], bool]) -> None:
        self._ask = ask
        self._process = 0  # 0: it is not being asked

    @property
    def is_open(self) -> bool:
        """Whether the answer is awaited."""
        return bool(self._process)

    def begin(self) -> None:
        """Ask, in a process of its own."""
        child = os.fork()
        if not child:
            self._answer_as_a_child()
        self._process = child

    def _answer_as_a_child(self) -> None:
        status = EXIT_FAILURE
        try:
            signal.set_wakeup_fd(-1)
            for number in SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            # Those that go to the whole group are the asker's.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            status = 0 if self._ask() else EXIT_CONFIGURATION
        except Exception:
            logger.exception("a question was not answered")
        finally:
            os._exit(status)

    def answer(self) -> bool | None:
        """What it is, once; None: nothing yet."""
        if not self._process:
            return None
        process, status = os.waitpid(self._process, os.WNOHANG)
        if not process:
            return None
        self._process = 0
        return status == 0

    def drop(self) -> None:
        """The answer is of no interest any more."""
        if self._process:
            os.kill(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)
            self._process = 0
