"""Large bodies on their way in: each replica at its own pace, none of them overrun."""

from __future__ import annotations

import hashlib
import io
from random import Random
from typing import Any

import pytest

from objectstore.kernel.concurrency import Promise, sleep, spawn_later
from objectstore.kernel.errors import InsufficientStorage, Unavailable
from objectstore.proxy.objects.intake import Intake, Source

PIECE_BYTES = 1000
DATA = Random(3).randbytes(12 * PIECE_BYTES + 17)
SECONDS = 0.05


class Replica:
    """Takes each piece after so many seconds; reads its memory only then."""

    def __init__(self, seconds: float = 0.0, fails_after: int | None = None) -> None:
        self.seconds = seconds
        self.fails_after = fails_after
        self.received = b""
        self.pieces = 0
        self.under_way = 0
        self.is_aborted = False

    def write(self, piece: memoryview) -> Promise[None]:
        assert not self.under_way, "one piece at a time"
        self.under_way = 1
        promise: Promise[None] = Promise()
        spawn_later(self.seconds, self._take, piece, promise)
        return promise

    def _take(self, piece: memoryview, promise: Promise[None]) -> None:
        self.under_way = 0
        self.received += piece
        self.pieces += 1
        if self.pieces == self.fails_after:
            promise.fail(InsufficientStorage("full"))
        else:
            promise.resolve(None)

    def abort(self) -> None:
        self.is_aborted = True


def intake(replicas: list[Replica], count: int = 3) -> Intake:
    buffers = tuple(memoryview(bytearray(PIECE_BYTES)) for _ in range(count))
    pairs: list[Any] = [(object(), replica) for replica in replicas]
    return Intake(pairs, 2, SECONDS, buffers)


@pytest.mark.parametrize("count", [2, 4])
def test_everybody_gets_everything_in_order(count: int) -> None:
    replicas = [Replica(), Replica(0.001), Replica(0.003)]
    size, etag = intake(replicas, count).run(Source(io.BytesIO(DATA), len(DATA)))
    assert size == len(DATA)
    assert etag == hashlib.md5(DATA).hexdigest()
    assert all(replica.received == DATA for replica in replicas)


@pytest.mark.parametrize("bad", [Replica(fails_after=4), Replica(10 * SECONDS)])
def test_one_that_fails_or_stalls_is_left_out(bad: Replica) -> None:
    good = [Replica(), Replica(0.001)]
    under_test = intake([good[0], bad, good[1]])
    size, _ = under_test.run(Source(io.BytesIO(DATA), len(DATA)))
    assert size == len(DATA)
    assert all(replica.received == DATA for replica in good)
    assert bad.is_aborted and bad.pieces < 13
    assert [upload for _, upload in under_test.uploads] == good


def test_too_few_are_a_failure() -> None:
    full = [Replica(fails_after=2), Replica(fails_after=3)]
    with pytest.raises(InsufficientStorage):
        intake([Replica(), *full]).run(Source(io.BytesIO(DATA), len(DATA)))
    late = [Replica(fails_after=2), Replica(10 * SECONDS)]
    with pytest.raises(Unavailable):
        intake([Replica(), *late]).run(Source(io.BytesIO(DATA), len(DATA)))


def test_one_that_failed_meanwhile_is_given_nothing_more() -> None:
    class Slow(io.BytesIO):
        def readinto(self, view: Any) -> int:
            sleep(0.001)
            return super().readinto(view)

    bad = Replica(fails_after=4)
    size, _ = intake([Replica(), bad, Replica()]).run(Source(Slow(DATA), len(DATA)))
    assert size == len(DATA)
    assert (bad.pieces, bad.under_way) == (4, 0)


def test_nothing_is_stored_under_the_md5_of_a_part() -> None:
    class Digest:
        pieces = 0

        def update(self, piece: memoryview) -> None:
            self.pieces += 1
            if self.pieces == 3:
                raise MemoryError("of the thread that hashes")

        def hexdigest(self) -> str:
            return "of two pieces"

    under_test = intake([Replica(), Replica()])
    under_test._digest = Digest()  # type: ignore[assignment]
    with pytest.raises(MemoryError):
        under_test.run(Source(io.BytesIO(DATA), len(DATA)))
