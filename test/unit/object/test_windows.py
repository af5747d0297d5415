"""Large bodies are read around the page cache, unless it helps."""

from __future__ import annotations

from logging import LogRecord
from pathlib import Path
from random import Random

import pytest

from objectstore.kernel.blocks import BlockPool
from objectstore.kernel.concurrency import Promise, sleep
from objectstore.kernel.disk import Disk
from objectstore.kernel.errors import Corrupt, DeadlineExceeded, Unavailable
from objectstore.kernel.system_disk import SystemDisk
from objectstore.object.bodies import windows
from objectstore.object.bodies.files import AROUND_BYTES_MIN, CACHED_SHARE, BodyFiles
from objectstore.object.bodies.format import BLOCK_BYTES
from objectstore.object.bodies.reader import FileBody
from objectstore.object.bodies.rereads import Range, Rereads, Turn, Turns
from test.fakes.disk import MemoryDisk
from test.fakes.stepped_clock import SteppedClock

KEY, TIMESTAMP = b"k" * 16, 12345
DATA = Random(7).randbytes(AROUND_BYTES_MIN + windows.WINDOW_BYTES + 777)


@pytest.fixture(params=["memory", "queue", "threads"])
def disk(request: pytest.FixtureRequest) -> Disk:
    if request.param == "memory":
        return MemoryDisk()
    return SystemDisk(sync_without_threads=request.param == "queue")


class Bodies:
    """One body of DATA, and readers of it."""

    def __init__(self, disk: Disk, path: Path, *, are_brought: bool = False) -> None:
        """``are_brought``: into the page cache, when they are read again."""
        self.disk = disk
        self.turns = Turns()
        self.clock = SteppedClock()
        if not are_brought:
            assert self.take_turn() is not None
        rereads = Rereads(disk, self.clock, self.turns)
        self.files = BodyFiles(disk, str(path / "bodies"), str(path / "bad"), rereads)
        self.complaints: list[Corrupt] = []
        writer = self.files.begin()
        writer.write(memoryview(DATA))
        writer.finish(KEY, TIMESTAMP, ("a", "c", "o"))
        self.serial = self.files.publish(writer, KEY, TIMESTAMP)
        writer.close()
        descriptor = self.files.open(KEY, TIMESTAMP, self.serial)
        disk.forget_cached(descriptor, 0, len(DATA))
        disk.close(descriptor)

    def take_turn(self) -> Turn | None:
        """That of who brings a range."""
        return self.turns.take(self.clock.monotonic())

    def read(self, start: int = 0, stop: int = len(DATA)) -> FileBody:
        descriptor = self.files.open(KEY, TIMESTAMP, self.serial)
        wanted = Range(KEY, TIMESTAMP, start, stop - start)
        found = self.files.windows(descriptor, wanted, self.serial)
        body = FileBody(
            self.disk, descriptor, start, stop, self.complaints.append, found
        )
        body.verify_trailer(KEY, TIMESTAMP, len(DATA))
        return body


def in_memory(body: FileBody) -> bytes | None:
    """The bytes of its spans, if they are handed out in memory."""
    pieces = []
    for span in body.spans():
        if isinstance(span, tuple):
            return None
        pieces.append(bytes(span))
    return b"".join(pieces)


@pytest.mark.parametrize("start, stop", [(0, len(DATA)), (BLOCK_BYTES + 5, 5_000_000)])
def test_they_are_read_around_the_cache(
    disk: Disk, tmp_path: Path, start: int, stop: int
) -> None:
    bodies = Bodies(disk, tmp_path)
    for _ in range(2):
        body = bodies.read(start, stop)
        assert in_memory(body) == DATA[start:stop]
        body.close()
    assert not bodies.complaints


def test_what_several_want_at_once_goes_through_the_cache(
    disk: Disk, tmp_path: Path
) -> None:
    bodies = Bodies(disk, tmp_path)
    first, second = bodies.read(), bodies.read()
    assert b"".join(second) == DATA
    assert in_memory(second) is None
    assert in_memory(first) == DATA
    first.close()
    second.close()


def test_what_is_in_the_cache_is_read_there(tmp_path: Path) -> None:
    disk = SystemDisk()
    bodies = Bodies(disk, tmp_path)
    descriptor = bodies.files.open(KEY, TIMESTAMP, bodies.serial)
    if not disk.cached_bytes(descriptor, 0, 1):
        assert len(disk.pread(descriptor, len(DATA), 0)) == len(DATA)
    told = disk.cached_bytes(descriptor, 0, len(DATA))
    # Nothing: an older kernel.  Not all: it takes pages away when it needs them.
    assert told > CACHED_SHARE * len(DATA) or not told
    body = bodies.read()
    assert (in_memory(body) is None) == bool(told)
    body.close()


