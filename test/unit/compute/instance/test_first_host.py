"""Servers that are asked for before any host has reported."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from compute.agent.drivers.sim.host import SimHost
from compute.agent.drivers.sim.hypervisor import SimHypervisor
from compute.agent.guests import HostInventory
from compute.instance.client import HostReport
from objectstore.kernel import concurrency
from objectstore.kernel.concurrency import promised
from test.unit.compute.instance.house import House

SECONDS_MAX = 20.0


def report_of(name: str, inventory: HostInventory) -> HostReport:
    return HostReport(name, dataclasses.asdict(inventory), {}, "")


def test_a_server_waits_for_the_first_host(tmp_path: Path) -> None:
    house = House(tmp_path, hosts=0)
    house.furnish()
    making = promised(lambda: house.boot(work=False))
    concurrency.sleep(0)
    inventory = SimHypervisor(SimHost("late"), clock=house.clock).inventory()
    house.instances.report([report_of("late", inventory)])
    with concurrency.deadline(SECONDS_MAX):
        server_id = making.wait()
    assert house.show(server_id)["OS-EXT-SRV-ATTR:host"] == "late"
    house.close()


def test_it_waits_once_and_not_for_long(tmp_path: Path) -> None:
    house = House(tmp_path, hosts=0, first_host_wait=0.5)
    house.furnish()
    with concurrency.deadline(SECONDS_MAX):
        server_id = house.boot(work=False)
    server = house.show(server_id)
    assert server["status"] == "ERROR"
    assert server["fault"]["details"] == "There are no hosts."
    house.close()
