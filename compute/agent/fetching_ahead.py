"""Images fetched before any guest needs them, as well as it goes.

One after another on each host, so that guests which start meanwhile share its way to
the image store with one fetch at most.  Nothing is kept of it: an agent that ends
forgets what it was to fetch, and an image that cannot be fetched is told of in the log
alone.  The first guest that needs it fetches it then.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from compute.agent.host import HostKit
from objectstore.kernel import concurrency
from objectstore.kernel.errors import RingstackError

# Images that one host has still to fetch; what is asked for beyond is not fetched.
WAITING_MAX = 1000

_log = logging.getLogger("compute.agent")


class AheadFetcher:
    """Fetches for all hosts of one agent."""

    def __init__(self) -> None:
        self._waiting: dict[str, dict[str, None]] = {}  # of hosts at work, in order
        self._tasks: dict[str, concurrency.Task] = {}

    def begin(self, kit: HostKit, image_ids: Iterable[str]) -> None:
        """These are to be fetched too; returns at once."""
        waiting = self._waiting.setdefault(kit.name, {})
        for image_id in image_ids:
            if len(waiting) < WAITING_MAX:
                waiting.setdefault(image_id)
            else:
                _log.warning("%s: too many images to fetch: %s", kit.name, image_id)
        if kit.name not in self._tasks:
            self._tasks[kit.name] = concurrency.spawn(self._work, kit, waiting)

    def wait(self) -> None:
        """Until nothing is left to fetch."""
        for task in list(self._tasks.values()):
            concurrency.wait_task(task)

    def stop(self) -> None:
        """Drop what is under way and what waits."""
        tasks, self._tasks, self._waiting = self._tasks, {}, {}
        for task in tasks.values():
            concurrency.kill_task(task)

    def _work(self, kit: HostKit, waiting: dict[str, None]) -> None:
        while waiting:
            image_id = next(iter(waiting))
            _fetch(kit, image_id)
            del waiting[image_id]  # not before: who asks meanwhile asks for this one
        # Nothing comes between the last look and this: both are in one turn.
        self._waiting.pop(kit.name, None)
        self._tasks.pop(kit.name, None)


def _fetch(kit: HostKit, image_id: str) -> None:
    try:
        kit.disks.fetch_ahead(image_id)
    except RingstackError as error:
        _log.warning("%s: image %s is not fetched: %s", kit.name, image_id, error)
    except Exception:  # noqa: BLE001  (told; the other images may be fetched)
        _log.exception("%s: image %s is not fetched", kit.name, image_id)
