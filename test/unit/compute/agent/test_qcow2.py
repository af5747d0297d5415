from __future__ import annotations

import struct

import pytest

from compute.agent.disks.overlay import nbd_address, read_backing
from compute.agent.disks.qcow2 import empty_image
from compute.agent.guests import NbdSource
from compute.core.disks.inspection.fields import ImageRefused
from compute.core.disks.inspection.qcow2 import (
    HEAD_BYTES,
    HEADER_BYTES,
    check,
    read_header,
)
from objectstore.kernel.errors import Corrupt


def header(**changes: int) -> bytes:
    """A good header with some fields overwritten: offset=value of 8 bytes."""
    head = bytearray(empty_image(1 << 30)[:HEAD_BYTES])
    places = {"version": (">I", 4), "backing": (">Q", 8), "cluster": (">I", 20)}
    places |= {"size": (">Q", 24), "crypt": (">I", 32), "features": (">Q", 72)}
    for name, value in changes.items():
        form, offset = places[name]
        struct.pack_into(form, head, offset, value)
    return bytes(head)


def test_an_empty_image_is_a_good_one() -> None:
    assert check(empty_image(5 << 30)[:HEAD_BYTES]) == 5 << 30
    assert read_header(empty_image(5 << 30)[:HEADER_BYTES]).version == 3


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"QFI\xfb",
        b"KDMV" + bytes(200),
        header(version=7),
        header(cluster=60),
        header(size=1 << 62),
        header(features=2),  # says it is corrupt
        header(features=1 << 40),  # a feature nobody knows
        header()[:80],
    ],
)
def test_what_is_no_header(bad: bytes) -> None:
    with pytest.raises(ImageRefused):
        read_header(bad)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"backing": 104}, "backing"),
        ({"features": 4}, "external file"),
        ({"crypt": 1}, "encrypted"),
    ],
)
def test_an_image_from_outside_names_no_other_file(
    changes: dict[str, int], word: str
) -> None:
    with pytest.raises(ImageRefused, match=word):
        check(header(**changes))


def overlay(name: str, image_format: str) -> bytes:
    """An overlay's first bytes as QEMU writes them."""
    text, kind = name.encode(), image_format.encode()
    extension = struct.pack(">II", 0xE2792ACA, len(kind)) + kind.ljust(8, b"\0")
    start = HEADER_BYTES + len(extension) + 8
    head = bytearray(header()[:HEADER_BYTES])
    struct.pack_into(">QI", head, 8, start, len(text))
    return bytes(head) + extension + bytes(8) + text


def test_what_an_overlay_stands_on() -> None:
    source = NbdSource("/tmp/a b/lazy.sock", "image-1", "qcow2")
    content = overlay(nbd_address(source), "qcow2")
    backing = read_backing(lambda offset, size: content[offset : offset + size])
    assert backing is not None
    assert backing.as_nbd() == source
    content = overlay("/images/base.raw", "raw")
    backing = read_backing(lambda offset, size: content[offset : offset + size])
    assert backing is not None
    assert (backing.name, backing.format) == ("/images/base.raw", "raw")
    assert backing.as_nbd() is None
    content = empty_image(1 << 20)
    assert read_backing(lambda offset, size: content[offset : offset + size]) is None


def test_an_overlay_that_hides_its_backing_s_format_is_not_believed() -> None:
    content = overlay("/images/base", "raw").replace(b"\xe2\x79\x2a\xca", b"\0\0\0\1")
    with pytest.raises(Corrupt):
        read_backing(lambda offset, size: content[offset : offset + size])
