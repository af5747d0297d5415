"""Whose job is next: in order, one of a subject, and by turns where it is asked for."""

from __future__ import annotations

from collections import Counter
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from compute.core.jobs.rows import PENDING, RUNNING, Job
from compute.core.jobs.turns import by_turns, in_order

NOW = 1000.0
ME, OTHER = "me", "other"


def job(number: int, whose: str, *, holder: str = "", subject: str = "") -> Job:
    return Job(
        id=f"{number:04}",
        kind="import",
        queue="q",
        subject_id=subject or f"s{number}",
        state=RUNNING if holder else PENDING,
        step="",
        undoing=False,
        arguments={"owner": whose},
        progress={},
        cancelled=False,
        attempts=0,
        owner=holder,
        lease_until=NOW + 60 if holder else 0.0,
        not_before=0.0,
        created_at=float(number),
        updated_at=0.0,
    )


def order(jobs: list[Job], busy: frozenset[str] = frozenset()) -> list[str]:
    found = in_order(jobs, ME, NOW, busy, turns_by="owner")
    return [each.arguments["owner"] + str(int(each.id)) for each in found]


def test_nobody_waits_for_all_of_anothers() -> None:
    jobs = [*(job(number, "a") for number in range(4)), job(9, "b"), job(10, "c")]
    assert order(jobs) == ["a0", "b9", "c10", "a1", "a2", "a3"]


def test_what_others_and_i_work_on_counts() -> None:
    jobs = [
        job(0, "a", holder=OTHER),
        job(1, "a", holder=ME, subject="mine"),
        job(2, "a"),
        job(3, "b"),
        job(4, "b"),
        job(5, "b"),
    ]
    # What I hold from before a crash I take up like any other.
    assert order(jobs, frozenset({"mine"})) == ["b3", "b4", "a2", "b5"]
    assert order(jobs) == ["b3", "a1", "b4", "a2", "b5"]


def test_in_their_order_otherwise() -> None:
    jobs = [job(number, "a" if number < 3 else "b") for number in range(5)]
    assert list(in_order(jobs, ME, NOW, ())) == jobs


@given(st.lists(st.sampled_from("abc"), max_size=30), st.integers(0, 30))
def test_shares_are_even_while_there_is_a_choice(owners: list[str], limit: int) -> None:
    jobs = [job(number, whose) for number, whose in enumerate(owners)]
    taken = list(islice(by_turns(jobs, (), "owner"), limit))
    assert len(taken) == min(limit, len(jobs))
    shares = Counter(each.arguments["owner"] for each in taken)
    wanted = Counter(owners)
    for one in wanted:
        for another in wanted:
            # Who got two less than another has no more that waits.
            uneven = shares[another] - shares[one] > 1
            assert not uneven or shares[one] == wanted[one]
        mine = [each.id for each in taken if each.arguments["owner"] == one]
        assert mine == sorted(mine)
