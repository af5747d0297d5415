"""Room under a quota, for uploads beside each other."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from objectstore.kernel.concurrency import Event, sleep, spawn
from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.middleware.quotas.room import QuotaRooms, Use
from objectstore.middleware.quotas.turns import JOINED_SECONDS, QuotaTurns
from test.fakes.stepped_clock import SteppedClock

NO_LIMIT = Use(None, None)


def nothing() -> None:
    """Whoever is refused has the right to know why."""


def test_an_upload_waits_for_those_before_it_and_no_others() -> None:
    used, waited = [0], []
    rooms = QuotaRooms(waited.append)
    limit = Use(10, None)

    def now() -> Use:
        return Use(used[0], 0)

    with rooms.admitted("c", 6, limit, now, nothing):
        with (
            pytest.raises(Rejected, match="413"),
            rooms.admitted("c", 5, limit, now, nothing),
        ):
            pass
        assert waited
        waited.clear()
        with (
            rooms.admitted("other", 5, limit, now, nothing),
            rooms.admitted("c", 4, limit, now, nothing),
        ):
            assert not waited
    # The first failed, so what it held is free again.
    with rooms.admitted("c", 10, limit, now, nothing):
        pass
    used[0] = 6
    with (
        pytest.raises(Rejected, match="413"),
        rooms.admitted("c", 5, limit, now, nothing),
    ):
        pass
    assert not waited


def test_it_goes_on_when_those_before_it_came_to_nothing() -> None:
    rooms = QuotaRooms(lambda _: first.__exit__(None, None, None))
    first = rooms.admitted("c", 10, Use(10, None), lambda: Use(0, 0), nothing)
    first.__enter__()
    with rooms.admitted("c", 10, Use(10, None), lambda: Use(0, 0), nothing):
        pass


@pytest.mark.parametrize("size", [1, 6, 7])
def test_of_unknown_size_each_piece_counts(size: int) -> None:
    rooms = QuotaRooms()
    with rooms.admitted("c", None, Use(10, None), lambda: Use(4, 0), nothing) as put:
        body = put(io.BytesIO(bytes(size)))
        if size > 6:
            with pytest.raises(Rejected, match="413"):
                body.read(100)
        else:
            assert body.read(3) == bytes(min(3, size))
            assert body.readinto(bytearray(10)) == max(0, size - 3)
            assert not body.footers()


class Elsewhere:
    """What uploads through other processes have brought meanwhile; and the time."""

    def __init__(self) -> None:
        self.used = Use(0, 0)
        self.seconds = 0.0

    def rooms(self) -> QuotaRooms:
        return QuotaRooms(lambda _: None, lambda: self.seconds)


@pytest.mark.parametrize("length", [4, None])
@pytest.mark.parametrize("limit", [Use(10, None), Use(None, 3)])
@pytest.mark.parametrize("brought", [Use(6, 2), Use(7, 3)])
def test_what_came_elsewhere_counts_when_a_long_upload_ends(
    length: int | None, limit: Use, brought: Use
) -> None:
    other = Elsewhere()
    with other.rooms().admitted("c", length, limit, lambda: other.used, nothing) as put:
        body = put(io.BytesIO(bytes(4)))
        assert body.read(3) == bytes(3)
        other.used = brought
        other.seconds = 1.0
        if brought == Use(6, 2):
            assert body.read(3) == bytes(1)
            assert not body.read(3)
            return
        with pytest.raises(Rejected, match="413"):
            while body.read(3):
                pass


def test_a_short_upload_is_not_looked_at_twice() -> None:
    other, asked = Elsewhere(), []

    def used() -> Use:
        asked.append(1)
        return other.used

    with other.rooms().admitted("c", 4, Use(10, 10), used, nothing) as put:
        assert put(io.BytesIO(bytes(4))).read(4) == bytes(4)
    assert len(asked) == 1


def test_what_came_while_the_answer_was_on_its_way_counts_too() -> None:
    """On a busy machine a look may be old when it is heard."""
    other = Elsewhere()

    def used() -> Use:
        answer = other.used
        other.used, other.seconds = Use(7, 1), other.seconds + 1.0
        return answer

    with other.rooms().admitted("c", 4, Use(10, None), used, nothing) as put:
        body = put(io.BytesIO(bytes(4)))
        with pytest.raises(Rejected, match="413"):
            body.read(4)


def test_whoever_may_not_write_is_told_that_instead() -> None:
    def refuse() -> None:
        raise Rejected(403)

    rooms = QuotaRooms()
    with (
        pytest.raises(Rejected, match="403"),
        rooms.admitted("c", 1, Use(None, 0), lambda: Use(0, 0), refuse),
    ):
        pass
    with rooms.admitted("c", 1, NO_LIMIT, lambda: Use(0, 0), nothing):
        pass


@pytest.mark.parametrize("length", [1, 0])
def test_of_two_workers_one_takes_the_last_place(tmp_path: Path, length: int) -> None:
    """Both have looked, and found room, before either has stored."""
    stored: list[int] = []
    limit = Use(None, 1)
    workers = [QuotaRooms(turns=QuotaTurns(tmp_path)) for _ in range(2)]
    at_once = [Event() for _ in workers]
    outcomes: list[int] = []

    def used() -> Use:
        return Use(sum(stored), len(stored))

    def upload(place: int) -> None:
        try:
            with workers[place].admitted("c", length, limit, used, nothing) as counted:
                at_once[place].set()
                at_once[1 - place].wait(0.05)
                counted(io.BytesIO(bytes(length))).read(length)
                sleep(0.01)
                stored.append(length)
            outcomes.append(201)
        except Rejected as refusal:
            outcomes.append(refusal.status)

    tasks = [spawn(upload, place) for place in range(2)]
    for each in tasks:
        each.wait()
    assert sorted(outcomes) == [201, 413]
    # The turn was given on.
    stored.clear()
    upload(0)
    assert outcomes[-1] == 201


def test_a_workers_uploads_have_its_turn_together_but_not_for_ever(
    tmp_path: Path,
) -> None:
    clock = SteppedClock()
    ours, theirs = (QuotaTurns(tmp_path, clock.monotonic) for _ in range(2))
    order: list[str] = []

    def upload(turns: QuotaTurns, name: str) -> None:
        give_on = turns.take("c")
        order.append(name)
        give_on()

    first, second = ours.take("c"), ours.take("c")
    clock.advance(JOINED_SECONDS)
    tasks = [spawn(upload, ours, "late"), spawn(upload, theirs, "theirs")]
    sleep(0.01)
    first()
    sleep(0.01)
    assert not order
    second()
    for each in tasks:
        each.wait()
    assert order == ["theirs", "late"]


def test_a_turn_that_cannot_be_taken_is_nobodys(tmp_path: Path) -> None:
    turns = QuotaTurns(tmp_path)
    (tmp_path / "quotas").touch()  # as good as a full disk
    for _ in range(2):
        with pytest.raises(Unavailable):
            turns.take("c")
    (tmp_path / "quotas").unlink()
    turns.take("c")()
