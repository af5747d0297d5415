"""Bugs in the filters, which the stories are there for."""

from __future__ import annotations

from typing import Any

from objectstore.account.reaper import Reaper
from objectstore.middleware.versions.writes import Writes
from objectstore.s3.multipart.sweeper import Sweeper
from objectstore.s3.object.lock import Lock
from test.sim.machine import Plant, Process


class _Spoilt(Plant):
    """A method of a filter's does something else.  Every run has a Python of its own:
    this spoils nothing."""

    has_filters = True

    def __init__(self, story: str, kind: Any, name: str, instead: Any) -> None:
        self.story = story
        self._kind, self._name, self._instead = kind, name, instead

    def sabotage(self, process: Process) -> None:
        """See ``Plant``."""
        setattr(self._kind, self._name, self._instead)


def _forbids_nothing(lock: Lock, now: float, *, bypass_governance: bool) -> bool:
    return False


def _saves_nothing(writes: Writes, timestamp: int, headers: Any) -> None:
    pass


def _sweeps_nothing(sweeper: Sweeper, operation: Any) -> int:
    return 0


def _finds_nothing(reaper: Reaper, key: bytes) -> str:
    return ""


def forgotten_lock() -> Plant:
    """Locked versions are deleted."""
    return _Spoilt("locks", Lock, "forbids_deletion", _forbids_nothing)


def unwritten_marker() -> Plant:
    """A deletion is acknowledged, and no version tells of it."""
    return _Spoilt("versions", Writes, "_write_marker", _saves_nothing)


def idle_sweeper() -> Plant:
    """Parts that belong to nothing stay."""
    return _Spoilt("uploads", Sweeper, "sweep", _sweeps_nothing)


def idle_reaper() -> Plant:
    """What is in a deleted account stays."""
    return _Spoilt("accounts", Reaper, "_due", _finds_nothing)


# Each with the weather that brings it out soonest: is it a storm?
ALL = (
    (forgotten_lock, False),
    (unwritten_marker, False),
    (idle_sweeper, False),
    (idle_reaper, False),
)
