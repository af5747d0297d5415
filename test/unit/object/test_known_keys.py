"""What is known of keys that are not in the index's table."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from objectstore.object.database import open_database
from objectstore.object.index import Index
from objectstore.object.known_keys import KnownKeys
from objectstore.object.record import NEVER
from objectstore.object.state import Body, Place, coming_of
from objectstore.object.view import View
from test.unit.object.bench import put_state

SEED = 20261121


def random_keys(count: int, seed: int) -> list[bytes]:
    random = Random(seed)
    return [random.randbytes(16) for _ in range(count)]


def test_an_empty_table_lacks_all_but_what_was_added() -> None:
    known = KnownKeys(0)
    here, away = random_keys(500, SEED), random_keys(500, SEED + 1)
    for key in here:
        known.add(key)
    assert not any(map(known.lack, here))
    assert sum(map(known.lack, away)) >= 495


@pytest.mark.parametrize("pages", [1, 4, 100, 5_000, 10_000_000])
def test_nothing_is_lacking_from_a_range_that_is_not_known(pages: int) -> None:
    known = KnownKeys(pages)
    keys = sorted(random_keys(2_000, SEED))
    for key in (bytes(16), *keys, b"\xff" * 16):
        borders = known.unknown_range(key)
        if borders is not None:
            assert not known.lack(key)
            first, stop = borders
            assert first <= key < stop
            known.learn_range(key, [each for each in keys if first <= each < stop])
            assert known.unknown_range(key) is None
    assert not any(map(known.lack, keys))


def test_an_index_that_is_opened_again_finds_all_its_rows(tmp_path: Path) -> None:
    path = str(tmp_path / "index.db")
    keys = random_keys(3_000, SEED)
    for part in (keys[:1_000], keys[1_000:2_000], keys[2_000:]):
        index = Index(path, open_database, rows_cached_max=1)
        for number, key in enumerate(part):
            assert index.get(key) is None
            state = put_state(key.hex(), number + 1, b"")
            place = Place(1, number, 100)
            body = Body(place, 0, 0, 0)
            coming = coming_of(key, state)
            View(index).change(key, coming, place, body, False, NEVER)
            if number % 300 == 0:
                index.flush()
        index.flush()
        index.close(flushed=True)
    index = Index(path, open_database, rows_cached_max=1)
    away = random_keys(1_000, SEED + 1)
    for key, other in zip(keys, away * 3, strict=True):
        assert index.get(other) is None
        held = index.get(key)
        assert held is not None and held.state is not None
        assert held.state.name.object == key.hex()
    index.close()
