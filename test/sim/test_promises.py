"""The model of stories: what it allows, and what it does not."""

from __future__ import annotations

from test.sim.promises import ABSENT, Collection, Register
from test.sim.stories.listings import select


def test_a_register_is_what_was_written_last() -> None:
    register = Register(is_ordered=True)
    register.wrote("one", is_done=True)
    register.wrote("two", is_done=True)
    assert register.allowed() == {"two"}


def test_what_had_no_answer_may_come_at_any_time() -> None:
    register = Register(is_ordered=True)
    register.wrote("one", is_done=False)
    register.wrote("two", is_done=True)
    assert register.allowed() == {"one", "two"}


def test_without_order_any_write_may_be_the_last() -> None:
    register = Register(is_ordered=False)
    register.wrote("one", is_done=True)
    register.wrote(ABSENT, is_done=True)
    assert register.allowed() == {"one", ABSENT}


def test_members_stay_until_they_are_removed() -> None:
    members = Collection(is_ordered=True)
    members.made("1", "one")
    members.made("2", "two")
    assert members.judge({"1": "one"}) == ["2 is lost"]
    members.removed("2", is_done=False)
    assert members.judge({"1": "one"}) == []
    members.removed("2", is_done=True)
    assert members.judge({"1": "one", "2": "two"}) == ["2 is there, and was removed"]


def test_nobody_else_makes_members() -> None:
    members = Collection(is_ordered=True)
    members.may_be_made("one")
    assert members.judge({"1": "one"}) == []
    assert members.judge({"1": "two"}) == ["1 is two, which nobody made"]


def test_a_listing_with_a_delimiter_shows_subdirectories_once() -> None:
    assert select(["a/x", "a/y", "b"], "", "/") == ["a/", "b"]
    assert select(["a/x", "a/y", "b"], "a/", "/") == ["a/x", "a/y"]
