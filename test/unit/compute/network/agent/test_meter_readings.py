"""What meters have counted is told of each label at each router."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from compute.metric.client import MetricClient, ResourceToFeed
from compute.network.agent.meter_readings import MeterReadings
from compute.network.agent.rules.meters import counter_name, meter_text
from compute.network.view import HostView, Router
from compute.network.view_meters import Meter
from objectstore.kernel.errors import Unavailable
from test.fakes.stepped_clock import SteppedClock


class Told(MetricClient):
    """A metric service that remembers what it is told; away if it is to be."""

    def __init__(self) -> None:
        self.fed: list[ResourceToFeed] = []
        self.is_away = False

    def feed(self, at: float, resources: Sequence[ResourceToFeed]) -> None:
        if self.is_away:
            raise Unavailable("away")
        self.fed += resources


def listing(router_id: str) -> str:
    if router_id == "gone":
        raise Unavailable("no such namespace")
    counter = {"name": counter_name("a"), "packets": 3, "bytes": 252}
    found = [{"metainfo": {"version": "1"}}, {"counter": counter}]
    return orjson.dumps({"nftables": found}).decode()


def test_each_label_at_each_router() -> None:
    meters = (Meter("a", "p"), Meter("b", "q"))
    routers = (
        Router("r1", meters=meters),
        Router("r2"),
        Router("gone", meters=meters),
        Router("r3", meters=meters),
    )
    view: list[HostView | None] = [None]
    told = Told()
    readings = MeterReadings(lambda: view[0], told, SteppedClock(), listing)
    readings.step()
    assert told.fed == []  # the agent has no view yet
    view[0] = HostView("host", 1, routers=routers)
    told.is_away = True
    readings.step()
    told.is_away = False
    readings.step()
    assert [each.id for each in told.fed] == ["a-r1", "a-r3"]
    assert {(each.type, each.project_id) for each in told.fed} == {("network", "p")}
    assert told.fed[0].metrics == {
        "bandwidth": ("B", "guests-rate", 252.0),
        "bandwidth.packets": ("packet", "guests-rate", 3.0),
    }


def test_without_labels_there_is_no_table() -> None:
    assert "delete table inet rs_meters" in meter_text(())
    assert "delete" not in meter_text((Meter("a", "p"),))
