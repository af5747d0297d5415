"""A load balancer when processes, hosts or the network room fail it."""

from __future__ import annotations

import pytest

from compute.balancer.counters import Traffic
from test.unit.compute.balancer.conftest import Make
from test.unit.compute.balancer.house import House
from test.unit.compute.network.house import OTHER


def test_traffic_outlives_processes(house: House) -> None:
    balancer = house.balancer()
    listener = house.listener(balancer)
    key = listener["id"]
    house.settle(process="one", traffic={key: Traffic(2, 10, 20, 1, 3)})
    house.settle(process="one", traffic={key: Traffic(1, 11, 22, 1, 4)})
    house.settle(process="two", traffic={key: Traffic(5, 100, 200, 0, 5)})
    wanted = {
        "active_connections": 5,
        "bytes_in": 111,
        "bytes_out": 222,
        "request_errors": 1,
        "total_connections": 9,
    }
    assert house.ok("GET", f"/listeners/{key}/stats") == {"stats": wanted}
    assert house.ok("GET", f"/loadbalancers/{balancer['id']}/stats")["stats"] == wanted
    assert house.ask("GET", f"/listeners/{key}/stats", project=OTHER).status == 404


def test_what_goes_wrong_is_told_and_mended(house: House) -> None:
    balancer = house.balancer()
    body = {"listener": {"loadbalancer_id": balancer["id"], "protocol": "HTTP"}}
    body["listener"]["protocol_port"] = 80
    made = house.ok("POST", "/listeners", body)["listener"]
    house.settle(error="haproxy does not like it")
    for path, key in (
        (f"listeners/{made['id']}", "listener"),
        (f"loadbalancers/{balancer['id']}", "loadbalancer"),
    ):
        assert house.show(path, key)["provisioning_status"] == "ERROR"
    house.settle()
    assert house.show(f"listeners/{made['id']}", "listener")["provisioning_status"] == (
        "ACTIVE"
    )


def test_what_takes_too_long_is_in_error_and_can_be_deleted(make: Make) -> None:
    house = make(pending_seconds=100)
    house.clock.advance(61)  # the host is silent: nobody will serve it
    body = {"vip_subnet_id": house.subnet["id"]}
    made = house.ok("POST", "/loadbalancers", {"loadbalancer": body})["loadbalancer"]
    path = f"loadbalancers/{made['id']}"
    house.loop.once()
    assert house.show(path, "loadbalancer")["provisioning_status"] == "PENDING_CREATE"
    house.clock.advance(101)
    house.loop.once()
    assert house.show(path, "loadbalancer")["provisioning_status"] == "ERROR"
    assert house.ask("DELETE", f"/{path}").status == 204
    house.loop.once()
    assert house.ask("GET", f"/{path}").status == 404


@pytest.mark.parametrize("calls", range(8))
def test_the_network_room_goes_away_while_one_is_made(make: Make, calls: int) -> None:
    """Whatever was asked of it by then: it is made, or nothing stays (for long)."""
    house = make()
    house.wire.cut_after = calls
    body = {"loadbalancer": {"vip_subnet_id": house.subnet["id"]}}
    got = house.ask("POST", "/loadbalancers", body)
    house.wire.cut_after = -1
    house.loop.step._steps = 0  # type: ignore[attr-defined]
    house.settle()
    left = house.ok("GET", "/loadbalancers")["loadbalancers"]
    ports = house.network.list("port", device_owner="Octavia")
    if got.status == 201:
        assert [each["vip_port_id"] for each in left] == [ports[0]["id"]]
        assert left[0]["provisioning_status"] == "ACTIVE"
    else:
        assert (got.status, left, ports) == (503, [], [])


def test_deleting_goes_on_until_it_is_done(make: Make) -> None:
    house = make(pending_seconds=1)
    balancer = house.balancer()
    path = f"loadbalancers/{balancer['id']}"
    house.wire.is_cut = True
    assert house.ask("DELETE", f"/{path}").status == 204
    for _ in range(3):
        house.clock.advance(2)
        house.settle()
        shown = house.show(path, "loadbalancer")
        assert shown["provisioning_status"] == "PENDING_DELETE"
    house.wire.is_cut = False
    house.settle()
    assert house.ask("GET", f"/{path}").status == 404
    assert house.network.list("port", device_owner="Octavia") == []


def test_a_part_that_is_being_deleted_never_comes_back(house: House) -> None:
    balancer = house.balancer()
    listener = house.listener(balancer)
    path = f"/listeners/{listener['id']}"
    assert house.ask("DELETE", path).status == 204
    house.settle(error="haproxy does not like it")
    shown = house.show(path[1:], "listener")
    assert shown["provisioning_status"] == "PENDING_DELETE"
    house.settle()
    assert house.ask("GET", path).status == 404
