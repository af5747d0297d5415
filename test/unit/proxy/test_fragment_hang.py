"""Writes in fragments while primaries take connections and answer nothing."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from objectstore.kernel.clock import SystemClock
from objectstore.kernel.concurrency import Event, Promise
from objectstore.proxy.rounds.fragment_round import FragmentRound, Told
from objectstore.proxy.rounds.patience import Patience
from objectstore.proxy.settings import ProxySettings
from test.fakes.nodes import MemoryObjectNode
from test.unit.proxy.test_fragments import PATH, SEGMENT, Coded

# Longer than any test may take: who waits for a node that hangs waits in vain.
PATIENT = ProxySettings(
    node_timeout=3600, read_patience=0.05, write_grace=0.05, return_patience=0.05
)
HANGING = 2  # of the six: one more than a write can do without


@pytest.fixture
def cluster() -> Iterator[Coded]:
    made = Coded()
    made.settings = PATIENT
    made.app = made.another_proxy()
    hold = Event()
    for home in made.homes()[:HANGING]:
        made.faults("object", home).hold = hold
    yield made
    hold.set()


@pytest.mark.parametrize("size", [SEGMENT // 2, 3 * SEGMENT])
def test_handoffs_stand_in_for_those_that_hang(cluster: Coded, size: int) -> None:
    body = random.Random(size).randbytes(size)
    assert cluster.put(PATH, body).status == 201
    assert cluster.ask("GET", PATH).body == body
    # All are kept, and not as few as a write can do with.
    hanging = cluster.homes()[:HANGING]
    count = len(cluster.ring.devices)
    kept = [
        number
        for number in range(count)
        if number not in hanging and cluster.fragments(number).objects
    ]
    assert len(kept) == 6


def test_who_hung_lately_is_not_waited_for() -> None:
    """The next write begins with handoffs, so it has all it needs at once."""
    patience = Patience(replace(PATIENT, write_grace=3600), SystemClock())
    nodes: list[Any] = [MemoryObjectNode() for _ in range(6)]
    spares: list[Any] = [MemoryObjectNode() for _ in range(2)]
    for node in nodes[:HANGING]:
        patience.suspect(node)
    told = [
        Told(index, node, Promise[int]() if index < HANGING else Promise.of(index))
        for index, node in enumerate(nodes)
    ]
    made = FragmentRound(patience, told, 5, lambda at, _: Promise.of(at), spares)
    made.run()
    assert [each.index for each in made.told if each.is_kept] == [2, 3, 4, 5, 0, 1]
