"""What tc is told, and when."""

from __future__ import annotations

from dataclasses import replace

import pytest

from compute.network.agent import operations as do
from compute.network.agent.desired.desired import desired_state
from compute.network.agent.desired.host_rules import assign_zones
from compute.network.agent.desired.shaping import (
    BURST_BYTES_MIN,
    BURST_SECONDS_MAX,
    QUEUE_BYTES_MAX,
    QUEUE_BYTES_MIN,
    SIZE_BYTES_MAX,
    sizes_of,
)
from compute.network.agent.model import (
    HOST,
    Desired,
    LinkKind,
    Observed,
    SeenLink,
    SeenNamespace,
)
from compute.network.agent.names import (
    gateway_device,
    router_device,
    router_namespace,
    speed_device,
)
from compute.network.agent.plan.plan import plan
from compute.network.port_names import tap_name
from compute.network.quality import Bandwidth, Quality
from compute.network.view import FloatingQuality, HostView, Port
from test.unit.compute.network.agent import views

TAP, SPEED = tap_name(views.GUEST.id), speed_device(views.GUEST.id)
NAMESPACE = router_namespace(views.ROUTER)


def desired(view: HostView) -> Desired:
    return desired_state(view, views.SETTINGS, assign_zones(view.networks, {}))


def with_quality(quality: Quality) -> Desired:
    ports = tuple(
        replace(port, quality=quality) if port.id == views.GUEST.id else port
        for port in views.VIEW.ports
    )
    return desired(replace(views.VIEW, ports=ports))


def sides(found: Desired) -> set[tuple[str, str, bool]]:
    return {
        (each.namespace, each.device, each.is_arriving)
        for each in found.shapings.values()
    }


def test_each_direction_has_its_queue() -> None:
    slow = Bandwidth(1000)
    assert sides(with_quality(Quality())) == set()
    assert sides(with_quality(Quality(ingress=slow))) == {(HOST, TAP, False)}
    both = with_quality(Quality(slow, slow))
    assert sides(both) == {
        (HOST, TAP, False),
        (HOST, TAP, True),
        (HOST, SPEED, False),
    }
    assert both.links[SPEED].kind is LinkKind.SPEED
    assert SPEED not in with_quality(Quality(ingress=slow)).links
    assert {each.concerns for each in both.shapings.values()} == {TAP}


def test_floating_addresses_have_classes_at_both_ends_of_the_way_out() -> None:
    limits = tuple(
        FloatingQuality(views.ROUTER, f"172.24.4.{n}", Quality(Bandwidth(n), ingress))
        for n, ingress in ((101, Bandwidth(7)), (102, Bandwidth()))
    )
    found = desired(
        replace(views.VIEW, floating_qualities=limits, ports=_plain_ports())
    )
    outer = found.shapings[f"{HOST}/{router_device(views.GATEWAY_PORT.id)}/out"]
    inner = found.shapings[f"{NAMESPACE}/{gateway_device(views.GATEWAY_PORT.id)}/out"]
    assert len(found.shapings) == 2
    assert "match ip dst 172.24.4.101/32" in outer.text
    assert "172.24.4.102" not in outer.text
    assert inner.text.count("match ip src") == 2
    # What has no limit is in no class.
    assert "htb default 0\n" in outer.text


def _plain_ports() -> tuple[Port, ...]:
    return tuple(replace(port, quality=Quality()) for port in views.VIEW.ports)


def test_another_limit_has_another_handle() -> None:
    handles = {
        shaping.handle
        for kbps in range(1, 100)
        for shaping in with_quality(Quality(ingress=Bandwidth(kbps))).shapings.values()
    }
    assert len(handles) > 95
    assert all(0 < handle < 0x8000 for handle in handles)


@pytest.mark.parametrize(
    ("bandwidth", "burst", "queue"),
    [
        (Bandwidth(10_000), 1_000_000, 250_000),
        (Bandwidth(10_000, 800), 100_000, 250_000),
        (Bandwidth(1), BURST_BYTES_MIN, QUEUE_BYTES_MIN),
        (Bandwidth(2**31 - 1, 2**31 - 1), SIZE_BYTES_MAX, QUEUE_BYTES_MAX),
        # The longest that the kernel can count.
        (Bandwidth(8, 2**31 - 1), 1000 * BURST_SECONDS_MAX, QUEUE_BYTES_MIN),
    ],
)
def test_sizes(bandwidth: Bandwidth, burst: int, queue: int) -> None:
    assert sizes_of(bandwidth) == {"burst": burst, "queue": queue}


def shaping_operations(found: Desired, seen: dict[tuple[str, bool], str]) -> list[str]:
    links = {name: SeenLink(name) for name in (*found.links, "eth0")}
    host = SeenNamespace(links=links, shapings=seen)
    observed = Observed(namespaces={HOST: host})
    kinds = (do.ShapeDevice, do.UnshapeDevice)
    return [
        f"{type(each).__name__} {each.concerns}"
        for each in plan(found, observed)
        if isinstance(each, kinds)
    ]


def test_what_is_as_told_is_left_alone() -> None:
    found = with_quality(Quality(ingress=Bandwidth(1000)))
    (shaping,) = found.shapings.values()
    as_told = {(TAP, False): shaping.text}
    assert shaping_operations(found, as_told) == []
    assert shaping_operations(found, {}) == [f"ShapeDevice {TAP}"]
    assert shaping_operations(found, {(TAP, False): "?"}) == [f"ShapeDevice {TAP}"]
    # What somebody else did with devices of his own is his.
    others = {**as_told, ("eth0", False): "?", ("eth0", True): "?"}
    assert shaping_operations(found, others) == []
    free = with_quality(Quality())
    assert shaping_operations(free, as_told) == [f"UnshapeDevice {TAP}"]
