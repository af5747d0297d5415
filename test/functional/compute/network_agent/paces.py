"""How many packets guests pass on a real kernel: counted, not read back."""

from __future__ import annotations

from dataclasses import replace

from compute.network.quality import PacketRate, Quality
from compute.network.view import FloatingQuality
from test.functional.compute.network_agent.cloud import (
    Cloud,
    lets_in,
    make_id,
    routed_networks,
)
from test.functional.compute.network_agent.guests import Guest

HOST_SIDE = "172.24.4.1"
BLUE1 = "10.2.0.11"
# A thousand at once, and a thousand more in each second of a flood: it has one, which
# is a little longer where much else runs.
SLOW = PacketRate(1, 1)
FLOOD = 6000
MOST = 4000
# Without a limit, what a busy machine may lose.
NEARLY_ALL = FLOOD - 60


def answered(guest: Guest, address: str, seconds: int) -> int:
    """How many of a flood of questions have an answer before the time is over."""
    words = ("-f", "-q", "-c", str(FLOOD), "-w", str(seconds), address)
    lines = guest.run("ping", *words, check=False).splitlines()
    (found,) = (line for line in lines if "received" in line)
    print(found, flush=True)
    return int(found.split(",")[1].split()[0])


def floods_of_packets_are_dammed(cloud: Cloud) -> None:
    """A port's, in either direction, and those of an address outside."""
    cloud.control.view = routed_networks()
    cloud.settle()
    red1, blue1 = cloud.boot("red1"), cloud.boot("blue1")
    assert red1.dhcp() and blue1.dhcp()
    cloud.replace_group("web", lets_in("web", "ping", protocol=1))
    assert answered(red1, BLUE1, 30) > NEARLY_ALL
    for quality in (Quality(egress_packets=SLOW), Quality(ingress_packets=SLOW)):
        cloud.replace_port("red1", quality=quality)
        assert 0 < answered(red1, BLUE1, 1) < MOST
    cloud.replace_port("red1", quality=Quality())
    outside = FloatingQuality(
        make_id("rt"), "172.24.4.101", Quality(egress_packets=SLOW)
    )
    cloud.change(floating_qualities=(outside,))
    assert answered(red1, HOST_SIDE, 1) < MOST
    heard = replace(outside, quality=Quality(ingress_packets=SLOW))
    cloud.change(floating_qualities=(heard,))
    assert answered(red1, HOST_SIDE, 1) < MOST
