"""Everything that Octavia's own client shows of a thing is there to be shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from test.unit.compute.balancer.house import House

constants = pytest.importorskip("octaviaclient.osc.v2.constants")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    found = House(tmp_path)
    found.network.report()
    found.hear()
    yield found
    found.close()


def one_of_each(house: House) -> dict[str, Any]:
    balancer = house.balancer()
    listener = house.listener(balancer)
    pool = house.pool(listener_id=listener["id"])
    monitor = {"type": "TCP", "delay": 2, "timeout": 1, "max_retries": 1}
    policy = house.make(
        "l7policies", "l7policy", listener_id=listener["id"], action="REJECT"
    )
    rule = {"type": "PATH", "compare_type": "EQUAL_TO", "value": "/"}
    return {
        "LOAD_BALANCER": balancer,
        "LISTENER": listener,
        "POOL": pool,
        "MEMBER": house.member(pool, "10.1.0.5"),
        "MONITOR": house.make(
            "healthmonitors", "healthmonitor", pool_id=pool["id"], **monitor
        ),
        "L7POLICY": policy,
        "L7RULE": house.make(f"l7policies/{policy['id']}/rules", "rule", **rule),
        "QUOTA": house.ok("GET", "/quotas/defaults")["quota"],
        "LOAD_BALANCER_STATS": house.ok(
            "GET", f"/loadbalancers/{balancer['id']}/stats"
        )["stats"],
    }


def test_rows_of_the_client(house: House) -> None:
    for name, shown in one_of_each(house).items():
        wanted = set(getattr(constants, f"{name}_ROWS"))
        assert wanted <= shown.keys(), (name, sorted(wanted - shown.keys()))
