"""Rounds over replicas: who is asked, who stands in, how long one waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from objectstore.kernel import concurrency
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import (
    Corrupt,
    InsufficientStorage,
    Rejected,
    Unavailable,
)
from objectstore.proxy.rounds.group import Group
from objectstore.proxy.rounds.quorum import failed_round, majority
from objectstore.proxy.rounds.rounds import Rounds
from objectstore.wire.records import Receipt
from test.unit.proxy.cluster import IMPATIENT, OffsetClock

OK: Promise[str] = Promise.of("ok")


class Script:
    """Answers by node name; remembers whom it was asked for."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def __call__(self, node: str, place: int = 0) -> Promise[str]:
        self.asked.append(node)
        answer = self.answers.get(node, OK)
        if isinstance(answer, Exception):
            return Promise.failed(answer)
        assert isinstance(answer, Promise)
        return answer


def after(seconds: float, act: Callable[[Promise[str]], None]) -> Promise[str]:
    promise: Promise[str] = Promise()
    concurrency.spawn_later(seconds, act, promise)
    return promise


@pytest.fixture
def rounds() -> Rounds:
    return Rounds(IMPATIENT, OffsetClock())


@pytest.fixture
def group() -> Group[str]:
    return Group("abc", (False, True, False), lambda: iter("xyz"))


def test_near_nodes_are_read_first(group: Group[str]) -> None:
    assert group.primaries == ("a", "b", "c")
    assert group.read_order == ("b", "a", "c")


@pytest.mark.parametrize(
    "near, owners, order",
    [
        ((True, True, False), "001", "acb"),
        ((False, True, True), "100", "bac"),
        ((False, False, False), "112", "acb"),
        ((True, True, True), "000", "abc"),
    ],
)
def test_two_owners_are_read_first(
    near: tuple[bool, ...], owners: str, order: str
) -> None:
    """Who has been away missed the same writes on both of its devices: the two would
    outvote the one that has them."""
    found = Group("abc", near, lambda: iter("xyz"), owners=owners)
    assert "".join(found.read_order) == order


def test_all_well(rounds: Rounds, group: Group[str]) -> None:
    script = Script()
    assert len(rounds.write(group, script)) == 3
    assert script.asked == ["a", "b", "c"]


def test_each_failure_is_replaced(rounds: Rounds, group: Group[str]) -> None:
    gone = Unavailable("gone")
    script = Script(a=gone, b=Corrupt("bad"), x=gone)
    rounds.write(group, script)
    assert script.asked == ["a", "b", "c", "x", "y", "z"]


def test_handoffs_do_not_vote_for_conditional_writes(
    rounds: Rounds, group: Group[str]
) -> None:
    gone = Unavailable("gone")
    script = Script(a=gone, b=gone)
    rounds.write(group, script)
    with pytest.raises(Unavailable):
        rounds.write(group, script, primaries_only_count=True)


def test_late_failure_within_the_grace_is_replaced(
    rounds: Rounds, group: Group[str]
) -> None:
    late = after(0.005, lambda promise: promise.fail(Unavailable("late")))
    script = Script(a=late)
    rounds.write(group, script)
    assert script.asked[-1] == "x"


def test_a_hung_node_costs_the_grace_once(group: Group[str]) -> None:
    patient = replace(IMPATIENT, write_grace=0.2)
    rounds = Rounds(patient, OffsetClock())
    script = Script(c=Promise())
    rounds.write(group, script)
    assert rounds.is_suspect(group.primaries[2])
    start = rounds.clock.monotonic()
    rounds.write(group, script)
    assert rounds.clock.monotonic() - start < patient.write_grace
    assert rounds.in_order(group.primaries[::-1]) == ["b", "a", "c"]


def test_two_hung_nodes_are_replaced_after_the_timeout(
    rounds: Rounds, group: Group[str]
) -> None:
    script = Script(b=Promise(), c=Promise())
    asked = rounds.write(group, script)
    assert [node for node, promise in asked if promise.done] == ["a", "x", "y"]


def test_refusals(rounds: Rounds, group: Group[str]) -> None:
    conflict = Rejected(409, "not empty")
    rounds.write(group, Script(a=conflict))
    with pytest.raises(Rejected) as caught:
        rounds.write(group, Script(a=conflict, b=conflict))
    assert caught.value.status == 409


def test_reads_go_on_to_the_next(rounds: Rounds) -> None:
    script = Script(a=Unavailable("gone"), b=Corrupt("bad"))
    answers = rounds.read("abcd", script, 2).answers
    assert [node for node, _ in answers] == ["c", "d"]
    assert script.asked == ["a", "b", "c", "d"]
    gathered = rounds.read("ab", script, 2)
    assert gathered.answers == []
    assert [node for node, _ in gathered.failures] == ["a", "b"]


def test_a_slow_read_is_doubled(rounds: Rounds, group: Group[str]) -> None:
    script = Script(a=Promise())
    answers = rounds.read(group.primaries, script, 2).answers
    assert [node for node, _ in answers] == ["b", "c"]
    assert rounds.is_suspect(group.primaries[0])


def test_a_slow_answer_still_counts(rounds: Rounds) -> None:
    slow = after(0.1, lambda promise: promise.resolve("late"))
    script = Script(a=slow, c=Promise())
    answers = rounds.read("abc", script, 2).answers
    assert [node for node, _ in answers] == ["a", "b"]


def test_settle_counts_only_voters(rounds: Rounds, group: Group[str]) -> None:
    taken = Promise.of(Receipt(stored=True))
    asked = [("a", taken), ("x", taken)]
    rounds.settle(group, b"key", asked)
    with pytest.raises(Unavailable):
        rounds.settle(group, b"key", asked, voters=1)


@pytest.mark.parametrize(("replicas", "needed"), [(1, 1), (2, 2), (3, 2), (5, 3)])
def test_majority(replicas: int, needed: int) -> None:
    assert majority(replicas) == needed


def test_what_a_failed_round_says() -> None:
    full, gone = InsufficientStorage("full"), Unavailable("gone")
    assert isinstance(failed_round([], [full, full], 2), InsufficientStorage)
    mixed = failed_round([], [full, gone], 2)
    assert not isinstance(mixed, InsufficientStorage)
    assert isinstance(mixed, Unavailable)
    refusals = [Rejected(400, "a"), Rejected(400, "a"), Rejected(404)]
    most = failed_round(refusals, [], 2)
    assert isinstance(most, Rejected)
    assert most.status == 400
    assert isinstance(failed_round(refusals[:1], [gone, gone], 2), Unavailable)
