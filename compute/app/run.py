"""Serving: a supervisor, and one worker process that is the cloud."""

from __future__ import annotations

import logging
from collections.abc import Callable

from compute.settings import CloudSettings
from objectstore.kernel.clock import SystemClock
from objectstore.kernel.http.identity_file import why_unfit
from objectstore.kernel.log import set_up_logging
from objectstore.kernel.process import (
    EXIT_FAILURE,
    Worker,
    allow_many_descriptors,
    serve,
)
from objectstore.kernel.settings import BadSettings, Mistake
from objectstore.kernel.supervisor import Supervisor

# What tells at every start what nobody wants to know.
TALKATIVE = ("alembic.runtime.plugins",)

_log = logging.getLogger("compute")


def run(settings: CloudSettings, read_again: Callable[[], CloudSettings]) -> int:
    """Serve until told to stop; the exit status.  SIGHUP starts anew with what the
    file says then, unless that holds mistakes."""
    try:
        set_up_logging(settings.log)
    except OSError as error:
        _log.error("cannot serve: %s", error)
        return EXIT_FAILURE
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    allow_many_descriptors()

    def work(worker: Worker) -> int:
        return _work(read_again, worker)

    def is_ready_for_more() -> bool:
        mistakes = find_obstacles(read_again)
        for mistake in mistakes:
            _log.error("not read again: %s", mistake)
        return not mistakes

    return Supervisor(work, 1, may_replace=is_ready_for_more).run()


def find_obstacles(read: Callable[[], CloudSettings]) -> list[Mistake]:
    """Why a process could not begin with what the files say now."""
    # Imported here, and in a process of its own: the supervisor needs none of it.
    from compute.app.obstacles import check_other_files
    from objectstore.app import check

    try:
        settings = read()
        check_other_files(settings)
    except BadSettings as error:
        return list(error.mistakes)
    found = []
    if why := why_unfit(settings.tls, SystemClock().monotonic):
        found.append(Mistake(str(settings.source), "tls", "", why))
    if settings.cloud.object_store is not None:
        found += check.find_obstacles(settings.cloud.object_store.absolute())
    return found


def _work(read: Callable[[], CloudSettings], worker: Worker) -> int:
    """The worker process, from its first line to its last."""
    # Imported here: the supervisor needs none of it, and would keep it for ever.
    from compute.app.cloud import Cloud

    def service() -> None:
        Cloud(read()).run(worker)

    return serve(service, _log)
