from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from compute.agent.disks.ranges import ImageRanges
from objectstore.kernel import concurrency
from objectstore.kernel.clock import SystemClock
from objectstore.kernel.errors import Rejected, Unavailable
from test.fakes.image_files import ImageFiles

BLOCK = 1024


@pytest.fixture
def images(tmp_path: Path) -> ImageFiles:
    path = tmp_path / "image"
    path.write_bytes(Random(1).randbytes(10 * BLOCK + 100))
    images = ImageFiles()
    images.add("one", path, "raw")
    return images


def ranges_over(images: ImageFiles, **more: float) -> ImageRanges:
    return ImageRanges(
        images,
        SystemClock(),
        block_bytes=BLOCK,
        kept_bytes_max=int(more.get("kept", 4 * BLOCK)),
        patience_seconds=more.get("patience", 5.0),
    )


def test_any_range_is_right(images: ImageFiles, tmp_path: Path) -> None:
    content = (tmp_path / "image").read_bytes() + bytes(BLOCK)
    ranges, random = ranges_over(images), Random(2)
    for _ in range(200):
        offset = random.randrange(10 * BLOCK)
        length = random.randrange(3 * BLOCK)
        expected = content[offset : offset + length].ljust(length, b"\0")
        assert ranges.read("one", offset, length) == expected


def test_many_askers_cost_one_read(images: ImageFiles) -> None:
    ranges = ranges_over(images)
    tasks = [concurrency.spawn(ranges.read, "one", 10, 20) for _ in range(50)]
    assert len({concurrency.wait_task(task) for task in tasks}) == 1
    assert images.reads == 1
    assert ranges.bytes_fetched["one"] == BLOCK


def test_memory_is_bounded(images: ImageFiles) -> None:
    ranges = ranges_over(images)
    for number in reversed(range(10)):
        ranges.read("one", number * BLOCK, BLOCK)
    ranges.read("one", 0, BLOCK)
    assert images.reads == 10
    ranges.read("one", 9 * BLOCK, BLOCK)  # gone from memory meanwhile
    assert images.reads == 11


def test_the_next_block_is_on_its_way(images: ImageFiles) -> None:
    ranges = ranges_over(images, kept=20 * BLOCK)
    ranges.read("one", 3 * BLOCK, BLOCK)
    assert images.reads == 1  # one read is no sequence
    ranges.read("one", 4 * BLOCK, 10)
    concurrency.sleep(0)
    assert images.reads == 3
    for number in range(4, 11):
        ranges.read("one", number * BLOCK, 100)
    concurrency.sleep(0)
    assert images.reads == 8  # and none behind the image's end
    assert ranges.bytes_fetched["one"] == 7 * BLOCK + 100


def test_a_store_that_comes_back_in_time_is_no_error(images: ImageFiles) -> None:
    ranges = ranges_over(images)
    ranges.facts("one")
    images.is_away = True
    task = concurrency.spawn(ranges.read, "one", 0, 5)
    concurrency.sleep(0)
    images.is_away = False
    assert len(concurrency.wait_task(task)) == 5


def test_patience_ends(images: ImageFiles) -> None:
    ranges = ranges_over(images, patience=0.0)
    images.is_away = True
    with pytest.raises(Unavailable):
        ranges.read("one", 0, 5)
    images.is_away = False
    assert len(ranges.read("one", 0, 5)) == 5


def test_an_image_that_is_not_there(images: ImageFiles) -> None:
    with pytest.raises(Rejected):
        ranges_over(images).read("two", 0, 5)
