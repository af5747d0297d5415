"""Ending a process that is not our child, and never another that has its number now."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable


def end_process(number: int, is_meant: Callable[[], bool], patience: float) -> None:
    """End the process of that number now, if ``is_meant()`` still; silent when it is
    gone.  Killed when it has not ended within ``patience`` seconds of being asked, and
    waited for as long again.  Blocks."""
    try:
        # From here on the handle is of that process and no later one.
        handle = os.pidfd_open(number)
    except ProcessLookupError:
        return
    try:
        if not is_meant():
            return
        for request in (signal.SIGTERM, signal.SIGKILL):
            signal.pidfd_send_signal(handle, request)
            if select.select([handle], [], [], patience)[0]:
                return
    except ProcessLookupError:
        return
    finally:
        os.close(handle)
