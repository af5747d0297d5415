"""What the steps of a job work with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from compute.core.jobs.saga import Cancelled, GiveUp
from compute.core.jobs.store import Job
from compute.core.rooms.absent import ServiceAbsent
from compute.volume.backups.ring import BackupObjects
from compute.volume.model import GIB
from compute.volume.parts import Parts
from compute.volume.records import Backup, Snapshot, Volume
from compute.volume.stores.rows import R, Rows
from objectstore.kernel.errors import Corrupt, InsufficientStorage, Rejected

FAILURES = "failures"
"""In a job's progress: how often in a row its needs were away."""


def _nothing() -> None:
    return None


@dataclass
class Work:
    """One job while it is done.  ``progress`` survives crashes, step by step;
    ``is_cancelled`` is what the last renewal of the lease said; ``save`` writes down
    what a step that takes long has come to."""

    parts: Parts
    objects: BackupObjects
    job: Job
    progress: dict[str, Any] = field(default_factory=dict)
    is_cancelled: bool = False
    save: Callable[[], None] = _nothing

    def argument(self, name: str) -> Any:
        """What the job was ordered with; "" when nothing was said."""
        return self.job.arguments.get(name, "")

    def check(self) -> None:
        """Raise when somebody asked for the job's end."""
        if self.is_cancelled:
            raise Cancelled("it was cancelled")

    def note(self, name: str, value: Any) -> None:
        """Remember how far a long step has come.  It came further: failures of before
        do not count any more."""
        self.progress[name] = value
        self.progress.pop(FAILURES, None)
        self.save()

    def volume(self) -> Volume:
        """The job's volume; ``GiveUp`` when it is gone."""
        return self._one("volume", self.parts.stores.volumes)

    def snapshot(self) -> Snapshot:
        """The job's snapshot."""
        return self._one("snapshot", self.parts.stores.snapshots)

    def backup(self) -> Backup:
        """The job's backup."""
        return self._one("backup", self.parts.stores.backups)

    def _one(self, what: str, rows: Rows[R]) -> R:
        key = self.argument(f"{what}_id")
        found = self.parts.database.read(lambda connection: rows.get(connection, key))
        if found is None:
            raise GiveUp(f"{what} {key} is gone")
        return found

    @property
    def size_bytes(self) -> int:
        """The size that the job speaks of."""
        return int(self.argument("size_gib")) * GIB


@contextmanager
def for_good() -> Iterator[None]:
    """What no later try would mend is the job's end: refused, damaged, no room."""
    try:
        yield
    except Rejected as error:
        raise GiveUp(error.text or str(error)) from error
    except ServiceAbsent as error:
        raise GiveUp(str(error)) from error
    except InsufficientStorage as error:
        raise GiveUp("there is no room for it on the volume host") from error
    except Corrupt as error:
        raise GiveUp(str(error)) from error
