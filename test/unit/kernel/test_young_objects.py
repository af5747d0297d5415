"""Young objects stay few, also when as many are freed as are made."""

from __future__ import annotations

import gc
import weakref
from collections import deque
from collections.abc import Iterator

import pytest

from objectstore.kernel.interpreter import COLLECTOR_THRESHOLDS
from objectstore.kernel.young_objects import REQUESTS_PER_COLLECTION, YoungObjects

OBJECTS_PER_REQUEST = 40
REQUESTS = 2000


class _Row:
    """An object that the collector has to look at."""

    def __init__(self) -> None:
        self.itself: _Row | None = None


@pytest.fixture(autouse=True)
def thresholds() -> Iterator[None]:
    """Those of a serving process."""
    before = gc.get_threshold()
    gc.set_threshold(*COLLECTOR_THRESHOLDS)
    yield
    gc.set_threshold(*before)


def _young_after_requests(young: YoungObjects | None) -> int:
    """The most young objects there were while a full cache turned over."""
    size = 10 * OBJECTS_PER_REQUEST
    cache = deque((_Row() for _ in range(size)), maxlen=size)
    gc.collect(0)
    most = 0
    for number in range(REQUESTS):
        cache.extend(_Row() for _ in range(OBJECTS_PER_REQUEST))
        if young is not None:
            young.note_request()
        if number % 10 == 0:
            most = max(most, len(gc.get_objects(generation=0)))
    return most


def test_few_objects_are_young_at_a_time() -> None:
    """Whatever the balance of made and freed objects is."""
    bound = 2 * REQUESTS_PER_COLLECTION * OBJECTS_PER_REQUEST
    assert _young_after_requests(YoungObjects()) < bound


def test_cycles_go_with_the_next_collection() -> None:
    """That is what it is for."""
    row = _Row()
    row.itself = row
    gone = weakref.ref(row)
    del row
    young = YoungObjects()
    for _ in range(REQUESTS_PER_COLLECTION - 1):
        young.note_request()
    young.note_request()
    assert gone() is None
