"""The pipeline check: declared places, required filters, clear messages."""

from __future__ import annotations

import itertools

from objectstore.middleware.order import DEFAULT_PIPELINE, Place, check_pipeline


def test_the_default_pipeline_is_right() -> None:
    assert check_pipeline(DEFAULT_PIPELINE) == []


def test_every_declared_pair_is_checked() -> None:
    for first, second in itertools.combinations(DEFAULT_PIPELINE, 2):
        swapped = list(DEFAULT_PIPELINE)
        i, j = swapped.index(first), swapped.index(second)
        swapped[i], swapped[j] = second, first
        mistakes = check_pipeline(swapped)
        assert all("must" in mistake for mistake in mistakes)


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
