"""Larger bodies in the log: sent from there, never before their checksum."""

from __future__ import annotations

import os
from random import Random

import pytest

from objectstore.kernel.errors import Corrupt
from objectstore.object.maintenance.compaction import Compaction
from objectstore.object.store.options import StoreOptions
from objectstore.wire.nodes import BROUGHT_BYTES_MAX, INLINE_BYTES_MAX, Spans
from test.unit.object.bench import StoreBench, key_of

BODY = Random(3).randbytes(700_000)
RANGES = [
    (0, 700_000),
    (0, 0),
    (0, 1),
    (5, 5),
    (262_143, 262_145),
    (300_000, 700_000),
    (699_999, 700_000),
    (700_000, 700_000),
]


@pytest.fixture
def bench() -> StoreBench:
    return StoreBench()


def body_of(bench: StoreBench, start: int, stop: int) -> Spans:
    body = bench.node.read(key_of("one"), 10, start, stop).wait(10)
    assert isinstance(body, Spans)
    return body


def test_ranges_as_bytes_and_as_spans(bench: StoreBench) -> None:
    bench.put("one", 10, BODY)
    assert not list(bench.store.bodies.walk())
    for start, stop in RANGES:
        assert b"".join(body_of(bench, start, stop)) == BODY[start:stop]
        source = body_of(bench, start, stop)
        spans = [
            bench.disk.pread(descriptor, length, offset)
            for descriptor, offset, length in source.spans()
        ]
        source.close()
        assert b"".join(spans) == BODY[start:stop]


def test_bad_bytes_do_not_leave_and_the_copy_is_put_aside(bench: StoreBench) -> None:
    bench.put("one", 10, BODY)
    as_bytes, as_spans = body_of(bench, 0, 10), body_of(bench, 0, 10)
    path = os.path.join(bench.store.directory, "log", "0000000001.log")
    descriptor = bench.disk.open(path, write=True)
    bench.disk.pwrite(descriptor, [b"!!"], 400_000)
    with pytest.raises(Corrupt):
        next(iter(as_bytes))
    with pytest.raises(Corrupt):
        next(iter(as_spans.spans()))
    bench.store.journal.flush()
    assert bench.state("one") is None


def test_a_reader_outlives_the_segment() -> None:
    bench = StoreBench(StoreOptions(segment_bytes_max=1_000_000))
    bench.put("one", 10, BODY)
    body = body_of(bench, 0, len(BODY))
    bench.put("one", 11, BODY[::-1])
    Compaction(bench.store).compact(1)
    assert b"".join(body) == BODY
    bench.restart()
    assert bench.body("one") == BODY[::-1]


@pytest.mark.parametrize(
    ("announced", "size", "files"),
    [
        (None, INLINE_BYTES_MAX, 0),
        (None, INLINE_BYTES_MAX + 1, 1),
        (INLINE_BYTES_MAX, BROUGHT_BYTES_MAX, 0),
        (INLINE_BYTES_MAX + 1, BROUGHT_BYTES_MAX, 1),
    ],
)
def test_an_upload_goes_where_its_size_belongs(
    bench: StoreBench, announced: int | None, size: int, files: int
) -> None:
    body = (BODY * 2)[:size]
    bench.put_large("one", 10, body, announced)
    assert len(list(bench.store.bodies.walk())) == files
    assert bench.body("one") == body