def test_what_is_read_again_is_in_the_cache_the_third_time(tmp_path: Path) -> None:
    disk = SystemDisk()
    bodies = Bodies(disk, tmp_path, are_brought=True)
    descriptor = bodies.files.open(KEY, TIMESTAMP, bodies.serial)
    if disk.cached_bytes(descriptor, 0, 1) or not disk.cache_room():
        pytest.skip("a file system that lives in memory, or nobody knows how much")
    for _ in range(2):
        body = bodies.read()
        assert in_memory(body) == DATA
        body.close()
    while bodies.take_turn() is None:
        sleep(0.001)
    told = disk.cached_bytes(descriptor, 0, len(DATA))
    # Nothing: an older kernel.  Not all: it takes pages away when it needs them.
    assert told > CACHED_SHARE * len(DATA) or not told
    body = bodies.read()
    assert (in_memory(body) is None) == bool(told)
    assert b"".join(bodies.read()) == DATA
    body.close()
    disk.close(descriptor)


def test_pieces_that_are_kept_stay_as_they_were(disk: Disk, tmp_path: Path) -> None:
    body = Bodies(disk, tmp_path).read()
    assert b"".join(list(body)) == DATA
    body.close()


def test_short_ranges_go_through_the_cache(disk: Disk, tmp_path: Path) -> None:
    body = Bodies(disk, tmp_path).read(0, AROUND_BYTES_MIN - 1)
    assert in_memory(body) is None
    body.close()


def test_bad_bytes_do_not_leave(disk: Disk, tmp_path: Path) -> None:
    bodies = Bodies(disk, tmp_path)
    path = bodies.files.path(KEY, TIMESTAMP, bodies.serial)
    descriptor = disk.open(path, write=True)
    disk.pwrite(descriptor, [b"!!"], 3 * windows.WINDOW_BYTES)
    disk.sync_data(descriptor)
    body = bodies.read()
    received = 0
    with pytest.raises(Corrupt):
        for span in body.spans():
            received += len(span)
    assert received == 3 * windows.WINDOW_BYTES
    assert len(bodies.complaints) == 1
    body.close()


def test_a_disk_that_fails_is_told(tmp_path: Path) -> None:
    disk = MemoryDisk()
    body = Bodies(disk, tmp_path).read()
    spans = body.spans()
    next(spans)
    disk.fail("pread")
    with pytest.raises(Unavailable):
        list(spans)
    body.close()


def test_memory_comes_back_from_readers_that_leave_early(
    disk: Disk, tmp_path: Path
) -> None:
    bodies = Bodies(disk, tmp_path)
    for _ in range(2 * windows.READERS_MAX):
        body = bodies.read()
        assert isinstance(next(body.spans()), memoryview)
        body.close()
        while body._windows is not None and body._windows._under_way:
            sleep(0.001)


def test_without_memory_the_cache_is_used(disk: Disk, tmp_path: Path) -> None:
    bodies = Bodies(disk, tmp_path)
    taken = []
    while (memory := windows._pool.take()) is not None:
        taken.append(memory)
    try:
        body = bodies.read()
        assert in_memory(body) is None
        body.close()
    finally:
        for memory in taken:
            windows._pool.give_back(memory)


class HangingDisk(MemoryDisk):
    """Ends no read around the cache that begins at ``hangs_from`` or later."""

    hangs_from = 2 * windows.WINDOW_BYTES

    def __init__(self) -> None:
        super().__init__()
        self.unended: list[Promise[int]] = []

    def read_around(self, direct: int, memory: memoryview, offset: int) -> Promise[int]:
        if offset < self.hangs_from:
            return super().read_around(direct, memory, offset)
        self.unended.append(Promise())
        return self.unended[-1]


class NotingDisk(MemoryDisk):
    """One with room, which notes what is brought into its cache."""

    def __init__(self) -> None:
        super().__init__()
        self.brought = 0  # bytes

    def cache_room(self) -> int:
        return 8 * len(DATA)

    def bring_into_cache(self, descriptor: int, offset: int, length: int) -> None:
        self.brought += length


