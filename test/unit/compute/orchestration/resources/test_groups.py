"""How large groups become, who goes, and what their members are."""

from __future__ import annotations

import pytest

from compute.orchestration.resources.heat.resource_group import names, numbered
from compute.orchestration.resources.heat.scaling_rules import (
    BY,
    PERCENT,
    TO,
    adjusted,
    next_batch,
    resized,
)


@pytest.mark.parametrize(
    ("now", "kind", "adjustment", "step", "then"),
    [
        (2, BY, 1, None, 3),
        (2, BY, -5, None, 1),
        (2, BY, 50, None, 10),
        (2, TO, 4, None, 4),
        (4, PERCENT, 50, None, 6),
        (3, PERCENT, 10, None, 4),
        (3, PERCENT, -10, None, 2),
        (4, PERCENT, 25, 3, 7),
        (4, PERCENT, -25, 2, 2),
    ],
)
def test_sizes(now: int, kind: str, adjustment: float, step: int, then: int) -> None:
    assert adjusted(now, kind, adjustment, 1, 10, step) == then


def test_the_oldest_go_and_names_do_not_come_again() -> None:
    members, counter = resized([], 3, 0)
    assert members == ["member-0", "member-1", "member-2"]
    members, counter = resized(members, 1, counter)
    assert members == ["member-2"]
    members, counter = resized(members, 2, counter)
    assert members == ["member-2", "member-3"]
    assert resized(members, 0, counter) == ([], 4)


@pytest.mark.parametrize(
    ("done", "size", "batch", "least", "then"),
    [(0, 5, 2, 0, 2), (4, 5, 2, 0, 5), (0, 5, 9, 3, 2), (0, 2, 1, 2, 1)],
)
def test_batches(done: int, size: int, batch: int, least: int, then: int) -> None:
    assert next_batch(done, size, batch, least) == then


def test_numbers_of_members() -> None:
    assert list(names(3, frozenset({"1"}))) == ["0", "2", "3"]
    given = {"name": "web-%index%", "list": ["%index%", 1], "map": {"a": "x%index%"}}
    assert numbered(given, "%index%", "7") == {
        "name": "web-7",
        "list": ["7", 1],
        "map": {"a": "x7"},
    }
