"""reserve and release: who may decide about a name."""

from __future__ import annotations

from typing import Any

import pytest

from objectstore.kernel import concurrency
from objectstore.kernel.errors import Unavailable
from test.contract.nodes.samples import KEY, data, kept, key_of

# Locks that must hold to the end of a test, and waits that must end in it.
LONG_SECONDS = 15.0
SHORT_SECONDS = 0.05


def test_a_lock_brings_the_state(object_node: Any) -> None:
    assert kept(object_node.reserve(KEY, "one", LONG_SECONDS)).state is None
    object_node.release(KEY, "one")
    kept(object_node.put(KEY, data(5), b"body"))
    lookup = kept(object_node.reserve(KEY, "two", LONG_SECONDS))
    assert lookup.state == data(5)


def test_a_second_holder_waits_and_sees_what_the_first_wrote(object_node: Any) -> None:
    kept(object_node.reserve(KEY, "one", LONG_SECONDS))
    second = object_node.reserve(KEY, "two", LONG_SECONDS)
    kept(object_node.put(KEY, data(5), b"body"))
    assert not second.done
    object_node.release(KEY, "one")
    assert kept(second).state == data(5)


def test_a_waiter_gives_up(object_node: Any) -> None:
    kept(object_node.reserve(KEY, "one", LONG_SECONDS))
    with pytest.raises(Unavailable):
        kept(object_node.reserve(KEY, "two", SHORT_SECONDS))


def test_a_lock_ends_by_itself(object_node: Any) -> None:
    kept(object_node.reserve(KEY, "one", SHORT_SECONDS))
    assert kept(object_node.reserve(KEY, "two", LONG_SECONDS)).state is None


def test_a_release_by_somebody_else_is_harmless(object_node: Any) -> None:
    object_node.release(KEY, "nobody")
    kept(object_node.reserve(KEY, "one", LONG_SECONDS))
    object_node.release(KEY, "two")
    with pytest.raises(Unavailable):
        kept(object_node.reserve(KEY, "two", SHORT_SECONDS))


def test_locks_of_two_names_do_not_meet(object_node: Any) -> None:
    kept(object_node.reserve(KEY, "one", LONG_SECONDS))
    kept(object_node.reserve(key_of("another"), "two", LONG_SECONDS))


def test_waiters_come_in_turn(object_node: Any) -> None:
    kept(object_node.reserve(KEY, "first", LONG_SECONDS))
    waiting = [
        (token, object_node.reserve(KEY, token, LONG_SECONDS)) for token in "abc"
    ]
    object_node.release(KEY, "first")
    granted = []
    while waiting:
        # One of them gets it; the others wait until it gives it back.
        token, promise = waiting.pop(0)
        kept(promise)
        granted.append(token)
        assert not any(other.done for _, other in waiting)
        object_node.release(KEY, token)
    assert granted == ["a", "b", "c"]


def test_a_waiter_that_gave_up_does_not_get_the_lock(object_node: Any) -> None:
    kept(object_node.reserve(KEY, "one", LONG_SECONDS))
    with pytest.raises(Unavailable):
        kept(object_node.reserve(KEY, "two", SHORT_SECONDS))
    object_node.release(KEY, "one")
    kept(object_node.reserve(KEY, "three", LONG_SECONDS))


def test_who_asks_again_keeps_its_place_and_is_granted_once(object_node: Any) -> None:
    kept(object_node.reserve(KEY, "one", LONG_SECONDS))
    forgotten = object_node.reserve(KEY, "two", LONG_SECONDS)
    third = object_node.reserve(KEY, "three", LONG_SECONDS)
    again = object_node.reserve(KEY, "two", LONG_SECONDS)
    object_node.release(KEY, "one")
    kept(again)
    with pytest.raises(Unavailable):
        kept(forgotten)
    assert not third.done
    object_node.release(KEY, "two")
    kept(third)


def test_giving_back_waits_for_nothing(object_node: Any) -> None:
    kept(object_node.reserve(KEY, "one", LONG_SECONDS))
    waiting = object_node.reserve(KEY, "two", LONG_SECONDS)
    turns: list[None] = []
    concurrency.soon(lambda: turns.append(None))
    object_node.release(KEY, "one")
    assert not turns  # the hub had no turn meanwhile
    kept(waiting)
