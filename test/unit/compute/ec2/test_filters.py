"""Filters and pages: what is shown of what was found."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from compute.ec2.frame.errors import Ec2Error
from compute.ec2.frame.filters import Filter, asked_filters, chosen
from compute.ec2.frame.pages import page
from compute.ec2.frame.parameters import Parameters


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("a*", "abc", True),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("a.c", "abc", False),
        ("a\\*", "a*", True),
        ("a\\*", "ab", False),
        ("*", "", True),
        ("a*b?d*e", "axbbcdxxee", True),
        ("a*b?d*e", "axbbcxxee", False),
        ("**a", "bba", True),
        ("a*a", "a", False),
        ("*" + "a*" * 100 + "b", "a" * 250, False),
        ("true", True, True),
        ("8", 8, True),
        ("*", None, False),
        ("b", ["a", "b"], True),
    ],
)
def test_patterns(pattern: str, text: Any, fits: bool) -> None:
    assert Filter("x", [pattern]).fits(text) is fits


@given(some.text("ab*?", max_size=7), some.text("ab", max_size=9))
def test_patterns_fit_what_a_shell_says(pattern: str, text: str) -> None:
    assert Filter("x", [pattern]).fits(text) is fnmatchcase(text, pattern)


def test_a_value_is_bounded() -> None:
    with pytest.raises(Ec2Error):
        asked_filters(
            Parameters.of({"Filter.1.Name": "x", "Filter.1.Value.1": "a" * 1025})
        )


def test_filters_are_all_to_be_met_by_one_of_their_values() -> None:
    documents = [
        {"id": name, "tagSet": [{"key": "k", "value": value}]}
        for name, value in (("a", "1"), ("b", "2"), ("c", "1"))
    ]
    accessors = {"id": lambda each: each["id"]}
    filters = [Filter("tag:k", ["1"]), Filter("id", ["a", "b"])]
    assert [each["id"] for each in chosen(documents, filters, accessors)] == ["a"]
    assert len(chosen(documents, [Filter("tag-key", ["k"])], accessors)) == 3
    assert len(chosen(documents, [Filter("tag-value", ["2"])], accessors)) == 1
    with pytest.raises(Ec2Error):
        chosen(documents, [Filter("other", ["x"])], accessors)


@given(some.sets(some.text("abcé", min_size=1), max_size=30), some.integers(5, 9))
def test_pages_show_everything_once(names: set[str], size: int) -> None:
    documents = [{"id": name} for name in names]
    seen, token = [], ""
    while True:
        form = {"MaxResults": str(size), **({"NextToken": token} if token else {})}
        shown, following = page(Parameters.of(form), documents, lambda each: each["id"])
        seen += [each["id"] for each in shown]
        if following is None:
            break
        token = following
    assert seen == sorted(names)


@pytest.mark.parametrize(
    "form", [{"MaxResults": "4"}, {"MaxResults": "1001"}, {"NextToken": "é"}]
)
def test_pages_that_make_no_sense(form: dict[str, str]) -> None:
    with pytest.raises(Ec2Error):
        page(Parameters.of(form), [], lambda each: "")
