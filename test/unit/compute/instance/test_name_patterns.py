"""Patterns of names match what regular expressions would, and never take long."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compute.core.errors import BadRequest
from compute.instance.api.name_patterns import PATTERN_CHARACTERS_MAX, NamePattern

PIECES = st.lists(st.sampled_from(["a", "b", ".", ".*", "ab", "+"]), max_size=6)


def as_expression(text: str) -> str:
    """The same, for Python."""
    return text.replace("+", r"\+").removesuffix("$") + (r"\Z" * text.endswith("$"))


@given(
    st.sampled_from(["", "^"]),
    PIECES,
    st.sampled_from(["", "$"]),
    st.text("ab+", max_size=8),
)
def test_as_regular_expressions(
    start: str, pieces: list[str], end: str, name: str
) -> None:
    text = start + "".join(pieces) + end
    expected = re.search(as_expression(text), name) is not None
    assert NamePattern(text).matches(name) is expected


def test_nothing_takes_long() -> None:
    """Three wildcards took a fifth of a second for each name, with expressions."""
    wild = NamePattern("a.*" * 84 + "b")
    began = time.process_time()
    for _ in range(100):
        assert not wild.matches("a" * 255)
    assert time.process_time() - began < 0.5


def test_too_long() -> None:
    NamePattern("a" * PATTERN_CHARACTERS_MAX)
    with pytest.raises(BadRequest):
        NamePattern("a" * (PATTERN_CHARACTERS_MAX + 1))
