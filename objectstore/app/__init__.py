"""The composition root: from settings to a running store.

``run`` supervises worker processes; each builds its parts in ``app.worker``.
"""

from __future__ import annotations

import logging

from objectstore.app.worker import StoreWorker
from objectstore.kernel import concurrency
from objectstore.kernel.errors import RingstackError
from objectstore.kernel.log import set_up_logging
from objectstore.kernel.process import (
    EXIT_CONFIGURATION,
    Supervisor,
    Worker,
    allow_many_descriptors,
)
from objectstore.kernel.settings import BadSettings
from objectstore.settings import StoreSettings

_log = logging.getLogger("objectstore")


def run(settings: StoreSettings) -> int:
    """Serve until told to stop; the exit status."""
    set_up_logging(settings.log)
    allow_many_descriptors()
    settings.server.run.mkdir(parents=True, exist_ok=True)

    def work(worker: Worker) -> int:
        return _work(settings, worker)

    return Supervisor(work, settings.server.workers).run()


def _work(settings: StoreSettings, worker: Worker) -> int:
    """A worker process, from its first line to its last."""
    concurrency.prepare_process()
    try:
        StoreWorker(settings, worker.index, worker.count).run(worker)
    except BadSettings as error:
        _log.error("the settings have mistakes:\n%s", error)
        return EXIT_CONFIGURATION
    except (RingstackError, OSError) as error:
        _log.error("cannot serve: %s", error)
        return 1
    return 0
