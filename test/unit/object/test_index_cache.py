"""The index's row cache, and what it does to Python's collector of cycles."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from objectstore.object.index.database import open_database
from objectstore.object.index.index import Index
from objectstore.object.records.record import NEVER
from objectstore.object.records.state import Body, Place, coming_of
from objectstore.object.store.view import View
from test.unit.object.bench import key_of, put_state

CACHED_MAX = 1024
YOUNG_MAX = 500


@pytest.fixture(name="young")
def _young() -> Iterator[list[int]]:
    """How many young objects each collection finds."""
    found: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start" and info["generation"] == 0:
            found.append(len(gc.get_objects(generation=0)))

    before = gc.get_threshold()
    gc.collect()
    gc.set_threshold(YOUNG_MAX, 1000, 100)
    gc.callbacks.append(note)
    yield found
    gc.callbacks.remove(note)
    gc.set_threshold(*before)


def test_a_full_cache_hides_no_young_objects_from_the_collector(
    tmp_path: Path, young: list[int]
) -> None:
    index = Index(str(tmp_path / "index.db"), open_database, CACHED_MAX)
    view = View(index)
    for number in range(1, 8 * CACHED_MAX):
        key = key_of(str(number))
        place = Place(1, number, 100)
        coming = coming_of(key, put_state(key.hex(), number, b""))
        view.change(key, coming, place, Body(place, 0, 0, 0), False, NEVER)
        if number % YOUNG_MAX == 0:
            index.flush()
    index.close()

    # The cache drops a lump of rows now and then; what was born since the last
    # collection may be collected that much later, not later and later.
    assert young
    assert max(young) < 3 * YOUNG_MAX
