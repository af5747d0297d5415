"""The index while it is being flushed: read, changed, failed and crashed halfway."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from objectstore.kernel.errors import Unavailable
from objectstore.kernel.journal import Position
from objectstore.object.index.database import open_database
from objectstore.object.index.digests import Digests
from objectstore.object.index.expiring import FIRST
from objectstore.object.index.index import Index
from objectstore.object.records.record import NEVER
from objectstore.object.records.state import Body, Held, Place, coming_of
from objectstore.object.store.view import View
from test.unit.object.bench import key_of, put_state

KEYS = [key_of(str(number)) for number in range(300)]
EXPIRES = 1000


class Model:
    """The index, and what it must say."""

    def __init__(self, path: Path, seed: int) -> None:
        # One row in the cache: everything comes from where it really is.
        self.index = Index(str(path), open_database, rows_cached_max=1)
        self.rows: dict[bytes, Held] = {}
        self._random = Random(seed)
        self._time = 0

    def change(self, count: int) -> None:
        """Put some rows, some of objects that expire, and drop some."""
        for _ in range(count):
            self._time += 1
            key = self._random.choice(KEYS)
            if self._random.random() < 0.2:
                self.index.set(key, self.index.get(key), None)
                self.rows.pop(key, None)
                continue
            state = put_state(key.hex(), self._time, b"")
            if self._random.random() < 0.3:
                state = state._replace(delete_at=self._random.randrange(1, EXPIRES))
            place = Place(1, self._time, 100)
            body = Body(place, 0, 0, 0) if self._random.random() < 0.6 else None
            coming = coming_of(key, state)
            View(self.index).change(key, coming, place, body, False, NEVER)
            held = self.index.get(key)
            assert held is not None
            self.rows[key] = held

    def _bodiless(self, limit: int) -> list[bytes]:
        found: list[bytes] = []
        after = b""
        while True:
            page, after = self.index.ranges.bodiless(after, limit)
            found += [key for key, _ in page]
            if not after:
                return found

    def check(self) -> None:
        """Every kind of question."""
        index, rows = self.index, self.rows
        for key in KEYS:
            found = index.get(key)
            expected = rows.get(key)
            assert (found and found.state) == (expected and expected.state)
        assert [(key, held.state) for key, held in self._pages(7)] == [
            (key, rows[key].state) for key in sorted(rows)
        ]
        assert self._bodiless(7) == [key for key in sorted(rows) if not rows[key].body]
        digests = [(key, rows[key].digest) for key in sorted(rows)]
        assert index.ranges.states(0, 0, b"", -1) == digests
        assert index.ranges.states(0, 0, digests[4][0], 9) == digests[5:14]
        half = [item for item in digests if item[0] >= b"\x80"]
        assert index.ranges.states(1, 1, b"", -1) == half
        due = sorted(
            (held.state.delete_at, key)
            for key, held in rows.items()
            if held.state is not None and 0 < held.state.delete_at <= EXPIRES // 2
        )
        assert index.ranges.expired(EXPIRES // 2, FIRST, 5) == due[:5]
        assert index.ranges.expired(EXPIRES // 2, FIRST, 1000) == due
        assert index.ranges.expired_count(EXPIRES // 2) == len(due)

    def _pages(self, limit: int) -> Iterator[tuple[bytes, Held]]:
        after = b""
        while page := self.index.ranges.page(after, limit):
            assert len(page) <= limit
            yield from page
            after = page[-1][0]


@pytest.mark.parametrize("seed", range(4))
def test_reads_are_right_at_every_moment(tmp_path: Path, seed: int) -> None:
    model = Model(tmp_path / "index.db", seed)

    def run(write: Callable[[], None]) -> None:
        model.check()  # frozen, not written
        model.change(60)
        model.check()  # changed again meanwhile
        write()
        model.check()  # written, still thought to be frozen
        model.change(20)

    for _ in range(3):
        model.change(150)
        model.index.flush(run, model.check)  # and while it is being written
        model.check()
    model.index.flush()
    assert model.index.unflushed == 0
    model.check()
    model.index.close(flushed=True)


def test_what_could_not_be_written_goes_with_the_next(tmp_path: Path) -> None:
    model = Model(tmp_path / "index.db", 9)
    model.change(200)
    model.index.owed.put(b"owed", (1, 2, 3))

    def fail(write: Callable[[], None]) -> None:
        model.change(50)
        model.index.owed.put(b"later", (4, 5, 6))
        raise Unavailable("no thread")

    with pytest.raises(Unavailable):
        model.index.flush(fail)
    model.check()
    model.index.flush()
    model.check()
    model.index.close(flushed=True)
    again = Index(str(tmp_path / "index.db"), open_database)
    assert again.owed.items == {b"owed": (1, 2, 3), b"later": (4, 5, 6)}
    assert {key: held.state for key, held in again.ranges.rows()} == {
        key: held.state for key, held in model.rows.items()
    }
    again.close()


def test_a_crash_finds_one_flush_or_the_other(tmp_path: Path) -> None:
    """Whatever it finds, rows, digests and the place in the log agree."""
    model = Model(tmp_path / "index.db", 17)
    left: list[Path] = []

    def crash() -> None:
        directory = tmp_path / f"crash-{len(left)}"
        directory.mkdir()
        for name in ("index.db", "index.db-wal"):
            shutil.copyfile(tmp_path / name, directory / name)
        left.append(directory / "index.db")

    def run(write: Callable[[], None]) -> None:
        model.change(30)
        crash()
        write()
        crash()
        model.change(30)

    model.change(100)
    model.index.flush()
    before = model.index.applied
    model.change(100)
    between = model.index.applied
    model.index.flush(run)
    crash()
    model.index.close()
    applied = []
    for path in left:
        found = Index(str(path), open_database)
        applied.append(found.applied)
        digests = Digests()
        for key, held in found.ranges.rows():
            digests.change(key, 0, held.digest)
        assert digests.to_bytes() == found.digests.to_bytes()
        found.close()
    assert applied == [before, between, between]


def test_what_came_and_went_is_not_written(tmp_path: Path) -> None:
    index = Index(str(tmp_path / "index.db"), open_database)
    index.owed.put(b"paid at once", (1, 1, 1))
    index.owed.drop(b"paid at once")
    index.owed.put(b"paid later", (2, 2, 2))
    index.flush()
    index.owed.drop(b"paid later")
    index.flush(lambda write: (index.owed.put(b"third", (3, 3, 3)), write())[1])
    index.close()
    again = Index(str(tmp_path / "index.db"), open_database)
    assert again.owed.items == {}
    again.close()


def test_reading_does_not_keep_the_write_ahead_file_growing(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    model, sizes = Model(path, 6), []
    for _ in range(8):
        model.change(100)
        model.index.flush()
        for key in KEYS[:20]:
            model.index.get(key)
        model.index.checkpoint()
        for key in KEYS[20:40]:
            model.index.get(key)
        sizes.append(path.with_name("index.db-wal").stat().st_size)
    model.check()
    assert max(sizes[2:]) <= 2 * max(sizes[:2])
    model.index.close(flushed=True)
    model.index = Index(str(path), open_database)
    assert model.index.was_closed
    model.check()
    model.index.close()


def test_reading_while_nothing_is_flushed_does_not_hold_up_the_checkpoint(
    tmp_path: Path,
) -> None:
    """A flush may have facts alone to write; SQLite's file goes on for its reader."""
    path = tmp_path / "index.db"
    model = Model(path, 7)
    model.change(100)
    model.index.flush()

    def read_first(write: Callable[[], None]) -> None:
        for key in KEYS[:10]:
            model.index.get(key)
        write()

    model.index.applied = Position(1, 12_345)
    model.index.flush(read_first)
    assert not model.index._connection.in_transaction
    model.check()
    model.index.close(flushed=True)
