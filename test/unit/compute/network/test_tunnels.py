"""Networks on several hosts: who is told what, and ports that are about to move."""

from __future__ import annotations

from compute.network.client import NewPort
from compute.network.view import HostView, Network
from test.unit.compute.network.house import OWNER, House

ENDS = {"alpha": "192.0.2.1", "beta": "192.0.2.2", "gamma": "192.0.2.3"}


def tell(house: House, *hosts: str) -> None:
    for host in hosts:
        house.report(host, tunnels_end_at=ENDS[host])


def guest(house: House, network_id: str, name: str, host: str) -> str:
    new = NewPort(network_id, device_id=name, host=host)
    (port,) = house.client.create_ports(OWNER, [new])
    return port.id


def seen(view: HostView, network_id: str) -> Network:
    return next(each for each in view.networks if each.id == network_id)


def macs(house: House, *ports: str) -> set[str]:
    return {house.show("port", each, roles="admin")["mac_address"] for each in ports}


def test_each_host_is_told_of_the_others(house: House) -> None:
    tell(house, "alpha", "beta", "gamma")
    network, _ = house.network()
    one = guest(house, network["id"], "one", "alpha")
    assert seen(house.view("alpha"), network["id"]).remotes == ()
    two = guest(house, network["id"], "two", "beta")
    (remote,) = seen(house.view("alpha"), network["id"]).remotes
    assert remote.address == ENDS["beta"]
    assert macs(house, two) <= set(remote.macs)
    (back,) = seen(house.view("beta"), network["id"]).remotes
    assert back.address == ENDS["alpha"]
    assert macs(house, one) <= set(back.macs)
    segments = {seen(house.view(h), network["id"]).segment for h in ("alpha", "beta")}
    assert len(segments) == 1 and 0 not in segments
    assert house.view("gamma").networks == ()
    other, _ = house.network("10.2.0.0/24")
    guest(house, other["id"], "three", "alpha")
    guest(house, other["id"], "four", "beta")
    assert seen(house.view("alpha"), other["id"]).segment not in segments


def test_a_host_that_has_no_tunnels_is_left_out(house: House) -> None:
    tell(house, "alpha")
    house.report("beta")
    network, _ = house.network()
    guest(house, network["id"], "one", "alpha")
    guest(house, network["id"], "two", "beta")
    assert seen(house.view("alpha"), network["id"]).remotes == ()
    assert seen(house.view("beta"), network["id"]).remotes == ()
    tell(house, "beta")
    assert seen(house.view("alpha"), network["id"]).remotes


def test_a_port_is_made_ready_and_moves(house: House) -> None:
    tell(house, "alpha", "beta")
    network, _ = house.network()
    port = guest(house, network["id"], "one", "alpha")
    house.report("alpha", active=(port,), tunnels_end_at=ENDS["alpha"])
    house.client.add_binding(port, "beta")
    house.client.add_binding(port, "beta")  # again
    assert port in {each.id for each in house.view("beta").ports}
    assert port in {each.id for each in house.view("alpha").ports}
    (nic,) = house.client.nics_of("one")
    assert (nic.host, nic.is_active, nic.is_awaited) == ("alpha", True, False)
    house.report("beta", active=(port,), tunnels_end_at=ENDS["beta"])
    (nic,) = house.client.nics_of("one")
    assert (nic.is_active, nic.is_awaited) == (True, True)
    house.client.update_port(port, {"binding:host_id": "beta"})
    (nic,) = house.client.nics_of("one")
    # Its wires were there already: it was never down.
    assert (nic.host, nic.is_active, nic.is_awaited) == ("beta", True, False)
    assert port not in {each.id for each in house.view("alpha").ports}
    path = f"/v2.0/ports/{port}/bindings"
    found = house.ok("GET", path, roles="admin")["bindings"]
    assert [(each["host"], each["status"]) for each in found] == [("beta", "ACTIVE")]


def test_bindings_by_the_api(house: House) -> None:
    tell(house, "alpha", "beta")
    network, _ = house.network()
    port = guest(house, network["id"], "one", "alpha")
    path = f"/v2.0/ports/{port}/bindings"
    body = {"binding": {"host": "beta"}}
    assert house.ask("POST", path, body).status == 403
    made = house.ask("POST", path, body, roles="admin")
    assert (made.status, made.json["binding"]["status"]) == (201, "INACTIVE")
    other = {"binding": {"host": "gamma"}}
    assert house.ask("POST", path, other, roles="admin").status == 409
    assert house.ask("DELETE", f"{path}/gamma", roles="admin").status == 404
    assert house.ask("DELETE", f"{path}/beta", roles="admin").status == 204
    assert house.view("beta").ports == ()
    house.ok("POST", path, body, roles="admin")
    active = house.ok("PUT", f"{path}/beta/activate", roles="admin")["binding"]
    assert (active["host"], active["status"]) == ("beta", "ACTIVE")


def test_a_router_stays_where_tunnels_reach_everybody(house: House) -> None:
    tell(house, "alpha", "beta")
    house.client.default_network(OWNER)
    (network,) = house.client.networks(OWNER, {"project_id": OWNER})
    port = guest(house, network.id, "one", "alpha")
    routers = {each.id for each in house.view("alpha").routers}
    assert routers
    house.client.update_port(port, {"binding:host_id": "beta"})
    assert {each.id for each in house.view("alpha").routers} == routers
    (remote,) = seen(house.view("beta"), network.id).remotes
    assert remote.address == ENDS["alpha"]
