"""Bodies that could be stored, and never shown again, are refused."""

from __future__ import annotations

from typing import Any

import pytest

from compute.core.api.plain_json import DEPTH_MAX, INTEGER_MAX, check_plain
from compute.core.errors import BadRequest


def nested(levels: int) -> Any:
    value: Any = "core"
    for _ in range(levels - 1):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value", [None, "text", INTEGER_MAX, -INTEGER_MAX, 1.5, {}, nested(DEPTH_MAX)]
)
def test_good(value: Any) -> None:
    check_plain(value)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"a": ["b\0c"]}, "NUL"),
        ({"b\0c": 1}, "NUL"),
        ([INTEGER_MAX + 1], "too large"),
        (nested(DEPTH_MAX + 1), "nested"),
    ],
)
def test_refused(value: Any, words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        check_plain(value)
