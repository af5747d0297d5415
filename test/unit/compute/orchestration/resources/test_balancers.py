"""Load balancers, killed at every request; changes wait for their turn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from compute.orchestration.errors import Invalid
from test.unit.compute.balancer.house import OWNER, House
from test.unit.compute.orchestration.resources.bench import TYPES, Bench

LB, LISTENER, POOL = (
    "OS::Octavia::LoadBalancer",
    "OS::Octavia::Listener",
    "OS::Octavia::Pool",
)
MEMBER, MONITOR = "OS::Octavia::PoolMember", "OS::Octavia::HealthMonitor"
POLICY, RULE = "OS::Octavia::L7Policy", "OS::Octavia::L7Rule"


@pytest.fixture
def balanced(tmp_path: Path) -> Iterator[tuple[House, Bench]]:
    house = House(tmp_path)
    callers = {"network": house.network.caller, "load-balancer": house.caller}
    yield house, Bench(callers, house.clock, OWNER, house.settle)
    house.close()


def _parts(house: House, bench: Bench) -> dict[str, dict[str, Any]]:
    """Properties by types, each of what stands before it."""
    balancer = bench.make(LB, name="lb", vip_subnet=house.subnet["id"]).physical_id
    listener = bench.make(
        LISTENER, loadbalancer=balancer, protocol="HTTP", protocol_port=80
    ).physical_id
    given = {"protocol": "HTTP", "lb_algorithm": "ROUND_ROBIN"}
    pool = bench.make(POOL, loadbalancer=balancer, **given).physical_id
    policy = bench.make(POLICY, listener=listener, action="REJECT").physical_id
    probe = {"delay": 5, "timeout": 3, "max_retries": 3, "type": "HTTP"}
    path = {"type": "PATH", "compare_type": "STARTS_WITH", "value": "/a"}
    return {
        LB: {"vip_subnet": house.subnet["id"], "name": "other"},
        LISTENER: {
            "loadbalancer": "lb",
            "protocol": "HTTP",
            "protocol_port": 81,
            "default_pool": pool,
        },
        POOL: {"loadbalancer": balancer, **given, "tls_enabled": True},
        MEMBER: {"pool": pool, "address": "10.0.0.9", "protocol_port": 80},
        MONITOR: {"pool": pool, **probe},
        POLICY: {
            "listener": listener,
            "action": "REDIRECT_TO_POOL",
            "redirect_pool": pool,
        },
        RULE: {"l7policy": policy, **path},
    }


@pytest.mark.parametrize(
    "type_name", [LB, LISTENER, POOL, MEMBER, MONITOR, POLICY, RULE]
)
def test_a_kill_at_any_request(type_name: str, balanced: tuple[House, Bench]) -> None:
    house, bench = balanced
    properties = _parts(house, bench)[type_name]
    kind: Any = TYPES.get(type_name)

    def there(work: Any) -> int:
        place = kind.place
        pages = bench.cloud.pages(place.room, place.plural, *kind.path(work))
        return len(list(pages))

    work = bench.work(type_name, **properties)
    before = there(work)
    steps = bench.act(work, kind.create, kind.is_created)
    for name in kind.attributes:
        kind.attribute_path(work, name, ())
    bench.delete(type_name, work)
    for step in range(1, steps + 1):
        work = bench.make(type_name, **properties, die_after=step)
        assert there(work) == before + 1
        bench.change(type_name, work, admin_state_up=False, die_after=step)
        assert kind.attribute(work, "show")["admin_state_up"] is False
        bench.delete(type_name, work, die_after=step)
        assert there(work) == before


@pytest.mark.parametrize(
    ("kind", "given", "why"),
    [
        (LB, {}, "vip_subnet"),
        (LB, {"vip_subnet": "s", "flavor": "big"}, "does not have"),
        (LISTENER, {"protocol": "HTTP", "protocol_port": 80}, "loadbalancer"),
        (LISTENER, {"protocol": "SCTP", "protocol_port": 80}, "allowed"),
        (POLICY, {"listener": "l", "action": "REDIRECT_TO_URL"}, "redirect_url"),
    ],
)
def test_what_cannot_be(
    kind: str, given: dict[str, Any], why: str, balanced: tuple[House, Bench]
) -> None:
    with pytest.raises(Invalid, match=why):
        balanced[1].work(kind, **given)
