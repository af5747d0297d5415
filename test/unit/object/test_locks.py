"""Why a name is not granted: by that its askers tell who is away from who is busy."""

from __future__ import annotations

import pytest

from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import DeadlineExceeded, Unavailable
from objectstore.object.locks import WAITERS_MAX, NameLocks
from objectstore.proxy.rounds.returning import is_away

KEY = b"name"
LONG_SECONDS = 15.0
SHORT_SECONDS = 0.01


def asked(locks: NameLocks, token: str, seconds: float = LONG_SECONDS) -> Promise[None]:
    promise: Promise[None] = Promise()
    locks.take(KEY, token, seconds, lambda: promise.resolve(None), promise.fail)
    return promise


def test_who_is_busy_is_not_away() -> None:
    locks = NameLocks()
    asked(locks, "holder").wait(LONG_SECONDS)
    late = asked(locks, "late", SHORT_SECONDS)
    with pytest.raises(DeadlineExceeded, match="by another writer"):
        late.wait(LONG_SECONDS)
    assert not is_away(late)
    for number in range(WAITERS_MAX):
        asked(locks, f"waiter {number}")
    one_more = asked(locks, "one more")
    with pytest.raises(DeadlineExceeded, match="too many writers"):
        one_more.result()
    assert not is_away(one_more)
    locks.close()


def test_who_leaves_is_away_for_a_moment() -> None:
    locks = NameLocks()
    asked(locks, "holder").wait(LONG_SECONDS)
    waiter = asked(locks, "waiter")
    locks.close()
    for promise in (waiter, asked(locks, "late")):
        with pytest.raises(Unavailable, match="not granted any more"):
            promise.result()
        assert is_away(promise)
    assert len(locks) == 1
    locks.release(KEY, "holder")
    assert len(locks) == 0
