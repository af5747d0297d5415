"""The keeper beside others, and what it finds that others have left."""

from __future__ import annotations

from typing import Any

from compute.balancer import tables
from compute.balancer.agent.balancer_agent import BalancerAgent
from compute.balancer.agent.serving import SimServing
from compute.balancer.counters import Traffic
from compute.balancer.frame.work import Work
from compute.balancer.keeper import STRAYS_EVERY, Keeper
from compute.balancer.model import Balancer
from compute.balancer.view import Report
from test.fakes.tokens import SERVICE_PROJECT
from test.unit.compute.balancer.house import House
from test.unit.compute.network.house import HOST


def keeper_of(house: House) -> Keeper:
    keeper = house.loop.step
    assert isinstance(keeper, Keeper)
    return keeper


def groups(house: House) -> set[str]:
    """The names of the service's own groups."""
    found = house.network.list("security_group", roles="admin")
    return {
        each["name"]
        for each in found
        if each["project_id"] == SERVICE_PROJECT and each["name"] != "default"
    }


def spoil(house: House, table: Any, **values: Any) -> None:
    """A row as no release of ours writes it."""
    keeper = keeper_of(house)

    def work_on(work: Work) -> None:
        work.connection.execute(table.update().values(**values))

    keeper._database.write(keeper._context, work_on)


def test_a_load_balancer_that_another_has_removed(house: House) -> None:
    made = house.balancer()
    keeper = keeper_of(house)
    (balancer,) = keeper._database.read(
        keeper._context, lambda work: work.records(Balancer, tables.balancers)
    )
    house.delete(f"loadbalancers/{made['id']}")
    keeper._try(balancer)
    assert house.ok("GET", "/loadbalancers")["loadbalancers"] == []


def test_a_group_whose_maker_died_before_it_was_in_the_row(house: House) -> None:
    kept = house.balancer()
    body = {"loadbalancer": {"vip_subnet_id": house.subnet["id"]}}
    # One call finds the place, one makes the group; taking that back is cut, too.
    house.wire.cut_after = 2
    assert house.ask("POST", "/loadbalancers", body).status >= 500
    house.wire.cut_after = -1
    lonely = "octavia-lb-00000000-0000-4000-8000-000000000000"
    house.network.make("security_group", name=lonely)
    keeper_of(house)._network.make_group("00000000-0000-4000-8000-000000000000")
    assert len(groups(house)) == 3
    for _ in range(STRAYS_EVERY):
        house.loop.once()
    assert groups(house) == {f"octavia-lb-{kept['id']}"}
    # One of that name in a project is the project's own.
    assert lonely in {each["name"] for each in house.network.list("security_group")}


def test_one_that_cannot_be_read_keeps_no_other_waiting(house: House) -> None:
    house.balancer()
    spoil(house, tables.balancers, vip_address="nonsense", opened=0)
    made = house.balancer(name="good")
    found = house.show(f"loadbalancers/{made['id']}", "loadbalancer")
    assert found["provisioning_status"] == "ACTIVE"


def test_one_that_cannot_be_written_takes_no_other_of_its_host_along(
    house: House,
) -> None:
    spoilt = house.balancer(name="spoilt")
    house.listener(spoilt)
    spoil(house, tables.listeners, insert_headers=["x"])
    good = house.balancer(name="good")
    served = {each.balancer_id: each for each in house.client.host_view(HOST)}
    assert not served[good["id"]].problem
    assert "cannot be written" in served[spoilt["id"]].problem
    agent = BalancerAgent(HOST, house.client, SimServing(), house.clock)
    house.ok("PUT", f"/loadbalancers/{spoilt['id']}", {"loadbalancer": {"name": "n"}})
    agent.step()
    house.loop.once()
    found = {
        each["id"]: each["provisioning_status"]
        for each in house.ok("GET", "/loadbalancers")["loadbalancers"]
    }
    assert found == {good["id"]: "ACTIVE", spoilt["id"]: "ERROR"}


def test_one_that_cannot_be_settled_hides_no_other_report(house: House) -> None:
    spoilt, good = house.balancer(name="spoilt"), house.balancer(name="good")
    listener = house.listener(spoilt)
    house.ok("PUT", f"/loadbalancers/{good['id']}", {"loadbalancer": {"name": "n"}})
    house.loop.once()
    more_than_a_column_holds = {listener["id"]: Traffic(bytes_in=2**64 - 1)}
    reports = [
        Report(spoilt["id"], 2, traffic=more_than_a_column_holds),
        Report(good["id"], 2),
    ]
    house.client.report(HOST, "", reports)
    found = house.show(f"loadbalancers/{good['id']}", "loadbalancer")
    assert found["provisioning_status"] == "ACTIVE"
