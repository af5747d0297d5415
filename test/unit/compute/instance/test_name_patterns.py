"""Patterns of names match what regular expressions would, and never take long."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compute.core.errors import BadRequest
from compute.instance.api.name_patterns import PATTERN_CHARACTERS_MAX, NamePattern

ATOMS = ["a", "b", ".", "[ab]", "[^a]", "[+-]", r"\+", r"\-", "[a-b+]", r"\w", "ab"]
PIECES = st.lists(
    st.builds(
        str.__add__, st.sampled_from(ATOMS), st.sampled_from(["", "*", "+", "?"])
    ),
    max_size=6,
)


def as_expression(text: str) -> str:
    """The same, for Python."""
    return text.removesuffix("$") + (r"\Z" * text.endswith("$"))


@given(
    st.sampled_from(["", "^"]),
    PIECES,
    st.sampled_from(["", "$"]),
    st.text("ab+-", max_size=8),
)
def test_as_regular_expressions(
    start: str, pieces: list[str], end: str, name: str
) -> None:
    text = start + "".join(pieces) + end
    expected = re.search(as_expression(text), name) is not None
    assert NamePattern(text).matches(name) is expected


@pytest.mark.parametrize("text", ["a.*" * 84 + "b", "a*" * 120 + "b", "a?" * 120 + "b"])
def test_nothing_takes_long(text: str) -> None:
    """Three wildcards took a fifth of a second for each name, with expressions."""
    wild = NamePattern(text)
    began = time.process_time()
    for _ in range(100):
        assert not wild.matches("a" * 255)
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize("text", ["(a", "a)", "a|b", "[a", "*a", "+a", "a{2}"])
def test_the_rest_stands_for_itself(text: str) -> None:
    assert NamePattern(f"^{text}$").matches(text)
    assert not NamePattern(f"^{text}$").matches("a")


@given(PIECES, st.text("ab+-", max_size=8))
def test_what_is_needed_is_there(pieces: list[str], name: str) -> None:
    pattern = NamePattern("".join(pieces))
    if pattern.matches(name):
        needed = re.escape(pattern.needed).replace(re.escape("."), ".")
        assert re.search(needed, name)


def test_too_long() -> None:
    NamePattern("a" * PATTERN_CHARACTERS_MAX)
    with pytest.raises(BadRequest):
        NamePattern("a" * (PATTERN_CHARACTERS_MAX + 1))
