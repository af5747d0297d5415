"""ratelimit: how fast who may write."""

from __future__ import annotations

from typing import Any

import pytest

from objectstore.kernel.errors import Rejected
from objectstore.kernel.settings import BadSettings
from objectstore.middleware import ratelimit
from objectstore.middleware.ratelimit import Ratelimit, RatelimitSettings
from objectstore.middleware.rates import Pace, SizeRates
from test.fakes.swift_app import Client, KnownFacts, SteppedClock, SwiftApp


def test_rates_at_sizes() -> None:
    rates = SizeRates([(200, 10.0), (100, 20.0)])
    assert [rates.at(size) for size in (0, 99, 100, 150, 200, 10**9)] == [
        0.0,
        0.0,
        20.0,
        15.0,
        10.0,
        10.0,
    ]
    assert SizeRates([]).at(5) == 0.0


def test_pace() -> None:
    clock = SteppedClock()
    pace = Pace(clock, longest_wait=1.0, idle_seconds_counted=0.5)
    assert pace.wait_for("a", 4.0) == 0.0
    assert pace.wait_for("a", 4.0) == 0.25
    assert pace.wait_for("b", 4.0) == 0.0
    assert [pace.wait_for("a", 4.0) for _ in range(3)] == [0.5, 0.75, None]
    clock.now += 100
    # Half a second of the idle time counts: two more than the first go at once.
    assert [pace.wait_for("a", 4.0) for _ in range(4)] == [0.0, 0.0, 0.0, 0.25]


def test_the_pace_forgets_who_is_done() -> None:
    clock = SteppedClock()
    pace = Pace(clock, 1.0, 0.0)
    for number in range(10_000):
        pace.wait_for(str(number), 1.0)
    clock.now += 10
    pace.wait_for("one more", 1.0)
    assert len(pace._due) == 1


class Limited:
    def __init__(self, **settings: Any) -> None:
        self.naps: list[float] = []
        self.server = SwiftApp()
        self.clock = SteppedClock()
        self.facts = KnownFacts({"a": {}}, {("a", "c"): {}})
        app = Ratelimit(
            self.server,
            RatelimitSettings(rate_buffer_seconds=0.0, **settings),
            SizeRates([(0, 2.0)]),
            SizeRates([(10, 1.0)]),
            self.clock,
            self.naps.append,
        )
        self.client = Client(app, self.facts)


def test_ratelimit_sleeps_then_refuses() -> None:
    house = Limited(account_ratelimit=4.0, max_sleep_time_seconds=0.6)
    for _ in range(3):
        assert house.client("PUT", "/v1/a/new").status == 200
    assert house.naps == [0.25, 0.5]
    with pytest.raises(Rejected, match="498 Slow down"):
        house.client("DELETE", "/v1/a/new")
    assert house.client("GET", "/v1/a").status == 200


def test_ratelimit_by_container() -> None:
    house = Limited()
    house.client("PUT", "/v1/a/c/o1")
    house.client("POST", "/v1/a/c/o2")
    assert house.naps == [0.5]
    house.client("GET", "/v1/a/c/o1")
    house.client("GET", "/v1/a/c")
    house.client("GET", "/v1/a/c")
    assert house.naps == [0.5]
    house.facts.count["a", "c"] = 10
    house.client("GET", "/v1/a/c")
    house.client("GET", "/v1/a/c")
    assert house.naps == [0.5, 1.0]


def test_black_white_and_global() -> None:
    house = Limited(account_whitelist=("w",), account_blacklist=("b",))
    got = house.client("GET", "/v1/b")
    assert (got.status, got.body) == (497, b"Your account has been blacklisted")
    for _ in range(3):
        house.client("PUT", "/v1/w/c/o")
    assert house.naps == []
    header = "X-Account-Sysmeta-Global-Write-Ratelimit"
    house.facts.accounts["a"] = {header: "BLACKLIST"}
    assert house.client("GET", "/v1/a").status == 497
    house.facts.accounts["a"] = {header: "WHITELIST"}
    house.client("PUT", "/v1/a/c/o")
    house.client("PUT", "/v1/a/c/o")
    assert house.naps == []
    house.facts.accounts["a"] = {header: "5"}
    house.client("POST", "/v1/a")
    house.client("POST", "/v1/a")
    assert house.naps == [pytest.approx(0.2)]


def test_ratelimit_settings() -> None:
    section = {"container_ratelimit_0": "5", "container_listing_ratelimit_7": "1"}
    app = ratelimit.filter_factory({}, **section)(SwiftApp())
    assert isinstance(app, Ratelimit)
    with pytest.raises(BadSettings, match="container_ratelimit_x"):
        ratelimit.filter_factory({}, container_ratelimit_x="5")
