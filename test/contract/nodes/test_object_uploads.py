"""begin, write, commit, abort: all of it, or nothing."""

from __future__ import annotations

from typing import Any

import pytest

from objectstore.kernel import concurrency
from objectstore.kernel.errors import Rejected
from objectstore.wire.nodes import INLINE_BYTES_MAX, WRITE_BYTES_MAX
from test.contract.nodes.samples import KEY, data, kept, tombstone


def content(size: int) -> bytes:
    """Bytes in which a shift or a swapped piece shows."""
    words = b"".join(i.to_bytes(4, "big") for i in range(size // 4 + 1))
    return words[:size]


def send(upload: Any, body: bytes, piece_bytes: int = WRITE_BYTES_MAX) -> None:
    view = memoryview(body)
    for at in range(0, len(body), piece_bytes):
        kept(upload.write(view[at : at + piece_bytes]))


def stored_body(node: Any, timestamp: int) -> bytes:
    lookup = kept(node.lookup(KEY, want_body=True))
    if lookup.body is not None:
        return lookup.body
    return b"".join(kept(node.read(KEY, timestamp, 0, lookup.state.size)))


@pytest.mark.parametrize(
    "size",
    [
        0,
        1,
        INLINE_BYTES_MAX - 1,
        INLINE_BYTES_MAX,
        INLINE_BYTES_MAX + 1,
        WRITE_BYTES_MAX,
        5 * WRITE_BYTES_MAX + 123,
    ],
)
@pytest.mark.parametrize("is_size_known", [True, False])
def test_an_upload_is_there(object_node: Any, size: int, is_size_known: bool) -> None:
    body = content(size)
    upload = kept(object_node.begin(KEY, size if is_size_known else None))
    send(upload, body)
    assert kept(upload.commit(data(5, body))).stored
    upload.abort()  # harmless after a commit
    assert kept(object_node.lookup(KEY, want_body=False)).state == data(5, body)
    assert stored_body(object_node, 5) == body


def test_many_small_pieces(object_node: Any) -> None:
    body = content(INLINE_BYTES_MAX + 1000)
    upload = kept(object_node.begin(KEY, None))
    send(upload, body, 10_007)
    kept(upload.commit(data(5, body)))
    assert stored_body(object_node, 5) == body


def test_the_caller_may_reuse_its_memory_once_a_piece_is_written(
    object_node: Any,
) -> None:
    piece = bytearray(WRITE_BYTES_MAX)
    upload = kept(object_node.begin(KEY, None))
    for number in range(4):
        piece[:] = bytes([number]) * WRITE_BYTES_MAX
        kept(upload.write(memoryview(piece)))
    body = b"".join(bytes([number]) * WRITE_BYTES_MAX for number in range(4))
    kept(upload.commit(data(5, body)))
    assert stored_body(object_node, 5) == body


def test_a_large_body_does_not_come_with_the_lookup(object_node: Any) -> None:
    body = content(INLINE_BYTES_MAX + 1)
    upload = kept(object_node.begin(KEY, None))
    send(upload, body)
    kept(upload.commit(data(5, body)))
    assert kept(object_node.lookup(KEY, want_body=True)).body is None


def test_nothing_is_visible_before_the_commit(object_node: Any) -> None:
    kept(object_node.put(KEY, data(4), b"body"))
    upload = kept(object_node.begin(KEY, None))
    send(upload, content(WRITE_BYTES_MAX))
    lookup = kept(object_node.lookup(KEY, want_body=True))
    assert (lookup.state, lookup.body) == (data(4), b"body")
    upload.abort()


@pytest.mark.parametrize("size", [0, 1, INLINE_BYTES_MAX + 1, 3 * WRITE_BYTES_MAX])
def test_an_aborted_upload_leaves_nothing(object_node: Any, size: int) -> None:
    upload = kept(object_node.begin(KEY, size))
    send(upload, content(size))
    upload.abort()
    upload.abort()  # harmless twice
    assert kept(object_node.lookup(KEY, want_body=True)).state is None
    with pytest.raises(Rejected) as caught:
        kept(object_node.read(KEY, 5, 0, 1))
    assert caught.value.status == 404


@pytest.mark.parametrize("announced", [INLINE_BYTES_MAX, INLINE_BYTES_MAX + 2, 1])
def test_a_wrong_size_is_rejected_and_leaves_nothing(
    object_node: Any, announced: int
) -> None:
    body = content(INLINE_BYTES_MAX + 1)
    upload = kept(object_node.begin(KEY, None))
    send(upload, body)
    with pytest.raises(Rejected) as caught:
        kept(upload.commit(data(5, content(announced))))
    assert caught.value.status == 422
    upload.abort()
    assert kept(object_node.lookup(KEY, want_body=True)).state is None


@pytest.mark.parametrize("size", [3, INLINE_BYTES_MAX + 1])
def test_an_upload_older_than_what_is_there_is_superseded(
    object_node: Any, size: int
) -> None:
    kept(object_node.put(KEY, data(7, b"newer"), b"newer"))
    body = content(size)
    upload = kept(object_node.begin(KEY, None))
    send(upload, body)
    assert kept(upload.commit(data(5, body), row_owed=False)).stored is False
    assert kept(object_node.lookup(KEY, want_body=True)).body == b"newer"


def test_a_newer_upload_replaces_a_large_body(object_node: Any) -> None:
    first, second = content(INLINE_BYTES_MAX + 1), content(INLINE_BYTES_MAX + 2)
    for timestamp, body in ((5, first), (6, second)):
        upload = kept(object_node.begin(KEY, None))
        send(upload, body)
        assert kept(upload.commit(data(timestamp, body))).stored
    assert stored_body(object_node, 6) == second
    with pytest.raises(Rejected) as caught:
        kept(object_node.read(KEY, 5, 0, 1))
    assert caught.value.status == 404


def test_the_same_upload_again_changes_nothing(object_node: Any) -> None:
    body = content(INLINE_BYTES_MAX + 1)
    for _ in range(2):
        upload = kept(object_node.begin(KEY, len(body)))
        send(upload, body)
        assert kept(upload.commit(data(5, body))).stored
    assert stored_body(object_node, 5) == body


def test_a_deleted_large_body_is_gone(object_node: Any) -> None:
    body = content(INLINE_BYTES_MAX + 1)
    upload = kept(object_node.begin(KEY, len(body)))
    send(upload, body)
    kept(upload.commit(data(5, body)))
    assert kept(object_node.delete(KEY, tombstone(6))).found
    with pytest.raises(Rejected) as caught:
        kept(object_node.read(KEY, 5, 0, 1))
    assert caught.value.status == 404


def test_uploads_of_one_name_race_and_the_newest_wins(object_node: Any) -> None:
    bodies = {5 + i: content(INLINE_BYTES_MAX + 1 + i) for i in range(3)}
    uploads = {timestamp: kept(object_node.begin(KEY, None)) for timestamp in bodies}

    def one(timestamp: int) -> None:
        send(uploads[timestamp], bodies[timestamp], 50_000)
        kept(uploads[timestamp].commit(data(timestamp, bodies[timestamp])))

    for promise in [concurrency.promised(one, timestamp) for timestamp in (7, 5, 6)]:
        kept(promise)
    assert stored_body(object_node, 7) == bodies[7]
