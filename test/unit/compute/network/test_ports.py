"""Ports: addresses, MAC addresses, rights, binding."""

from __future__ import annotations

import ipaddress

from test.unit.compute.network.house import HOST, OTHER, House

SERVICE = {"as_roles": "admin,service"}


def fixed(port: dict) -> list[str]:
    return [each["ip_address"] for each in port["fixed_ips"]]


def test_a_port_gets_address_mac_and_default_group(house: House) -> None:
    network, subnet = house.network()
    port = house.make("port", network_id=network["id"], name="p")
    assert fixed(port) == ["10.1.0.2"]
    assert port["fixed_ips"][0]["subnet_id"] == subnet["id"]
    assert port["mac_address"].startswith("fa:16:3e:")
    assert (port["status"], port["binding:vnic_type"]) == ("DOWN", "normal")
    groups = house.list("security_group")
    assert port["security_groups"] == [groups[0]["id"]]
    assert groups[0]["name"] == "default"
    assert "binding:host_id" not in port


def test_wanted_addresses(house: House) -> None:
    network, subnet = house.network()
    where = {"network_id": network["id"]}
    port = house.make("port", **where, fixed_ips=[{"ip_address": "10.1.0.77"}])
    assert fixed(port) == ["10.1.0.77"]
    assert house.refused("port", **where, fixed_ips=[{"ip_address": "10.1.0.77"}]) == (
        409,
        "IpAddressInUse",
    )
    for address in ("10.2.0.1", "10.1.0.0", "10.1.0.255", "fe80::1"):
        assert house.refused("port", **where, fixed_ips=[{"ip_address": address}]) == (
            400,
            "InvalidIpForNetwork",
        )
    several = [{"subnet_id": subnet["id"]}] * 3
    port = house.make("port", **where, fixed_ips=several)
    assert len(set(fixed(port))) == 3
    assert fixed(house.make("port", **where, fixed_ips=[])) == []
    assert house.refused("port", **where, fixed_ips=[{}])[0] == 400


def test_an_address_given_back_rests(house: House) -> None:
    network, _ = house.network("10.1.0.0/29")  # 2 to 6 are free
    where = {"network_id": network["id"]}
    ports = [house.make("port", **where) for _ in range(4)]
    house.delete("port", ports[0]["id"])
    assert fixed(house.make("port", **where)) == ["10.1.0.6"]
    assert fixed(house.make("port", **where)) == ["10.1.0.2"]
    assert house.refused("port", **where) == (409, "IpAddressGenerationFailure")


def test_macs(house: House) -> None:
    network, _ = house.network()
    where = {"network_id": network["id"]}
    port = house.make("port", **where, mac_address="FA-16-3E-00-00-01")
    assert port["mac_address"] == "fa:16:3e:00:00:01"
    assert house.refused("port", **where, mac_address="fa:16:3e:00:00:01") == (
        409,
        "MacAddressInUse",
    )
    assert house.refused("port", **where, mac_address="01:00:00:00:00:01")[0] == 400
    assert house.refused("port", **where, mac_address="rubbish")[0] == 400


def test_ports_on_a_shared_network_cannot_pretend(house: House) -> None:
    shared = next(n for n in house.list("network") if n["name"] == "shared")
    where = {"network_id": shared["id"]}
    house.make("port", **where)
    for fields in (
        {"mac_address": "fa:16:3e:00:00:01"},
        {"port_security_enabled": False},
        {"allowed_address_pairs": [{"ip_address": "10.32.0.9"}]},
        {"device_owner": "network:router_interface"},
        {"binding__host_id": HOST},
    ):
        assert house.refused("port", **where, **fields)[0] == 403, fields
    external = house.external()
    assert house.refused("port", network_id=external["id"])[0] == 403


def test_ports_are_born_with_tags(house: House) -> None:
    network, _ = house.network()
    bodies = [
        {"network_id": network["id"], "name": name, "tags": tags}
        for name, tags in (("a", ["red", "blue", "red"]), ("b", []))
    ]
    found = house.ok("POST", "/v2.0/ports", {"ports": bodies})["ports"]
    assert {each["name"]: each["tags"] for each in found} == {
        "a": ["blue", "red"],
        "b": [],
    }
    assert house.refused("port", network_id=network["id"], tags=["a,b"])[0] == 400
    assert house.change_refused("port", found[0]["id"], tags=[])[0] == 400


def test_no_mac_address_means_a_new_one(house: House) -> None:
    network, _ = house.network()
    port = house.make("port", network_id=network["id"])
    assert house.change_refused("port", port["id"], mac_address=None)[0] == 403
    changed = house.change("port", port["id"], mac_address=None, as_roles="admin")
    assert changed["mac_address"] not in ("", port["mac_address"])


def test_ports_change(house: House) -> None:
    network, subnet = house.network()
    port = house.make("port", network_id=network["id"])
    changed = house.change(
        "port",
        port["id"],
        name="n",
        fixed_ips=[
            {"subnet_id": subnet["id"], "ip_address": "10.1.0.2"},
            {"subnet_id": subnet["id"]},
        ],
        allowed_address_pairs=[{"ip_address": "10.1.0.128/25"}],
        extra_dhcp_opts=[{"opt_name": "mtu", "opt_value": "1400"}],
        dns_name="web",
    )
    assert fixed(changed) == ["10.1.0.2", "10.1.0.3"]
    pair = changed["allowed_address_pairs"][0]
    assert pair == {"ip_address": "10.1.0.128/25", "mac_address": port["mac_address"]}
    assert changed["extra_dhcp_opts"][0]["ip_version"] == 4
    assert changed["dns_assignment"][0]["hostname"] == "web"
    options = [{"opt_name": "mtu", "opt_value": None}]
    assert (
        house.change("port", port["id"], extra_dhcp_opts=options)["extra_dhcp_opts"]
        == []
    )
    assert (
        house.change_refused(
            "port", port["id"], extra_dhcp_opts=[{"opt_name": "a\nb", "opt_value": "c"}]
        )[0]
        == 400
    )
    assert house.change_refused("port", port["id"], network_id=network["id"])[0] == 400


