"""Which images a host holds, and when it says so."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from compute.agent.disks.holds import RENEW_SECONDS, ImageHolds, lazy_images
from compute.agent.disks.layout import ROOT_FILE, Layout
from compute.agent.disks.qcow2 import empty_image
from objectstore.kernel.errors import Rejected, Unavailable
from test.fakes.image_files import ImageFiles
from test.fakes.stepped_clock import SteppedClock

GUEST = "11111111-2222-3333-4444-555555555555"
NAME = b"nbd+unix:///image-1?socket=/run/lazy.sock"
FORMAT_EXTENSION = 0xE2792ACA


def lazy_disk(layout: Layout) -> None:
    """An overlay's header, as QEMU writes it."""
    head = bytearray(empty_image(1 << 30)[:512])
    struct.pack_into(">IQI", head, 4, 3, 400, len(NAME))
    struct.pack_into(">I", head, 100, 104)
    struct.pack_into(">II8sII", head, 104, FORMAT_EXTENSION, 5, b"qcow2", 0, 0)
    head[400 : 400 + len(NAME)] = NAME
    path = Path(layout.file(GUEST, ROOT_FILE))
    path.parent.mkdir(parents=True)
    path.write_bytes(head)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(str(tmp_path))


@pytest.fixture
def images(tmp_path: Path) -> ImageFiles:
    (tmp_path / "image").write_bytes(b"bytes")
    images = ImageFiles()
    images.add("image-1", tmp_path / "image", "raw")
    return images


def test_a_disk_holds_its_image_from_before_it_is_made(
    layout: Layout, images: ImageFiles
) -> None:
    holds = ImageHolds(layout, images, SteppedClock())
    with holds.making("image-1"):
        assert images.held == {"image-1"}
        holds.tell()  # upkeep comes by before there is a disk
        assert images.held == {"image-1"}
        lazy_disk(layout)
    holds.tell()
    assert images.held == lazy_images(layout) == {"image-1"}
    Path(layout.file(GUEST, ROOT_FILE)).write_bytes(empty_image(1 << 30))
    holds.tell()
    assert images.held == frozenset()


def test_a_disk_that_was_not_made_holds_nothing(
    layout: Layout, images: ImageFiles
) -> None:
    holds = ImageHolds(layout, images, SteppedClock())
    with pytest.raises(OSError), holds.making("image-1"):
        raise OSError
    holds.tell()
    assert images.held == frozenset()
    with pytest.raises(Rejected), holds.making("gone"):
        pytest.fail("made a disk of an image that is not there")


def test_only_news_is_told_until_it_is_time(layout: Layout, images: ImageFiles) -> None:
    clock = SteppedClock()
    holds = ImageHolds(layout, images, clock)
    lazy_disk(layout)
    holds.tell()
    images.held = frozenset()
    holds.tell()
    assert images.held == frozenset()
    clock.advance(RENEW_SECONDS)
    holds.tell()
    assert images.held == {"image-1"}


def test_what_could_not_be_told_is_told_later(
    layout: Layout, images: ImageFiles
) -> None:
    holds = ImageHolds(layout, images, SteppedClock())
    lazy_disk(layout)
    images.is_away = True
    with pytest.raises(Unavailable):
        holds.tell()
    images.is_away = False
    holds.tell()
    assert images.held == {"image-1"}
