"""Load balancers with several addresses, and with groups of their projects' own."""

from __future__ import annotations

from typing import Any

from test.unit.compute.balancer.house import House
from test.unit.compute.network.house import OTHER


def six(house: House) -> Any:
    return house.network.make(
        "subnet", network_id=house.net["id"], ip_version=6, cidr="fd00::/64"
    )


def group(house: House, **who: Any) -> str:
    return str(house.network.make("security_group", name="mine", **who)["id"])


def groups_of(house: House, balancer: Any) -> list[str]:
    port = house.network.show("port", balancer["vip_port_id"], roles="admin")
    return list(port["security_groups"])


def openings(house: House, group_id: str) -> set[tuple[str, str | None]]:
    rules = house.network.list(
        "security_group_rule",
        security_group_id=group_id,
        direction="ingress",
        roles="admin",
    )
    return {(each["ethertype"], each["remote_ip_prefix"]) for each in rules}


def test_it_is_reached_by_all_of_its_addresses(house: House) -> None:
    second = six(house)
    balancer = house.balancer(
        additional_vips=[
            {"subnet_id": second["id"]},
            {"subnet_id": house.subnet["id"], "ip_address": "10.1.0.77"},
        ]
    )
    ours, theirs = balancer["additional_vips"]
    assert ours["subnet_id"] == second["id"]
    assert theirs == {"subnet_id": house.subnet["id"], "ip_address": "10.1.0.77"}
    port = house.network.show("port", balancer["vip_port_id"])
    assert [each["ip_address"] for each in port["fixed_ips"]] == [
        balancer["vip_address"],
        ours["ip_address"],
        "10.1.0.77",
    ]
    listener = house.listener(balancer)
    pool = house.pool(
        listener_id=listener["id"], session_persistence={"type": "SOURCE_IP"}
    )
    assert pool["session_persistence"]["type"] == "SOURCE_IP"
    text = house.configuration(balancer)
    for address in (balancer["vip_address"], f"[{ours['ip_address']}]", "10.1.0.77"):
        assert f"  bind {address}:80\n" in text
    assert "stick-table type ipv6 " in text
    (own,) = groups_of(house, balancer)
    assert openings(house, own) == {("IPv4", None), ("IPv6", None)}
    path = f"listeners/{listener['id']}"
    house.change(path, "listener", allowed_cidrs=["10.0.0.0/8"])
    assert openings(house, own) == {("IPv4", "10.0.0.0/8")}
    house.change(path, "listener", allowed_cidrs=["10.0.0.0/8", "fd00::/8"])
    assert openings(house, own) == {("IPv4", "10.0.0.0/8"), ("IPv6", "fd00::/8")}


def test_addresses_that_cannot_be(house: House) -> None:
    _, elsewhere = house.network.network("10.9.0.0/24")
    port = house.network.make("port", network_id=house.net["id"])

    def refused(**given: Any) -> int:
        fields = {"vip_subnet_id": house.subnet["id"], **given}
        return house.refused("loadbalancers", "loadbalancer", **fields)[0]

    mine = {"subnet_id": house.subnet["id"]}
    assert refused(additional_vips=[{"subnet_id": elsewhere["id"]}]) == 400
    assert refused(additional_vips=[{**mine, "ip_address": "x"}]) == 400
    assert refused(additional_vips=[{**mine, "port_id": port["id"]}]) == 400
    assert refused(additional_vips=[{}]) == 400
    assert refused(additional_vips=[mine] * 21) == 400
    assert (
        refused(vip_subnet_id=None, vip_port_id=port["id"], additional_vips=[mine])
        == 400
    )
    assert house.ok("GET", "/loadbalancers")["loadbalancers"] == []


def test_a_projects_own_groups_say_who_comes_in(house: House) -> None:
    mine = group(house)
    balancer = house.balancer(vip_sg_ids=[mine])
    assert balancer["vip_sg_ids"] == groups_of(house, balancer) == [mine]
    path = f"loadbalancers/{balancer['id']}"
    limited = {
        "loadbalancer_id": balancer["id"],
        "protocol": "TCP",
        "protocol_port": 81,
        "allowed_cidrs": ["10.0.0.0/8"],
    }
    assert house.refused("listeners", "listener", **limited)[0] == 400
    assert house.change(path, "loadbalancer", vip_sg_ids=None)["vip_sg_ids"] == []
    (own,) = groups_of(house, balancer)
    assert own != mine
    house.make("listeners", "listener", **limited)
    body = {"loadbalancer": {"vip_sg_ids": [mine]}}
    assert house.ask("PUT", f"/{path}", body).status == 400
    assert groups_of(house, balancer) == [own]
    assert house.delete(path, cascade="true").status == 204
    assert house.network.delete("security_group", mine).status == 204


def test_groups_of_others_are_not_there(house: House) -> None:
    foreign = group(house, as_project=OTHER)
    given = {"vip_subnet_id": house.subnet["id"], "vip_sg_ids": [foreign]}
    assert house.refused("loadbalancers", "loadbalancer", **given)[0] == 400
    balancer = house.balancer()
    body = {"loadbalancer": {"vip_sg_ids": [foreign]}}
    path = f"/loadbalancers/{balancer['id']}"
    assert house.ask("PUT", path, body).status == 400
    assert foreign not in groups_of(house, balancer)


def test_groups_are_not_changed_by_what_is_refused(house: House) -> None:
    mine, balancer = group(house), house.balancer()
    (own,) = groups_of(house, balancer)
    path = f"/loadbalancers/{balancer['id']}"
    # Another's change comes first, while the network is being asked.
    limited = {
        "loadbalancer_id": balancer["id"],
        "protocol": "TCP",
        "protocol_port": 81,
        "allowed_cidrs": ["10.0.0.0/8"],
    }
    house.wire.before = lambda: house.make("listeners", "listener", **limited)
    got = house.ask("PUT", path, {"loadbalancer": {"vip_sg_ids": [mine]}})
    assert got.status == 400
    assert groups_of(house, balancer) == [own]


def test_groups_come_true_though_their_writer_has_died(house: House) -> None:
    mine, balancer = group(house), house.balancer()
    path = f"/loadbalancers/{balancer['id']}"
    house.wire.cut_after = 1  # the group is looked for, but not given
    got = house.ask("PUT", path, {"loadbalancer": {"vip_sg_ids": [mine]}})
    house.wire.cut_after = -1
    assert got.status == 503 and groups_of(house, balancer) != [mine]
    house.settle()
    assert groups_of(house, balancer) == [mine]
    found = house.show(path[1:], "loadbalancer")
    assert found["provisioning_status"] == "ACTIVE"


def test_groups_that_the_network_refuses_are_taken_back(house: House) -> None:
    stateless = house.network.make("security_group", name="s", stateful=False)["id"]
    mine, balancer = group(house), house.balancer()
    (own,) = groups_of(house, balancer)
    path = f"loadbalancers/{balancer['id']}"
    body = {"loadbalancer": {"vip_sg_ids": [mine, stateless]}}
    assert house.ask("PUT", f"/{path}", body).status == 409
    house.settle()
    found = house.show(path, "loadbalancer")
    assert (found["vip_sg_ids"], found["provisioning_status"]) == ([], "ACTIVE")
    assert groups_of(house, balancer) == [own]
