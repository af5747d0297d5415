"""Numbers written as texts keep to a schema's smallest and largest value."""

from __future__ import annotations

import pytest

from compute.core.api.schema import Schema
from compute.core.errors import BadRequest

COUNT = Schema(
    {
        "type": ["integer", "string"],
        "pattern": "^-?[0-9]+$",
        "minimum": -1,
        "maximum": 9,
    }
)
FACTOR = Schema({"type": ["number", "string"], "exclusiveMinimum": 0})


@pytest.mark.parametrize("value", [-1, 0, 9, "-1", "0", "9", "009", "0" * 5000 + "9"])
def test_taken(value: object) -> None:
    COUNT.check(value)


@pytest.mark.parametrize("value", [-2, 10, "-2", "10", "9" * 5000, "-" + "9" * 5000])
def test_refused(value: object) -> None:
    with pytest.raises(BadRequest):
        COUNT.check(value)


@pytest.mark.parametrize(
    ("value", "good"), [("0", False), ("0.0", False), ("0.5", True)]
)
def test_more_than(value: str, good: bool) -> None:
    if good:
        FACTOR.check(value)
    else:
        with pytest.raises(BadRequest):
            FACTOR.check(value)


def test_other_texts_are_no_numbers() -> None:
    Schema({"type": "string", "minimum": 5}).check("three")


@pytest.mark.parametrize("value", [1.0, 1e40, True])
def test_integers_are_written_as_integers(value: object) -> None:
    with pytest.raises(BadRequest):
        Schema({"type": "integer"}).check(value)
