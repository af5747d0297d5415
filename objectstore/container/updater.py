"""The loop that tells accounts of their containers: counts, PUTs and DELETEs.

Every replica of a container reports for itself; the account's merge rule takes
the newest counts.  What could not be told stays owed and is told again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from objectstore.container.store import REPORTS_MAX, ContainerStore, Report
from objectstore.kernel import concurrency
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.loop import Progress
from objectstore.wire.records import ContainerRow

# Counts in an account's HEAD are this old, about.
REST_SECONDS = 1.0
# For all the reports of one step together.
REPORT_SECONDS = 10.0

Send = Callable[[str, Sequence[ContainerRow]], Promise[Any]]
"""``send(account, rows)``: kept when the account has durably merged the rows."""


class ContainerUpdater:
    """One step sends one batch of reports, all of an account's together, and waits for
    their outcome.

    Counts since the start: ``sent``; ``failures`` of reports that the account did
    not take, which stay owed.
    """

    def __init__(
        self,
        store: ContainerStore,
        send: Send,
        may_report: Callable[[bytes], bool] = lambda key: True,
    ) -> None:
        """``may_report``: whether this device is one of the container's own.  What
        it has as a handoff is not whole: reporting is for those who get it all."""
        self.name = "container-updating"
        self.sent = 0
        self.failures = 0
        self._store = store
        self._send = send
        self._may_report = may_report

    def step(self) -> Progress:
        """See ``kernel.loop.Step``."""
        reports = 0
        of_account: dict[str, list[Report]] = defaultdict(list)
        for report in self._store.unreported(REPORTS_MAX):
            if self._may_report(report.key):
                of_account[report.account].append(report)
                reports += 1
        sent = [
            (together, self._send(account, [report.row for report in together]))
            for account, together in of_account.items()
        ]
        promises = [promise for _, promise in sent]
        concurrency.wait_until(
            promises, lambda: all(promise.done for promise in promises), REPORT_SECONDS
        )
        taken = 0
        for together, promise in sent:
            if promise.done and promise.error is None:
                for report in together:
                    self._store.reported(report)
                taken += len(together)
        self.sent += taken
        self.failures += reports - taken
        # A busy container changes all the time: not at once again.
        more = reports == REPORTS_MAX or self._store.is_looking_around
        return Progress.THROTTLED if more and taken == reports else Progress.IDLE
