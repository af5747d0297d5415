"""Hosts' views as agents ask for them: made when something in them may have changed.

A view's *revision* is that of the newest change of the subjects that it is made of.
Which these are is itself said by them, so it holds as long as none of them changes; it
is kept for each host, and an agent that knows the revision costs one look at the
changes.  What is kept here saves work and nothing else: another process, or this one
after its next start, comes to the same revisions.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

from compute.core.sql.database import Connection
from compute.network.frame.revisions import (
    accounted_revision,
    current_revision,
    last_changes,
)
from compute.network.frame.work import Work
from compute.network.hosts.parts import Parts
from compute.network.hosts.views import write_view
from compute.network.view import HostView

# Hosts whose subjects a process remembers; of more than that it forgets all and begins
# anew.
HOSTS_MAX = 10_000


class HostViews:
    """Those of all hosts, in one process."""

    def __init__(self) -> None:
        self._parts = Parts()
        self._subjects: dict[str, tuple[int, frozenset[str]]] = {}

    def newer(self, work: Work, host: str, since: str) -> HostView | None:
        """The host's view; None when its revision is ``since``."""
        connection = work.connection
        if accounted_revision(connection) is None:
            return _of_unknown(work, host, since)
        kept = self._subjects.get(host)
        if kept is not None and str(kept[0]) == since == str(
            _newest(connection, kept[1])
        ):
            return None
        written = write_view(work, host, self._parts)
        revision = _newest(connection, written.subjects)
        if len(self._subjects) >= HOSTS_MAX:
            self._subjects.clear()
        self._subjects[host] = revision, written.subjects
        if str(revision) == since:
            return None
        return dataclasses.replace(written.view, revision=revision)


def _of_unknown(work: Work, host: str, since: str) -> HostView | None:
    """Somebody raised the revision who does not say of what: all may have changed, and
    nothing that is kept is of use."""
    revision = current_revision(work.connection)
    if str(revision) == since:
        return None
    written = write_view(work, host, Parts(are_kept=False))
    return dataclasses.replace(written.view, revision=revision)


def _newest(connection: Connection, subjects: Collection[str]) -> int:
    return max(last_changes(connection, subjects).values(), default=0)
