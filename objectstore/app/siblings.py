"""Before a worker takes clients: the workers beside it answer for their devices.

They all start at once, and whoever opens its devices first would tell its clients 503:
of most names it has too few replicas by itself.  A worker listens for its siblings as
soon as its devices are open, so it is enough that one can connect.

Successors do not wait: who is not there when one of them starts has ended, and while
they waited for it nobody might be left who takes clients.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock
from objectstore.kernel.wsgi import is_listening

# A sibling that dies of its start, or has much to recover, must not keep those away who
# can do without it.
WAIT_SECONDS_MAX = 15.0
LOOK_SECONDS = 0.01

_log = logging.getLogger("objectstore.worker")


def wait_for_siblings(
    sockets: Iterable[Path], clock: Clock, seconds: float = WAIT_SECONDS_MAX
) -> None:
    """Return when all answer, or after ``seconds``."""
    until = clock.monotonic() + seconds
    missing = list(sockets)
    while missing := [path for path in missing if not is_listening(path)]:
        if clock.monotonic() >= until:
            names = ", ".join(path.name for path in missing)
            _log.warning("clients are served without %s, not there yet", names)
            return
        concurrency.sleep(LOOK_SECONDS)
