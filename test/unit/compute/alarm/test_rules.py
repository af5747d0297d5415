"""What values mean, composite rules, time constraints, actions' URLs: pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from compute.alarm import actions, time_constraints
from compute.alarm.model import ALARM, OK, STATES, UNKNOWN
from compute.alarm.rule_schemas import checked_rule
from compute.alarm.rules import (
    Threshold,
    composed,
    composite_outcome,
    form,
    judge,
    outcome_of,
    settled,
)

OVER = Threshold("gt", 80.0, 2, 60.0)
BASE = "http://cloud/orchestration"
PATH = "/v1/p/stacks/my%20stack/1-2/resources/up/signal"


@pytest.mark.parametrize(
    ("values", "state", "trend"),
    [
        ([], UNKNOWN, UNKNOWN),
        ([90], UNKNOWN, UNKNOWN),
        ([10, 90, 91], ALARM, ALARM),
        ([90, 10, 11], OK, OK),
        ([90, 10], None, OK),
        ([10, 90], None, ALARM),
    ],
)
def test_values_against_a_threshold(
    values: list[float], state: str | None, trend: str
) -> None:
    verdict = judge(OVER, values)
    assert (verdict.state, verdict.trend) == (state, trend)
    for now in STATES:
        wanted = state or (trend if now == UNKNOWN else now)
        assert settled(verdict, now) == wanted
        assert outcome_of(verdict, now).reason


@pytest.mark.parametrize(
    ("sign", "beyond"), [("lt", 9), ("le", 10), ("eq", 10), ("ne", 9), ("ge", 10)]
)
def test_comparisons(sign: str, beyond: float) -> None:
    assert judge(Threshold(sign, 10.0, 1, 60.0), [beyond]).state == ALARM
    assert judge(Threshold(sign, 10.0, 1, 60.0), [11 if sign[0] != "g" else 9]).state


def test_composites_are_like_truth() -> None:
    one: dict[str, Any] = {"type": "t"}
    rule = {"or": [one, {"and": [one, one]}]}
    assert form(rule) == "(rule1 or (rule2 and rule3))"
    for states, wanted in {
        (ALARM, UNKNOWN, UNKNOWN): ALARM,
        (UNKNOWN, ALARM, ALARM): ALARM,
        (OK, OK, UNKNOWN): OK,
        (OK, ALARM, UNKNOWN): UNKNOWN,
        (UNKNOWN, OK, OK): UNKNOWN,
        (OK, ALARM, OK): OK,
    }.items():
        assert composed(rule, states) == wanted, states
    verdicts = [judge(OVER, each) for each in ([99.0, 99.0], [], [])]
    outcome = composite_outcome(rule, verdicts, OK)
    assert outcome.state == ALARM
    assert outcome.reason.endswith("transition to alarm, due to rule1")
    assert outcome.reason_data["rule1"]["most_recent"] == 99.0


def test_time_constraints_keep_to_the_wall() -> None:
    night = {"start": "0 23 * * *", "duration": 10800, "timezone": "Europe/Berlin"}

    def at(text: str) -> float:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()

    assert time_constraints.allow([], 0.0)
    for moment, holds in {
        "2024-01-10T22:00:00": True,  # 23:00 in Berlin
        "2024-01-10T21:59:59": False,
        "2024-01-11T00:59:59": True,
        "2024-01-11T01:00:00": False,
        "2024-07-10T21:00:00": True,  # summer
        "2024-07-10T20:59:59": False,
    }.items():
        assert time_constraints.allow([night], at(moment)) is holds, moment


@pytest.mark.parametrize(
    "start",
    [
        "",
        "* * * *",
        "* * * * * *",
        "0 0 30 2 *",
        "R R * * *",
        "H * * * *",
        "61 * * * *",
        "@daily",
        "0 0 * * * " + "1," * 60,
        "0 0 \n * *",
    ],
)
def test_starts_that_are_none(start: str) -> None:
    with pytest.raises(ValueError, match="start"):
        time_constraints.check_start(start)


def test_starts_and_zones() -> None:
    for start in ("0 23 * * *", "*/5 8-18 * * mon-fri", "0 0 29 2 *", "0 0 L * *"):
        time_constraints.check_start(start)
    for zone in ("Mars/Phobos", "../../etc/passwd", "/etc/passwd", "x\0y"):
        with pytest.raises(ValueError, match="Timezone"):
            time_constraints.zone_of(zone)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://host/",
        "host",
        "http://",
        "http://us er/",
        "http://user:secret@host/",
        "http://[::1/",
        "http://host:99999/",
        "trust+ftp://host/",
        "test://",
        "http://host/\n",
        "http://host/" + "x" * 3000,
    ],
)
def test_actions_that_are_none(url: str) -> None:
    with pytest.raises(ValueError, match="action"):
        actions.parse(url)


def test_a_place_shows_no_secret() -> None:
    action = actions.parse("trust+https://host:8443/secret?signature=secret")
    assert (action.goes_by_trust, action.place) == (True, "https://host:8443")
    assert actions.parse("log://").place == "log://"


def test_signals_are_known_by_place_and_path() -> None:
    url = f"{BASE}{PATH}?signature=1"
    assert actions.signal_path(url, ["http://other", BASE]) == f"{PATH}?signature=1"
    assert actions.signal_path(url.replace("cloud", "CLOUD."), [BASE])
    assert actions.signal_path(url.replace("cloud/", "cloud:80/"), [BASE])
    assert actions.is_signed(url)
    assert not actions.is_signed(f"{BASE}{PATH}?designature=1")
    for other in (
        url.replace("cloud", "cloud2"),
        url.replace("http:", "https:"),
        url.replace("cloud/", "cloud:81/"),
        f"{BASE}/v1/p/stacks/s/i",
        f"{BASE}/v1/p/stacks/s/../resources/r/signal",
        f"{BASE}/v1/p/stacks/s/%2e%2e/resources/r/signal",
        f"{BASE}/v1/p/stacks/s/i/resources/a%2fb/signal",
        f"{BASE}/v1/p/stacks/s/i/resources/r/signal/more",
        f"{BASE}/x{PATH}",
        f"{BASE}x{PATH}",
    ):
        assert actions.signal_path(other, [BASE]) is None, other


@pytest.mark.parametrize(
    "change",
    [
        {"threshold": None},
        {"threshold": True},
        {"threshold": "nan"},
        {"threshold": [1]},
        {"comparison_operator": "=="},
        {"evaluation_periods": 0},
        {"evaluation_periods": 1.5},
        {"granularity": 10**30},
        {"granularity": "x"},
        {"aggregation_method": "eval"},
        {"metric": ""},
        {"metric": "x" * 300},
        {"resource_id": None},
        {"query": "{}"},
    ],
)
def test_rules_that_are_none(change: dict[str, Any]) -> None:
    rule = {"metric": "m", "resource_id": "r", "resource_type": "t", "threshold": "1"}
    rule["aggregation_method"] = "rate:mean"
    good = checked_rule("gnocchi_resources_threshold", rule)
    assert (good["granularity"], good["evaluation_periods"]) == (60, 1)
    with pytest.raises(ValueError, match=next(iter(change))):
        checked_rule("gnocchi_resources_threshold", {**rule, **change})


def test_composites_that_are_none() -> None:
    leaf = {"type": "gnocchi_aggregation_by_metrics_threshold", "threshold": 1}
    leaf |= {"metrics": ["a"], "aggregation_method": "mean"}
    deep: Any = leaf
    for _ in range(9):
        deep = {"or": [deep, leaf]}
    good = {"and": [leaf, {"or": [leaf, leaf]}]}
    assert checked_rule("composite", good)["and"][0]["comparison_operator"] == "eq"
    for bad in (
        leaf,
        {"or": [leaf]},
        {"or": leaf},
        {"or": [leaf, leaf], "and": [leaf, leaf]},
        {"xor": [leaf, leaf]},
        {"or": [leaf, {"type": "event"}]},
        {"or": [leaf] * 33},
        deep,
    ):
        with pytest.raises(ValueError, match=r"rule|and"):
            checked_rule("composite", bad)
