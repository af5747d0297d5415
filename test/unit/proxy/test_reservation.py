"""Reservations: a name held on a majority, whoever is away or was."""

from __future__ import annotations

from dataclasses import replace

import pytest

from objectstore.kernel import concurrency
from objectstore.kernel.errors import Unavailable
from objectstore.proxy.objects.reservation import Reservation
from objectstore.proxy.rounds.group import Group
from objectstore.proxy.rounds.rounds import Rounds
from test.contract.nodes.samples import KEY, kept
from test.fakes.nodes import Faults, Faulty, MemoryObjectNode
from test.unit.proxy.cluster import IMPATIENT, OffsetClock

SECONDS = 0.5
LONG_SECONDS = 15.0
PATIENT = replace(IMPATIENT, return_patience=60.0)
SHORTLY = 0.03


class House:
    """Three nodes that hold the name."""

    def __init__(self) -> None:
        self.faults = [Faults() for _ in range(3)]
        self.nodes = [Faulty(MemoryObjectNode(), each) for each in self.faults]
        self.rounds = Rounds(IMPATIENT, OffsetClock())
        self.group = Group(self.nodes, (False,) * 3, lambda: iter(()))

    def come_back(self) -> None:
        for faults in self.faults:
            faults.down = False

    def reservation(self, token: str, seconds: float = SECONDS) -> Reservation:
        return Reservation(self.rounds, self.group, KEY, token, seconds)


def test_a_suspect_is_left_out() -> None:
    house = House()
    house.rounds.suspect(house.nodes[1])
    house.reservation("one").take()
    assert house.faults[1].calls == []


def test_a_suspect_is_asked_where_it_is_needed() -> None:
    house = House()
    house.rounds.suspect(house.nodes[1])
    house.faults[2].down = True
    reservation = house.reservation("one", LONG_SECONDS)
    reservation.take()
    with pytest.raises(Unavailable):
        house.reservation("two").take()
    reservation.release()
    for node in house.nodes[:2]:
        kept(node.reserve(KEY, "three", LONG_SECONDS))


def test_without_a_majority_nothing_is_kept() -> None:
    house = House()
    for faults in house.faults[1:]:
        faults.down = True
    reservation = house.reservation("one")
    with pytest.raises(Unavailable):
        reservation.take()
    reservation.release()
    kept(house.nodes[0].reserve(KEY, "two", LONG_SECONDS))


def test_who_is_away_for_a_moment_is_waited_for() -> None:
    house = House()
    house.rounds = Rounds(PATIENT, OffsetClock())
    for faults in house.faults[1:]:
        faults.down = True
    concurrency.spawn_later(SHORTLY, house.come_back)
    reservation = house.reservation("one")
    reservation.take()
    assert house.faults[0].calls.count("reserve") > 1
    # All that the attempts took is given back.
    reservation.release()
    for node in house.nodes:
        kept(node.reserve(KEY, "two", LONG_SECONDS))


def test_who_was_waited_for_in_vain_is_not_waited_for_again() -> None:
    house = House()
    for faults in house.faults[1:]:
        faults.down = True
    with pytest.raises(Unavailable):
        house.reservation("one").take()
    before = len(house.faults[2].calls)
    assert before > 1
    with pytest.raises(Unavailable):
        house.reservation("two").take()
    assert house.faults[2].calls[before:].count("reserve") == 1


def test_nobody_waits_on_where_others_have_waited_in_vain() -> None:
    house = House()
    house.faults[0].hold = concurrency.Event()
    concurrency.spawn_later(SHORTLY, house.rounds.suspect, house.nodes[0])
    reservation = Reservation(house.rounds, house.group, KEY, "one", LONG_SECONDS)
    start = house.rounds.clock.monotonic()
    reservation.take()
    assert house.rounds.clock.monotonic() - start < LONG_SECONDS / 3
    reservation.release()
    house.faults[0].hold.set()


def test_what_one_node_granted_is_not_over_when_another_was_waited_for() -> None:
    house = House()
    clock = OffsetClock()
    house.rounds = Rounds(IMPATIENT, clock)
    house.faults[1].hold = concurrency.Event()

    def pass_time() -> None:
        clock.ahead = LONG_SECONDS

    concurrency.spawn_later(SHORTLY, pass_time)
    reservation = house.reservation("one", LONG_SECONDS)
    reservation.take()
    # That lock began before the wait: it is asked for once more.
    assert [each.calls.count("reserve") for each in house.faults] == [2, 1, 2]
    reservation.release()
    house.faults[1].hold.set()


def test_who_waits_at_every_node_gives_up_in_the_end() -> None:
    house = House()
    for faults in house.faults:
        faults.delay_seconds = 4 * SHORTLY
    reservation = house.reservation("one", 10 * SHORTLY)
    with pytest.raises(Unavailable):
        reservation.take()
    reservation.release()
