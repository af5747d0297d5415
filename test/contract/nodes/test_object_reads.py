"""read: the very bytes of one version, by ranges."""

from __future__ import annotations

from typing import Any

import pytest

from objectstore.kernel.errors import Rejected
from objectstore.wire.nodes import INLINE_BYTES_MAX, Spans
from test.contract.nodes.samples import KEY, data, kept, key_of, tombstone
from test.contract.nodes.test_object_uploads import content, send

SIZE = INLINE_BYTES_MAX * 4 + 17
KIB_64 = 64 * 1024
RANGES = [
    (0, SIZE),
    (0, 1),
    (0, 0),
    (SIZE, SIZE),
    (SIZE - 1, SIZE),
    (5, 5),
    (1, SIZE - 1),
    # around borders that a checksum per block may have
    *[
        (border + low, border + high)
        for border in (4096, KIB_64, INLINE_BYTES_MAX, 2 * INLINE_BYTES_MAX)
        for low, high in ((-1, 0), (-1, 1), (0, 1), (0, KIB_64), (-KIB_64 // 2, 1))
        if border + low >= 0
    ],
]


def read(node: Any, timestamp: int, start: int, stop: int) -> bytes:
    return b"".join(kept(node.read(KEY, timestamp, start, stop)))


def test_ranges_of_a_large_body(object_node: Any) -> None:
    body = content(SIZE)
    upload = kept(object_node.begin(KEY, SIZE))
    send(upload, body)
    kept(upload.commit(data(5, body)))
    for start, stop in RANGES:
        assert read(object_node, 5, start, stop) == body[start:stop], (start, stop)


def test_ranges_of_a_small_body(object_node: Any) -> None:
    body = content(10_000)
    kept(object_node.put(KEY, data(5, body), body))
    for start, stop in [(0, 10_000), (0, 0), (1, 2), (4095, 4097), (9_999, 10_000)]:
        assert read(object_node, 5, start, stop) == body[start:stop], (start, stop)


def test_an_empty_body(object_node: Any) -> None:
    kept(object_node.put(KEY, data(5, b""), b""))
    assert read(object_node, 5, 0, 0) == b""


@pytest.mark.parametrize("timestamp", [4, 6, 0])
def test_another_version_is_not_here(object_node: Any, timestamp: int) -> None:
    kept(object_node.put(KEY, data(5), b"body"))
    with pytest.raises(Rejected) as caught:
        kept(object_node.read(KEY, timestamp, 0, 4))
    assert caught.value.status == 404


def test_nothing_to_read(object_node: Any) -> None:
    with pytest.raises(Rejected) as caught:
        kept(object_node.read(key_of("nothing"), 5, 0, 4))
    assert caught.value.status == 404


def test_nothing_to_read_behind_a_tombstone(object_node: Any) -> None:
    kept(object_node.put(KEY, data(5), b"body"))
    kept(object_node.delete(KEY, tombstone(6)))
    with pytest.raises(Rejected) as caught:
        kept(object_node.read(KEY, 5, 0, 4))
    assert caught.value.status == 404


def test_a_read_begun_goes_on_when_the_object_is_replaced(object_node: Any) -> None:
    body = content(SIZE)
    upload = kept(object_node.begin(KEY, SIZE))
    send(upload, body)
    kept(upload.commit(data(5, body)))
    pieces = iter(kept(object_node.read(KEY, 5, 0, SIZE)))
    first = next(pieces)
    kept(object_node.put(KEY, data(6), b"body"))
    assert first + b"".join(pieces) == body


def test_a_read_given_up_is_closed(object_node: Any) -> None:
    body = content(SIZE)
    upload = kept(object_node.begin(KEY, SIZE))
    send(upload, body)
    kept(upload.commit(data(5, body)))
    body_read = kept(object_node.read(KEY, 5, 0, SIZE))
    next(iter(body_read))
    if isinstance(body_read, Spans) or hasattr(body_read, "close"):
        body_read.close()
    assert read(object_node, 5, 0, SIZE) == body
