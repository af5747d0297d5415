"""The auditor: bits that flip anywhere on a device are found, and never served."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from objectstore.kernel.device import Device
from objectstore.kernel.errors import Corrupt, Unavailable
from objectstore.kernel.loop import Loop, Progress
from objectstore.kernel.system_disk import SystemDisk
from objectstore.object.index.away import away_index
from objectstore.object.maintenance.auditor import ObjectAuditor
from objectstore.object.maintenance.compaction import Compaction
from objectstore.object.maintenance.index_repair import IndexRepair
from objectstore.object.maintenance.verify import verify
from objectstore.object.node import LocalObjectNode
from objectstore.object.store.options import StoreOptions
from objectstore.object.store.store import ObjectStore
from objectstore.wire.records import ObjectState
from test.fakes.stepped_clock import SteppedClock
from test.unit.object.bench import key_of, put_state

OPTIONS = StoreOptions(
    reserve_bytes=0, segment_bytes_max=64 * 1024, allocate_bytes=16 * 1024
)
LARGE = Random(3).randbytes(3_000_000)
NAMES = [f"o{n}" for n in range(60)]


class Real:
    """A store in a real directory, whose files a test can reach behind its back."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = SteppedClock()
        self.open()

    def open(self) -> None:
        self.device = Device.open(SystemDisk(), str(self.path / "d1"))
        self.store = ObjectStore.open(self.device, 0, self.clock, OPTIONS)
        self.node = LocalObjectNode(self.store)
        self.auditor = ObjectAuditor(self.store, self.clock, 0, 0)

    def close(self) -> None:
        self.store.close()
        self.device.close()

    def restart(self) -> None:
        self.close()
        self.open()

    def fill(self) -> None:
        for name in NAMES:
            body = name.encode() * 1000
            state = put_state(name, 10, body)
            self.node.put(key_of(name), state, body, row_owed=False).wait(10)
        upload = self.node.begin(key_of("large"), len(LARGE)).wait(10)
        for start in range(0, len(LARGE), 1_000_000):
            upload.write(memoryview(LARGE)[start : start + 1_000_000]).wait(10)
        state = put_state("large", 10, LARGE)
        upload.commit(state, row_owed=False).wait(10)
        self.store.make_index_durable()

    def state(self, name: str) -> ObjectState | None:
        return self.node.lookup(key_of(name), want_body=True).wait(10).state

    def round(self) -> None:
        Loop(self.auditor).once()

    def file(self, pattern: str) -> Path:
        """The first file of the pattern below the objects' directory."""
        return sorted((self.path / "d1" / "objects").glob(pattern))[0]

    def forget_rows(self) -> None:
        """As if the rows had been read long ago."""
        self.store.index._cached.clear()

    @property
    def quarantined(self) -> set[bytes]:
        self.store.journal.flush()
        return set(self.store.index.quarantined.items)


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Real]:
    real = Real(tmp_path)
    real.fill()
    yield real
    real.close()


def flip(path: Path, text: bytes) -> None:
    """One bit, in the middle of where the text is."""
    content = path.read_bytes()
    at = content.index(text) + len(text) // 2
    with path.open("r+b") as file:
        file.seek(at)
        file.write(bytes([content[at] ^ 1]))


def test_a_round_reads_everything(real: Real) -> None:
    real.round()
    mark = real.auditor.mark
    assert mark.problems == 0
    assert mark.rounds == 1
    log = sum(facts.size for facts in real.store.journal.segments())
    assert mark.bytes_verified >= log + len(LARGE) - 64 * 20
    real.clock.advance(100)
    assert mark.oldest_seconds(real.clock.time()) == 100


def test_it_goes_on_where_it_was(real: Real) -> None:
    while real.auditor.mark.phase == 0:
        assert real.auditor.step() is Progress.BUSY
    real.clock.advance(31)
    real.auditor.step()
    before = real.auditor.mark
    real.restart()
    assert real.auditor.mark == before
    real.round()
    assert real.auditor.mark.rounds == 1


