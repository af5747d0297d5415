"""The keeper beside others: what it has read may be gone when it comes to it."""

from __future__ import annotations

from compute.balancer import tables
from compute.balancer.keeper import Keeper
from compute.balancer.model import Balancer
from test.unit.compute.balancer.house import House


def test_a_load_balancer_that_another_has_removed(house: House) -> None:
    made = house.balancer()
    keeper = house.loop.step
    assert isinstance(keeper, Keeper)
    (tree,) = keeper._database.read(
        keeper._context,
        lambda work: [
            work.tree(each) for each in work.records(Balancer, tables.balancers)
        ],
    )
    house.delete(f"loadbalancers/{made['id']}")
    keeper._try(tree)
    assert house.ok("GET", "/loadbalancers")["loadbalancers"] == []
