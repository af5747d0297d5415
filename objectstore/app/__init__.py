"""The composition root: from settings to a running store.

``run`` supervises worker processes; each builds its parts in ``app.worker``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from objectstore.kernel.log import set_up_logging
from objectstore.kernel.process import (
    EXIT_FAILURE,
    Worker,
    allow_many_descriptors,
    serve,
)
from objectstore.kernel.supervisor import Supervisor
from objectstore.settings import StoreSettings

_log = logging.getLogger("objectstore")


def run(settings: StoreSettings, read_again: Callable[[], StoreSettings]) -> int:
    """Serve until told to stop; the exit status.

    Every worker reads the settings anew when it starts (those that SIGHUP asks for
    too), but for their number; mistakes in them keep SIGHUP from doing anything.
    """
    try:
        set_up_logging(settings.log)
        settings.server.run.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        _log.error("cannot serve: %s", error)
        return EXIT_FAILURE
    allow_many_descriptors()

    def work(worker: Worker) -> int:
        return _work(read_again, worker)

    def is_ready_for_more() -> bool:
        # Imported here, and in a worker: the supervisor, which lives as long, needs
        # none of it.
        from objectstore.app.check import find_obstacles

        mistakes = find_obstacles(settings.source)
        for mistake in mistakes:
            _log.error("not read again: %s", mistake)
        return not mistakes

    workers = settings.server.workers
    return Supervisor(work, workers, may_replace=is_ready_for_more).run()


def _work(read: Callable[[], StoreSettings], worker: Worker) -> int:
    """A worker process, from its first line to its last."""
    from objectstore.app.worker import StoreWorker

    def service() -> None:
        StoreWorker(read(), worker.index, worker.count).run(worker)

    return serve(service, _log)