def test_a_damaged_mark_is_no_mark(real: Real) -> None:
    real.round()
    mark = real.file("audit")
    mark.write_bytes(mark.read_bytes()[:-1])
    real.restart()
    assert real.auditor.mark.rounds == 0


def test_the_rate_is_kept(real: Real) -> None:
    slow = ObjectAuditor(real.store, real.clock, 10_000, 0)
    outcomes = [slow.step() for _ in range(10)]
    assert Progress.THROTTLED in outcomes
    real.clock.advance(1000)
    assert slow.step() is Progress.BUSY


def test_a_bad_body_in_a_closed_segment(real: Real) -> None:
    flip(real.file("log/*"), b"o1" * 1000)
    real.round()
    assert real.auditor.mark.problems == 1
    compaction = Compaction(real.store)
    assert compaction.step() is Progress.BUSY
    assert real.quarantined == {key_of("o1")}
    assert real.state("o1") is None
    for name in NAMES[2:]:
        assert real.state(name) is not None
    assert not real.store.damaged_segments
    assert list(real.file("quarantine").iterdir()), "the segment is kept"
    assert verify(real.store).problems == []


def test_a_bad_head_in_the_newest_segment(real: Real) -> None:
    newest = sorted((real.path / "d1/objects/log").iterdir())[-1]
    flip(newest, hashlib.md5(b"o59").digest())
    real.round()
    assert real.auditor.mark.problems
    real.store.journal.flush()  # the record that closes the segment
    assert Compaction(real.store).step() is Progress.BUSY
    assert real.quarantined == {key_of("o59")}
    assert real.state("o58") is not None


def test_a_bad_body_file(real: Real) -> None:
    flip(real.file("bodies/??/??/*"), LARGE[2_500_000:2_500_100])
    real.round()
    assert real.quarantined == {key_of("large")}
    assert real.state("large") is None


def test_a_missing_body_file(real: Real) -> None:
    real.file("bodies/??/??/*").unlink()
    real.round()
    assert real.quarantined == {key_of("large")}


def test_a_bad_row_is_not_served_and_the_index_made_anew(real: Real) -> None:
    key = key_of("o7")
    path = real.store.index.path
    with sqlite3.connect(path) as other:
        (row,) = other.execute(
            "SELECT row FROM objects WHERE key = ?", (key,)
        ).fetchone()
        bad = row[:70] + bytes([row[70] ^ 4]) + row[71:]
        other.execute("UPDATE objects SET row = ? WHERE key = ?", (bad, key))
    real.forget_rows()
    with pytest.raises(Corrupt):
        real.state("o7")
    repair = IndexRepair(real.store)
    assert repair.step() is Progress.DONE
    assert real.state("o7") is not None
    assert repair.step() is Progress.IDLE
    assert real.quarantined == set()
    assert verify(real.store).problems == []
    written = put_state("later", 20, b"later")
    assert real.node.put(key_of("later"), written, b"later").wait(10).stored


def test_a_broken_index_file(real: Real) -> None:
    real.restart()  # all of it in the main file
    path = Path(real.store.index.path)
    size = path.stat().st_size
    with path.open("r+b") as file:
        for page in range(2, size // 4096):
            file.seek(page * 4096)
            file.write(b"\xff" * 64)
    real.auditor.start_over()
    with pytest.raises(Corrupt):
        real.round()
    assert real.store.index.damage.what
    assert IndexRepair(real.store).step() is Progress.DONE
    for name in [*NAMES, "large"]:
        assert real.state(name) is not None


def test_nobody_is_told_anything_while_the_index_is_away(real: Real) -> None:
    index = real.store.index
    real.store.index = away_index(index)
    with pytest.raises(Unavailable):
        real.state("o1")
    with pytest.raises(Unavailable):
        real.node.put(key_of("x"), put_state("x", 10, b"x"), b"x").wait(10)
    real.node.paid(key_of("o1"), 10)
    real.store.index = index
