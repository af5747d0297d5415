"""The one door to eventlet: greenlets, waiting, sockets, native threads.

Nothing else in the tree imports eventlet or greenlet, so leaving them one day
is rewriting this package.  Three kinds of running code:

* **greenlets** (``spawn``): cooperative; switch only where they wait;
* **native threads** (``offload``): for calls that block or burn CPU for over a
  millisecond (fsync, hashing large chunks); the greenlet that calls waits,
  the others run on;
* **promises**: the answers to calls that complete later, without a greenlet for each.
"""

import os
import warnings

# Names are looked up on native threads, by the system (``kernel.http.resolver``); a
# second resolver, in Python, would be a third of a small process's memory.
os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")

with warnings.catch_warnings():
    # Upstream announces maintenance mode at import; doc/decisions says why we
    # use it all the same, once, here, before the files of this package do.
    warnings.simplefilter("ignore")
    import eventlet  # noqa: F401

from objectstore.kernel.concurrency.deadlines import deadline
from objectstore.kernel.concurrency.descriptors import (
    GreenSocket,
    Readiness,
    call_when_readable,
    green,
    wait_readable,
    wait_writable,
)
from objectstore.kernel.concurrency.event import Event
from objectstore.kernel.concurrency.hub import use_own_hub
from objectstore.kernel.concurrency.native_line import NativeLine
from objectstore.kernel.concurrency.native_threads import offload
from objectstore.kernel.concurrency.promise import (
    Next,
    Promise,
    promised,
    wait_for_all,
    wait_until,
)
from objectstore.kernel.concurrency.simulation import simulate
from objectstore.kernel.concurrency.tasks import (
    Killed,
    Pool,
    Semaphore,
    Task,
    Timer,
    call_later,
    current_task,
    kill_task,
    sleep,
    spawn,
    spawn_later,
    wait_task,
)
from objectstore.kernel.concurrency.turns import soon

use_own_hub()

__all__ = [
    "Event",
    "GreenSocket",
    "Killed",
    "NativeLine",
    "Next",
    "Pool",
    "Promise",
    "Readiness",
    "Semaphore",
    "Task",
    "Timer",
    "call_later",
    "call_when_readable",
    "current_task",
    "deadline",
    "green",
    "kill_task",
    "offload",
    "promised",
    "simulate",
    "sleep",
    "soon",
    "spawn",
    "spawn_later",
    "wait_for_all",
    "wait_readable",
    "wait_task",
    "wait_until",
    "wait_writable",
]
