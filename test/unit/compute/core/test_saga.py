"""Steps forward, steps back, and a crash after each of them."""

from __future__ import annotations

import itertools

import pytest

from compute.core.jobs.saga import Cancelled, GiveUp, Journal, Saga, Step, TryAgain
from objectstore.kernel.errors import Unavailable


class Crash(BaseException):
    """The process dies here."""


class Memory:
    """A journal that survives, and that kills its process after so many writes."""

    def __init__(self) -> None:
        self.step = ""
        self.undoing = False
        self.cancelled = False
        self.writes_left = 1000

    def is_cancelled(self) -> bool:
        return self.cancelled

    def advance(self, step: str, undoing: bool = False) -> None:
        if not self.writes_left:
            raise Crash
        self.writes_left -= 1
        self.step, self.undoing = step, undoing


class World:
    """What the steps change; every act is safe to repeat."""

    def __init__(self) -> None:
        self.things: set[str] = set()
        self.fail: Exception | None = None

    def saga(self) -> Saga[None]:
        def step(name: str) -> Step[None]:
            def do(_: None) -> None:
                self.things.add(name)

            def undo(_: None) -> None:
                self.things.discard(name)

            return Step(name, do, undo)

        def last(_: None) -> None:
            self.things.add("last")
            if self.fail is not None:
                raise self.fail

        def undo_last(_: None) -> None:
            self.things.discard("last")

        return Saga("test", (step("one"), step("two"), Step("last", last, undo_last)))


def _run_until_it_ends(world: World, journal: Memory, writes: int) -> None:
    """Crash after so many writes of the journal, then go on."""
    journal.writes_left = writes
    try:
        world.saga().run(None, journal)
    except Crash:
        journal.writes_left = 1000
        world.saga().run(None, journal)


@pytest.mark.parametrize("writes", range(4))
def test_a_crash_anywhere_ends_done(writes: int) -> None:
    world, journal = World(), Memory()
    _run_until_it_ends(world, journal, writes)
    assert world.things == {"one", "two", "last"}


@pytest.mark.parametrize("writes", range(7))
@pytest.mark.parametrize("error", [GiveUp("no"), ValueError("a bug")])
def test_a_failure_is_undone_whatever_crashes(writes: int, error: Exception) -> None:
    world, journal = World(), Memory()
    world.fail = error
    with pytest.raises(GiveUp):
        _run_until_it_ends(world, journal, writes)
    assert world.things == set()


@pytest.mark.parametrize("error", [TryAgain("later"), Unavailable("away")])
def test_what_may_pass_is_not_undone(error: Exception) -> None:
    world, journal = World(), Memory()
    world.fail = error
    with pytest.raises(type(error)):
        world.saga().run(None, journal)
    assert (journal.step, journal.undoing) == ("two", False)
    world.fail = None
    world.saga().run(None, journal)
    assert world.things == {"one", "two", "last"}


def test_a_cancelled_job_is_undone() -> None:
    world, journal = World(), Memory()
    journal.writes_left = 2
    with pytest.raises(Crash):
        world.saga().run(None, journal)
    journal.writes_left, journal.cancelled = 1000, True
    with pytest.raises(Cancelled):
        world.saga().run(None, journal)
    assert world.things == set()


LIGHT = ["".join(each) for each in itertools.product("ln", repeat=3)]


@pytest.mark.parametrize("lightness", LIGHT)
@pytest.mark.parametrize("fatal", range(3))
def test_light_steps_are_undone_too(lightness: str, fatal: int) -> None:
    """The process dies in a step, which was begun; the job is cancelled meanwhile."""
    things: set[int] = set()
    dies = [True]

    def step(number: int) -> Step[None]:
        def do(_: None) -> None:
            things.add(number)
            if dies and number == fatal:
                raise Crash

        def undo(_: None) -> None:
            things.discard(number)

        return Step(str(number), do, undo, light=lightness[number] == "l")

    saga = Saga("test", tuple(step(number) for number in range(3)))
    journal = Memory()
    with pytest.raises(Crash):
        saga.run(None, journal)
    noted = [str(number) for number in range(fatal) if lightness[number] == "n"]
    assert journal.step == "".join(noted[-1:])
    dies.clear()
    journal.cancelled = True
    with pytest.raises(Cancelled):
        saga.run(None, journal)
    assert things == set()
    journal = Memory()
    saga.run(None, journal)
    assert things == {0, 1, 2}


def test_memory_is_a_journal() -> None:
    journal: Journal = Memory()
    assert journal.step == ""
