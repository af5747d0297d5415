"""The pipeline check: declared places, required filters, clear messages."""

from __future__ import annotations

from pathlib import Path

from objectstore import middleware
from objectstore.middleware.order import (
    DEFAULT_PIPELINE,
    FULL_PIPELINE,
    Place,
    check_pipeline,
    declared_places,
)

# The S3 face is a package of its own.
S3_FILTERS = {"s3", "s3_guard"}


def test_the_pipelines_that_we_give_are_right() -> None:
    assert check_pipeline(DEFAULT_PIPELINE) == []
    assert check_pipeline(FULL_PIPELINE) == []
    assert set(DEFAULT_PIPELINE) < set(FULL_PIPELINE)


def test_every_filter_has_its_place() -> None:
    folder = Path(str(middleware.__file__)).parent
    filters = {
        path.stem
        for path in folder.glob("*.py")
        if "def filter_factory(" in path.read_text()
    } | S3_FILTERS
    assert filters == set(FULL_PIPELINE)
    for name, place in declared_places(FULL_PIPELINE).items():
        assert name == "catch_errors" or "catch_errors" in place.after
        assert {*place.after, *place.before} <= filters


def test_every_declared_pair_is_checked() -> None:
    places = declared_places(FULL_PIPELINE)
    pairs = {(first, name) for name in places for first in places[name].after}
    pairs |= {(name, second) for name in places for second in places[name].before}
    assert len(pairs) > len(places)
    for first, second in pairs:
        swapped = list(FULL_PIPELINE)
        i, j = swapped.index(first), swapped.index(second)
        swapped[i], swapped[j] = second, first
        mistakes = check_pipeline(swapped, places)
        assert f"{first} must stand before {second}" in mistakes


def test_messages() -> None:
    places = {"b": Place(after=("a",)), "c-d": Place(), "c_d": Place(before=("a",))}
    pipeline = ["catch_errors", "gatekeeper", "b", "a", "c-d"]
    assert check_pipeline(pipeline, places) == [
        "a must stand before b",
        "c_d must stand before a",
    ]
    assert check_pipeline(["gatekeeper", "x", "x"], {}) == [
        "catch_errors is missing",
        "x is there twice",
    ]
    assert check_pipeline(["gatekeeper", "catch_errors"], {}) == [
        "catch_errors must be the first filter"
    ]


def test_strangers_have_no_rules() -> None:
    assert check_pipeline(["catch_errors", "gatekeeper", "somebody-elses"]) == []


def test_wrong_order_of_real_filters() -> None:
    names = ["catch_errors", "gatekeeper", "copy", "tempauth"]
    assert "tempauth must stand before copy" in check_pipeline(names)
