"""What routers count on a real kernel."""

from __future__ import annotations

from dataclasses import replace

from compute.network.agent.meter_readings import read_counters
from compute.network.agent.rules.meters import counter_name, counts_of
from compute.network.view import Direction
from compute.network.view_meters import Meter, MeterRule
from test.functional.compute.network_agent.cloud import Cloud, make_id, routed_networks

HOST_SIDE = "172.24.4.1"
OUT, IN, NEITHER = make_id("out"), make_id("in"), make_id("neither")
# Of a question and of its answer.
PINGED_OCTETS = 84


def meter(label_id: str, *rules: MeterRule) -> Meter:
    return Meter(label_id, "project", rules)


def counted(label_id: str) -> tuple[int, int]:
    return counts_of(read_counters(make_id("rt")))[counter_name(label_id)]


def what_leaves_and_comes_is_counted(cloud: Cloud) -> None:
    """By inner addresses, in either direction; and nothing begins anew."""
    view = routed_networks()
    (router,) = view.routers
    meters = (
        meter(OUT, MeterRule(Direction.EGRESS, source="10.1.0.0/24")),
        meter(IN, MeterRule(Direction.INGRESS, destination="10.1.0.11/32")),
        meter(
            NEITHER,
            MeterRule(Direction.EGRESS, source="10.0.0.0/8"),
            MeterRule(Direction.EGRESS, True, destination=f"{HOST_SIDE}/32"),
        ),
    )
    cloud.control.view = replace(view, routers=(replace(router, meters=meters),))
    cloud.settle()
    red1, blue1 = cloud.boot("red1"), cloud.boot("blue1")
    assert red1.dhcp() and blue1.dhcp()
    assert red1.pings(HOST_SIDE, count=3)
    assert blue1.pings(HOST_SIDE, count=2)  # neither its sender nor its answers
    assert counted(OUT) == counted(IN) == (3, 3 * PINGED_OCTETS)
    assert counted(NEITHER) == (0, 0)
    # Other rules of the router, another agent, and another label less.
    cloud.change(floating_ips=())
    cloud.kill_agent()
    cloud.start_agent()
    cloud.settle()
    cloud.change(routers=(replace(router, meters=meters[:2]),))
    assert red1.pings(HOST_SIDE, count=1)
    assert counted(OUT) == (4, 4 * PINGED_OCTETS)
    cloud.change(routers=(router,))
    assert red1.pings(HOST_SIDE, count=1)
