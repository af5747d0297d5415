"""Guests that ended with their host, or with their agent, come back."""

from __future__ import annotations

import dataclasses

import pytest

from compute.agent.drivers.sim.hypervisor import SimHypervisor
from compute.agent.returning import PAUSE_SECONDS, PAUSE_SECONDS_MAX
from compute.agent.runner import Agent
from objectstore.kernel.errors import Unavailable
from test.unit.compute.instance.house import House


def status_of(house: House, server_id: str) -> str:
    return str(house.show(server_id)["status"])


def hypervisor_of(house: House, server_id: str) -> SimHypervisor:
    host = house.show(server_id)["OS-EXT-SRV-ATTR:host"]
    found = house.kits[host].hypervisor
    assert isinstance(found, SimHypervisor)
    return found


def wired_agent(house: House, taps: set[str]) -> Agent:
    """A new agent, whose hosts have those taps."""
    kits = {
        name: dataclasses.replace(
            kit, waits_for_ports=True, has_device=taps.__contains__
        )
        for name, kit in house.kits.items()
    }
    return house.new_agent(kits=kits)


def test_after_a_power_cut_it_is_started_again_and_never_shut_off(house: House) -> None:
    server_id = house.boot()
    hypervisor = hypervisor_of(house, server_id)
    hypervisor.crash(server_id)
    agent = house.new_agent()
    agent.report()
    assert status_of(house, server_id) == "ACTIVE"
    agent.reconcile()
    agent.report()
    assert hypervisor.states()[server_id] == "running"
    assert status_of(house, server_id) == "ACTIVE"


def test_one_that_crashes_before_an_agent_s_eyes_is_shut_off(house: House) -> None:
    server_id = house.boot()
    hypervisor_of(house, server_id).crash(server_id)
    house.agent.report()
    house.agent.reconcile()
    assert status_of(house, server_id) == "SHUTOFF"


@pytest.mark.parametrize("end", ["crash", "destroy"])
def test_it_waits_for_its_taps(house: House, end: str) -> None:
    server_id = house.boot()
    hypervisor = hypervisor_of(house, server_id)
    getattr(hypervisor, end)(server_id)
    taps: set[str] = set()
    agent = wired_agent(house, taps)
    agent.report()
    agent.reconcile()
    agent.report()
    assert hypervisor.states().get(server_id) != "running"
    assert status_of(house, server_id) == "ACTIVE"
    taps |= {vif["tap"] for vif in house.instances.server(server_id).vifs}
    agent.bring_back()
    assert hypervisor.states().get(server_id) != "running"  # not all the time
    house.clock.advance(PAUSE_SECONDS)
    agent.bring_back()
    assert hypervisor.states()[server_id] == "running"


def test_one_that_does_not_start_is_tried_again(house: House) -> None:
    server_id = house.boot()
    hypervisor = hypervisor_of(house, server_id)
    hypervisor.crash(server_id)
    hypervisor.fault = lambda method, uuid, moment: (
        Unavailable("no such volume") if method == "start" else None
    )
    agent = house.new_agent()
    agent.reconcile()
    for _ in range(10):
        house.clock.advance(PAUSE_SECONDS_MAX)
        agent.report()
        agent.bring_back()
    assert status_of(house, server_id) == "ACTIVE"
    hypervisor.fault = None
    house.clock.advance(PAUSE_SECONDS_MAX)
    agent.bring_back()
    assert hypervisor.states()[server_id] == "running"


def test_what_its_user_stops_or_deletes_does_not_come_back(house: House) -> None:
    stopped, deleted = house.boot("stopped"), house.boot("deleted")
    hypervisors = [hypervisor_of(house, each) for each in (stopped, deleted)]
    for server_id, hypervisor in zip((stopped, deleted), hypervisors, strict=True):
        hypervisor.crash(server_id)
    taps: set[str] = set()
    house.agent = wired_agent(house, taps)
    house.agent.reconcile()
    taps |= {
        vif["tap"]
        for server_id in (stopped, deleted)
        for vif in house.instances.server(server_id).vifs
    }
    house.act(stopped, "os-stop")
    house.ok("DELETE", f"/servers/{deleted}")
    house.work()
    house.clock.advance(PAUSE_SECONDS_MAX)
    house.agent.bring_back()
    house.agent.report()
    assert status_of(house, stopped) == "SHUTOFF"
    running = [state for each in hypervisors for state in each.states().values()]
    assert "running" not in running