def test_what_was_not_read_to_its_end_is_not_brought(tmp_path: Path) -> None:
    """A player that looks at the beginning twice does not want the whole film."""
    disk = NotingDisk()
    bodies = Bodies(disk, tmp_path, are_brought=True)

    def read(spans: int) -> int:
        body = bodies.read()
        for _, _ in zip(range(spans), body.spans(), strict=False):
            pass
        body.close()
        while (turn := bodies.take_turn()) is None:
            sleep(0)
        bodies.turns.give_back(turn)
        return disk.brought

    assert [read(1), read(1), read(99), read(1)] == [0] * 4
    assert read(99) == len(DATA)


WANTED = [(n * windows.WINDOW_BYTES, (n + 1) * windows.WINDOW_BYTES) for n in range(4)]


class Hanging:
    """A body on a disk that hangs, and readers of it who wait for 10 ms.

    They have memory of their own: into that of the process the disks of other tests may
    still be writing.
    """

    def __init__(self, path: Path) -> None:
        self.disk = HangingDisk()
        self.bodies = Bodies(self.disk, path)
        self.pool = BlockPool(
            windows.WINDOWS * windows.WINDOW_BYTES, windows.READERS_MAX
        )
        self.reads = windows.DeviceReads(self.disk, str(path), self.pool)
        self.bodies.files.reads = self.reads
        self.closed = 0

    def reader(self) -> windows.WindowReader | None:
        descriptor = self.bodies.files.open(KEY, TIMESTAMP, self.bodies.serial)
        try:
            return self.reads.reader(descriptor, self._count, seconds_max=0.01)
        finally:
            self.disk.close(descriptor)

    def _count(self) -> None:
        self.closed += 1

    def read(self, reader: windows.WindowReader | None) -> int:
        """How much is received before it hangs."""
        assert reader is not None
        received = 0
        with pytest.raises(DeadlineExceeded):
            for view in reader.read(iter(WANTED)):
                received += len(view)
        reader.close()
        return received

    def answer(self) -> None:
        """The disk, late."""
        late, self.disk.unended = self.disk.unended, []
        self.disk.hangs_from = len(DATA) * 2
        for promise in late:
            promise.resolve(windows.WINDOW_BYTES)

    def free_memory(self) -> int:
        """How many more readers find memory."""
        taken = []
        while (memory := self.pool.take()) is not None:
            taken.append(memory)
        for memory in taken:
            self.pool.give_back(memory)
        return len(taken)


def of_windows(caplog: pytest.LogCaptureFixture) -> list[LogRecord]:
    """Its log only: what earlier tests left behind may have its own to say."""
    return [each for each in caplog.records if each.name == "objectstore.windows"]


def test_a_disk_that_hangs_keeps_its_reader_waiting_for_a_while_only(
    tmp_path: Path,
) -> None:
    hanging = Hanging(tmp_path)
    assert hanging.read(hanging.reader()) == 2 * windows.WINDOW_BYTES
    assert hanging.closed == 1
    hanging.answer()  # late: nobody minds


def test_a_disk_that_hangs_keeps_the_memory_of_half_the_readers_until_it_answers(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "objectstore.windows")
    hanging = Hanging(tmp_path)
    before = hanging.free_memory()
    readers = [hanging.reader() for _ in range(windows.DEVICE_READERS_MAX)]
    assert hanging.reader() is None, "the others are for other disks"
    for reader in readers:
        hanging.read(reader)
    assert hanging.free_memory() == before - windows.DEVICE_READERS_MAX
    bytes_each = windows.WINDOWS * windows.WINDOW_BYTES
    assert hanging.reads.hung_bytes == windows.DEVICE_READERS_MAX * bytes_each
    (told,) = of_windows(caplog)
    assert "does not answer" in told.message and str(tmp_path) in told.message
    with pytest.raises(Unavailable, match="does not answer"):
        hanging.reader()
    hanging.answer()
    assert (hanging.free_memory(), hanging.reads.hung_bytes) == (before, 0)
    _, told = of_windows(caplog)
    assert "answers again" in told.message
    body = hanging.bodies.read()
    assert in_memory(body) == DATA
    body.close()
    assert hanging.free_memory() == before


def test_readers_that_leave_a_disk_that_hangs_give_back_no_memory_in_use(
    tmp_path: Path,
) -> None:
    hanging = Hanging(tmp_path)
    before = hanging.free_memory()
    reader = hanging.reader()
    assert reader is not None
    next(reader.read(iter(WANTED)))
    reader.close()
    assert hanging.free_memory() == before - 1
    hanging.answer()
    assert hanging.free_memory() == before