def test_port_security_and_groups(house: House) -> None:
    network, _ = house.network()
    port = house.make("port", network_id=network["id"])
    assert house.change_refused("port", port["id"], port_security_enabled=False) == (
        409,
        "PortSecurityPortHasSecurityGroup",
    )
    open_port = house.change(
        "port", port["id"], port_security_enabled=False, security_groups=[]
    )
    assert open_port["security_groups"] == []
    assert house.change_refused(
        "port", port["id"], allowed_address_pairs=[{"ip_address": "10.1.0.9"}]
    ) == (409, "AddressPairAndPortSecurityRequired")
    foreign = house.make("security_group", name="x", as_project=OTHER)
    assert house.refused(
        "port", network_id=network["id"], security_groups=[foreign["id"]]
    ) == (404, "SecurityGroupNotFound")


def test_several_at_once_or_none(house: House) -> None:
    network, _ = house.network("10.1.0.0/29")
    body = {"ports": [{"network_id": network["id"]}] * 4}
    made = house.ok("POST", "/v2.0/ports", body)["ports"]
    assert len({fixed(port)[0] for port in made}) == 4
    got = house.ask("POST", "/v2.0/ports", body)
    assert got.error == "IpAddressGenerationFailure"
    assert len(house.list("port", network_id=network["id"])) == 4


def test_ipv6(house: House) -> None:
    network, _ = house.network()
    where = {"network_id": network["id"], "ip_version": 6}
    slaac = house.make(
        "subnet",
        **where,
        cidr="2001:db8:1::/64",
        ipv6_ra_mode="slaac",
        ipv6_address_mode="slaac",
    )
    house.make("subnet", **where, cidr="2001:db8:2::/64")
    port = house.make("port", network_id=network["id"])
    by_version = sorted(ipaddress.ip_address(each).version for each in fixed(port))
    assert by_version == [4, 6, 6]
    own = next(each for each in port["fixed_ips"] if each["subnet_id"] == slaac["id"])
    mac = port["mac_address"].replace(":", "")
    tail = ipaddress.ip_address(own["ip_address"]).exploded.replace(":", "")[16:]
    assert tail[6:10] == "fffe"
    assert tail[:6] + tail[10:] == f"{int(mac[:2], 16) ^ 2:02x}" + mac[2:]
    assert (
        house.refused(
            "subnet", **where, cidr="2001:db8:3::/80", ipv6_address_mode="slaac"
        )[0]
        == 400
    )


def test_binding_brings_a_dhcp_port(house: House) -> None:
    house.report()
    house.listen("network", f"network.host.{HOST}")
    network, _ = house.network()
    port = house.make(
        "port",
        network_id=network["id"],
        device_id="server",
        device_owner="compute:nova",
        binding__host_id=HOST,
        as_roles="admin,service",
        project_id="a" * 32,
    )
    assert port["binding:vif_type"] == "bridge"
    assert f"network.host.{HOST}" in house.woken
    owners = {each["device_owner"] for each in house.list("port")}
    assert owners == {"compute:nova", "network:dhcp"}
    house.delete("port", port["id"])
    assert house.list("port", network_id=network["id"]) == []


def test_a_servers_port_is_not_given_to_another(house: House) -> None:
    network, _ = house.network()
    port = house.make("port", network_id=network["id"])
    house.client.bind_port(port["id"], device_id="one", host=HOST)
    assert house.change_refused("port", port["id"], device_id="two", **SERVICE) == (
        409,
        "PortInUse",
    )
    house.client.unbind_port(port["id"])
    found = house.client.bind_port(port["id"], device_id="two", host="beta")
    assert (found.device_id, found.host) == ("two", "beta")


def test_names_of_dns_are_checked(house: House) -> None:
    network, _ = house.network()
    for name in ("-a", "a b", "a" * 64, "a..b"):
        assert house.refused("port", network_id=network["id"], dns_name=name)[0] == 400


def test_nobody_takes_the_place_of_anothers_server_or_router(house: House) -> None:
    network, subnet = house.network()
    where = {"network_id": network["id"]}
    server = house.make("port", **where)
    house.client.bind_port(server["id"], device_id="server", host=HOST)
    # Another's device in a port of one's own leads nowhere.
    liar = house.make("port", **where, device_id="victim", device_owner="mine")
    assert house.client.nics_of("victim") == ()
    assert house.client.ports_of_device("victim") == []
    assert house.client.nic_at(network["id"], fixed(liar)[0]) is None
    for owner in ("compute:nova", "network:router_interface", "network:dhcp"):
        fields = {"device_id": "victim", "device_owner": owner}
        assert house.refused("port", **where, **fields)[0] == 403
        assert house.change_refused("port", liar["id"], **fields)[0] == 403
    for fields in ({"device_id": ""}, {"device_id": "victim"}, {"device_owner": ""}):
        assert house.change_refused("port", server["id"], **fields)[0] == 403
    router = house.make("router")
    path = f"/v2.0/routers/{router['id']}/add_router_interface"
    joined = house.ok("PUT", path, {"subnet_id": subnet["id"]})
    for changes in ({"device_id": "another-router"}, {"fixed_ips": []}):
        assert house.change_refused("port", joined["port_id"], **changes)[0] == 403
    assert house.change("port", server["id"], name="still mine")["name"] == "still mine"
