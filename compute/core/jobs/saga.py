"""Work in steps, each with its undo: goes on where it stopped, or goes back.

    BUILD = Saga("server.build", (
        Step("fetch", fetch_image),
        Step("plug", plug_ports, undo=unplug_ports),
        Step("start", start_guest, undo=destroy_guest),
    ))

``Saga.run`` starts after the step that the journal remembers.  When a step raises
``GiveUp`` or another error for good, the done steps are undone, the last first.
``TryAgain`` and ``Unavailable`` keep what is done: the job is tried again later, from
the same step.  A cancelled job is undone.  Do and undo are safe to repeat, and undo
also when nothing was done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from compute.core.errors import Stale
from objectstore.kernel.errors import Unavailable

W = TypeVar("W")


class TryAgain(Exception):
    """Not now; ``seconds`` later."""

    def __init__(self, text: str, seconds: float = 1.0) -> None:
        super().__init__(text)
        self.seconds = seconds


class GiveUp(Exception):
    """Never: undo.  The text is shown to the user as the fault's message."""


class Cancelled(GiveUp):
    """Somebody asked for the job's end."""


class Journal(Protocol):
    """What a saga remembers of itself; each call is durable when it returns, and
    raises ``Stale`` when the job is no longer ours (then nothing more is done)."""

    @property
    def step(self) -> str:
        """The last step done; "" at the start."""

    @property
    def undoing(self) -> bool:
        """Whether it was going back when it stopped."""

    def is_cancelled(self) -> bool:
        """Whether somebody asked for the job's end.  Asked before each step: it sees
        to it that the lease is fresh, so that nobody begins a step of a job that he
        has lost while he slept."""

    def advance(self, step: str, undoing: bool = False) -> None:
        """``step`` is the last one that is done now."""


@dataclass(frozen=True, slots=True)
class Step(Generic[W]):
    """One step; ``W`` is what it works with.

    ``light``: done again sooner than noted, and it remembers nothing.  That it is done
    is not written down; what goes on after a crash does it once more.  So the steps
    after a light one may have begun too, up to the first that is noted.
    """

    name: str
    do: Callable[[W], None]
    undo: Callable[[W], None] | None = None
    light: bool = False


@dataclass(frozen=True, slots=True)
class Saga(Generic[W]):
    """A kind of job.  ``cancellable``: whether a cancel request turns it back."""

    kind: str
    steps: Sequence[Step[Any]]
    cancellable: bool = True

    def run(self, work: W, journal: Journal) -> None:
        """Do what is left.  Returns when all is done; raises ``GiveUp`` when it has
        been undone, ``TryAgain`` or ``Unavailable`` to be run again later."""
        if journal.undoing:
            self._undo(work, journal)
            raise GiveUp("it was being undone")
        for step in self.steps[self._position(journal.step) :]:
            try:
                is_cancelled = journal.is_cancelled()
                if self.cancellable and is_cancelled:
                    raise Cancelled("it was cancelled")
                step.do(work)
            except (TryAgain, Unavailable, Stale):
                raise
            except GiveUp:
                self._fail(work, journal)
                raise
            except Exception as error:
                self._fail(work, journal)
                raise GiveUp(f"{step.name}: {error}") from error
            if not step.light:
                journal.advance(step.name)

    def last_begun(self, noted: str) -> str:
        """The last step that may have begun when ``noted`` is the last in the journal:
        the next one, and those after it for as long as they are light."""
        position = self._position(noted)
        for step in self.steps[position:]:
            if not step.light:
                return step.name
        return self.steps[-1].name

    def _fail(self, work: W, journal: Journal) -> None:
        # What may have begun counts as done: its undo clears it away.
        journal.advance(self.last_begun(journal.step), undoing=True)
        self._undo(work, journal)

    def _undo(self, work: W, journal: Journal) -> None:
        position = self._position(journal.step)
        for number in range(position - 1, -1, -1):
            undo = self.steps[number].undo
            if undo is not None:
                undo(work)
            before = self.steps[number - 1].name if number else ""
            journal.advance(before, undoing=True)

    def _position(self, step: str) -> int:
        """How many steps are done."""
        if not step:
            return 0
        return next(
            number for number, known in enumerate(self.steps, 1) if known.name == step
        )
