"""Serving: a supervisor, and one worker process that is the cloud."""

from __future__ import annotations

import logging
from collections.abc import Callable

from compute.settings import CloudSettings
from objectstore.kernel.log import set_up_logging
from objectstore.kernel.process import Worker, allow_many_descriptors, serve
from objectstore.kernel.supervisor import Supervisor

# What tells at every start what nobody wants to know.
TALKATIVE = ("alembic.runtime.plugins",)

_log = logging.getLogger("compute")


def run(settings: CloudSettings, read_again: Callable[[], CloudSettings]) -> int:
    """Serve until told to stop; the exit status.  SIGHUP starts anew with what the
    file says then."""
    set_up_logging(settings.log)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    allow_many_descriptors()

    def work(worker: Worker) -> int:
        return _work(read_again, worker)

    return Supervisor(work, 1).run()


def _work(read: Callable[[], CloudSettings], worker: Worker) -> int:
    """The worker process, from its first line to its last."""
    # Imported here: the supervisor needs none of it, and would keep it for ever.
    from compute.app.cloud import Cloud

    def service() -> None:
        Cloud(read()).run(worker)

    return serve(service, _log)
