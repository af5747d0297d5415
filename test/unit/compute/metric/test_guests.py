"""What agents tell of guests: from the hypervisor's figures to series."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from compute.agent.measuring import Measuring
from compute.core.rooms.absent import AbsentService
from compute.metric.client import MetricClient
from test.unit.compute.instance.house import OWNER
from test.unit.compute.instance.house import House as Servers
from test.unit.compute.metric.house import House

GUEST = {"cpu", "memory", "memory.usage", "vcpus"}


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    (tmp_path / "servers").mkdir()
    found = Servers(tmp_path / "servers", hosts=2)
    found.furnish()
    yield found
    found.close()


def measuring(servers: Servers, house: House) -> Measuring:
    return Measuring(servers.kits, servers.instances, house.client, servers.clock)


def test_rounds(servers: Servers, house: House) -> None:
    server = servers.boot(metadata={"metering.server_group": "mine"})
    loop = measuring(servers, house)
    for _ in range(3):
        loop.step()
        servers.clock.advance(60)
    found = house.ok("GET", "/v1/resource/instance")
    assert [each["id"] for each in found] == [server]
    assert set(found[0]["metrics"]) == GUEST
    assert found[0]["server_group"] == "mine"
    assert found[0]["project_id"] == OWNER and found[0]["host"].startswith("host")
    disks = house.ok("GET", "/v1/resource/instance_disk")
    assert {each["instance_id"] for each in disks} == {server}
    points = house.client.measures_of(
        "instance", server, "vcpus", granularity=60, project_id=OWNER
    )
    assert len(points) == 3 and len({each.value for each in points}) == 1
    rates = house.client.measures_of(
        "instance", server, "cpu", aggregation="rate:mean", granularity=60
    )
    assert len(rates) == 2
    # A round that is repeated makes nothing new.
    path = f"/v1/resource/instance/{server}/history"
    assert len(house.ok("GET", path)) == 1


def test_a_server_that_is_deleted_has_ended(servers: Servers, house: House) -> None:
    server = servers.boot()
    loop = measuring(servers, house)
    loop.step()
    servers.ok("DELETE", f"/servers/{server}")
    servers.work()
    servers.clock.advance(60)
    loop.step()
    for kind in ("instance", "instance_disk"):
        for each in house.ok("GET", f"/v1/resource/{kind}"):
            assert each["ended_at"] is not None
    points = house.client.measures_of("instance", server, "cpu", granularity=60)
    assert len(points) == 1


def test_a_server_that_ended_while_its_agent_was_away(
    servers: Servers, tmp_path: Path
) -> None:
    (tmp_path / "metrics").mkdir()
    absent = {name: AbsentService(name) for name in ("volume", "image")}
    callers = {**absent, "compute": servers.caller}
    house = House(tmp_path / "metrics", callers=callers)
    gone, kept = servers.boot(), servers.boot()
    measuring(servers, house).step()
    servers.ok("DELETE", f"/servers/{gone}")
    servers.work()
    for _ in range(2):
        house.fold()
    for kind in ("instance", "instance_disk"):
        found = house.ok("GET", f"/v1/resource/{kind}")
        assert len(found) == 2
        for each in found:
            server = each.get("instance_id", each["id"])
            assert (each["ended_at"] is None) == (server == kept)
    house.database.close()


def test_nobody_hears(servers: Servers, caplog: pytest.LogCaptureFixture) -> None:
    servers.boot()
    absent = MetricClient(AbsentService("metric"), servers.tokens)
    loop = Measuring(servers.kits, servers.instances, absent, servers.clock)
    for _ in range(3):
        loop.step()
    assert caplog.text.count("nobody hears") == 1
