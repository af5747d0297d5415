"""What is known of keys that are not in the index's table."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from objectstore.object.index.database import open_database
from objectstore.object.index.index import Index
from objectstore.object.index.known_keys import KnownKeys
from objectstore.object.records.record import NEVER
from objectstore.object.records.state import Body, Held, Place, coming_of
from objectstore.object.store.view import View
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


class Failed(Exception):
    """A flush that did not come about, or was not waited for."""


class Model:
    """An index whose rows are also kept in a dictionary."""

    def __init__(self, path: str, seed: int) -> None:
        self.random = Random(seed)
        # Many with the same beginning.
        self.keys = [
            bytes([self.random.randrange(256), 0]) + tail
            for tail in (self.random.randbytes(14) for _ in range(1_000))
        ]
        self.rows: dict[bytes, int] = {}
        self.flushed: dict[bytes, int] = {}
        self.path = path
        self.open()

    def open(self) -> None:
        self.index = Index(self.path, open_database, rows_cached_max=1)
        self.rows = dict(self.flushed)

    def change(self, count: int) -> None:
        for key in self.random.choices(self.keys, k=count):
            held = self.index.get(key)
            assert (held and held.state and held.state.timestamp) == self.rows.get(key)
            if held is not None and self.random.random() < 0.3:
                self.index.set(key, held, None)
                del self.rows[key]
                continue
            at = self.rows[key] = self.random.randrange(1, 10**9)
            coming = coming_of(key, put_state(key.hex(), at, b""))
            place = Place(1, at, 100)
            row = Held(coming.state, coming.digest, place, Body(place, 0, 0, 0), ())
            self.index.set(key, held, row)

    def flush(self) -> None:
        """Changes come before, while and after it is written, or it is not."""
        frozen = dict(self.rows)
        luck = self.random.random()

        def run(write: Callable[[], None]) -> None:
            self.change(5)
            if luck < 0.2:
                raise Failed
            write()
            self.flushed = frozen
            self.change(5)
            if luck > 0.8:
                raise Failed

        with contextlib.suppress(Failed):
            self.index.flush(run)


@pytest.mark.parametrize("seed", range(3))
def test_no_row_is_ever_forgotten(tmp_path: Path, seed: int) -> None:
    model = Model(str(tmp_path / "index.db"), seed)
    for _ in range(60):
        model.change(model.random.randrange(40))
        luck = model.random.random()
        if luck < 0.6:
            model.flush()
        elif luck < 0.7:
            model.index.close()
            model.open()
    model.change(1_000)
    model.index.close()
