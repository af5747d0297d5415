"""Body files: written around the page cache where memory and place allow it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from objectstore.kernel.blocks import BLOCK_BYTES, block_memory
from objectstore.kernel.disk import Disk
from objectstore.kernel.errors import Corrupt
from objectstore.kernel.system_disk import SystemDisk
from objectstore.object.bodies.files import BodyFiles
from objectstore.object.bodies.reader import FileBody
from objectstore.object.bodies.rereads import Rereads
from test.fakes.disk import MemoryDisk
from test.fakes.stepped_clock import SteppedClock

KEY, TIMESTAMP = b"k" * 16, 12345
NAMES = ("a", "c", "o")
PIECE_BYTES = 1 << 20


@pytest.fixture(params=["memory", "system", "no direct writes"])
def disk(request: pytest.FixtureRequest) -> Disk:
    if request.param == "memory":
        return MemoryDisk()
    return SystemDisk(direct_writes=request.param == "system")


def pieces(sizes: list[int], *, in_blocks: bool) -> Iterator[memoryview]:
    random = Random(1)
    memory = block_memory(PIECE_BYTES) if in_blocks else memoryview(bytearray(2 << 20))
    for size in sizes:
        memory[:size] = random.randbytes(size)
        yield memory[:size]


@pytest.mark.parametrize("in_blocks", [True, False])
@pytest.mark.parametrize(
    "sizes",
    [
        [PIECE_BYTES] * 5,
        [PIECE_BYTES, PIECE_BYTES, 5000],
        [PIECE_BYTES, 3],
        [PIECE_BYTES + 1, PIECE_BYTES, 7],
        [65536, 100, 65536, BLOCK_BYTES],
        [BLOCK_BYTES],
    ],
)
def test_a_body_is_read_as_it_was_written(
    disk: Disk, tmp_path: Path, sizes: list[int], in_blocks: bool
) -> None:
    sizes = [min(size, PIECE_BYTES) for size in sizes] if in_blocks else sizes
    files = BodyFiles(
        disk,
        str(tmp_path / "bodies"),
        str(tmp_path / "bad"),
        Rereads(disk, SteppedClock()),
    )
    writer = files.begin()
    expected = b""
    for piece in pieces(sizes, in_blocks=in_blocks):
        writer.write(piece)
        expected += piece
    writer.finish(KEY, TIMESTAMP, NAMES)
    serial = files.publish(writer, KEY, TIMESTAMP)
    writer.close()

    def on_corrupt(error: Corrupt) -> None:
        raise error

    descriptor = files.open(KEY, TIMESTAMP, serial)
    body = FileBody(disk, descriptor, 0, len(expected), on_corrupt)
    body.verify_trailer(KEY, TIMESTAMP, len(expected))
    assert b"".join(body) == expected
    body.close()
