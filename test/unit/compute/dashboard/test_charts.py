"""Curves of figures, and alarms about them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as some

from compute.dashboard.frame.fields import BadForm, Values
from compute.dashboard.frame.submitted import Submitted
from compute.dashboard.pages.alarms.alarms import rule_text
from compute.dashboard.pages.alarms.new import order_of
from compute.dashboard.pages.servers.charts import (
    HEIGHT,
    WIDTH,
    added,
    ceiling_of,
    chart,
    rates,
)
from compute.dashboard.pages.servers.figures import SPANS, drawings_of, points_of

POINTS = some.lists(
    some.tuples(some.floats(0, 4000), some.floats(0, 1e15)), max_size=20
).map(sorted)


def test_what_grows_is_drawn_as_speed() -> None:
    assert rates([(0, 0), (60, 600), (120, 660)]) == [(60, 10.0), (120, 1.0)]
    # A guest that was started again counts from 0.
    assert rates([(0, 900), (60, 60), (120, 120)]) == [(120, 1.0)]
    assert rates([(0, 1)]) == []


def test_several_parts_are_one() -> None:
    assert added([[(0, 1.0), (60, 2.0)], [(60, 3.0)]]) == [(0, 1.0), (60, 5.0)]


@given(POINTS)
def test_curves_stay_within_their_frame(points: list[tuple[float, float]]) -> None:
    drawn = chart([("a", points)], (0.0, 3600.0), 60.0, str)
    path = drawn.curves[0].path
    numbers = re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path)
    assert len(numbers) == len(points)
    for x, y in numbers:
        assert 0 <= float(x) <= WIDTH and 0 <= float(y) <= HEIGHT


def test_where_nothing_was_measured_no_line_is_drawn() -> None:
    drawn = chart([("a", [(0, 1.0), (60, 1.0), (600, 1.0)])], (0, 3600), 60, str)
    assert drawn.curves[0].path.count("M") == 2
    assert drawn.curves[0].said == "1.0 now, 1.0 at most"
    assert chart([("a", [])], (0, 1), 60, str).curves[0].said == "nothing yet"


@given(some.floats(1e-3, 1e18))
def test_the_top_is_a_round_number_above(value: float) -> None:
    assert value <= ceiling_of(value) < value * 2.001


def test_pictures_of_a_server() -> None:
    cpu = [(60.0 * at, 30e9 * at) for at in range(4)]
    drawn = drawings_of({"cpu": [cpu]}, SPANS["hour"], 3600.0, 2, 512.0)
    assert [each.id for each in drawn] == ["cpu", "memory", "network", "disks"]
    assert drawn[0].model.curves[0].said == "25 % now, 25 % at most"
    assert drawn[0].model.most == "100 %"
    assert points_of([["2026-01-01T00:00:00Z", 60.0, None]]) == []
    assert len(points_of([["2026-01-01T00:00:00+00:00", 60.0, 1]])) == 1


def values_of(**texts: str) -> Values:
    given = {"name": "a", "server": "s", "severity": "low", "comparison": "gt",
             "periods": "3", "threshold": "80", "figure": "cpu"}  # fmt: skip
    return Values(Submitted(), {**given, **texts})


def test_alarms_are_ordered_in_what_is_measured() -> None:
    order = order_of(values_of(address="https://example.org/x"), 2)
    rule = order["gnocchi_resources_threshold_rule"]
    # 80 % of two processors for a minute, in nanoseconds.
    assert rule["threshold"] == 0.8 * 2 * 60e9
    assert order["alarm_actions"] == order["ok_actions"] == ["https://example.org/x"]
    assert rule_text(order) == "processors above 160 % of one"
    memory = order_of(values_of(figure="memory"), 2)
    assert memory["gnocchi_resources_threshold_rule"]["threshold"] == 80
    assert rule_text(memory) == "memory.usage (mean) above 80.0"
    with pytest.raises(BadForm):
        order_of(values_of(address="javascript:alert(1)"), 1)
    assert rule_text({"type": "composite", "composite_rule": {}}) == "composite"


def test_anybody_may_tell_the_highest_figure_there_is() -> None:
    drawn = chart([("a", [(1.0, 1.7e308), (2.0, 0.0)])], (0, 10), 1, str)
    assert "nan" not in drawn.curves[0].path
    assert drawn.most == str(2.0**1023)
