"""What is refused at once, and to whom: quotas of ports, locks, other people's things;
and how long hosts have run."""

from __future__ import annotations

from typing import Any

import orjson

from objectstore.kernel import concurrency
from test.fakes.tokens import SERVICE_PROJECT, fake_token
from test.unit.compute.instance.house import OTHER, OWNER, House


def ports_at_most(house: House, limit: int) -> None:
    answer = house.parts.callers["network"].request(
        "PUT",
        f"/v2.0/quotas/{OWNER}",
        {"X-Auth-Token": fake_token(OWNER, "admin")},
        orjson.dumps({"quota": {"port": limit}}),
    )
    assert answer.status == 200, answer.read()


def ports_of(house: House) -> int:
    headers = {"X-Auth-Token": fake_token(OWNER, "admin")}
    path = f"/v2.0/ports?project_id={OWNER}"
    found = house.parts.callers["network"].request("GET", path, headers).json()
    return len(found["ports"])


def test_no_server_begins_that_has_no_ports(house: House) -> None:
    ports_at_most(house, ports_of(house) + 2)
    two = [{"uuid": house.network_id}] * 2
    three = {"server": house.order(networks=[*two, *two[:1]])}
    got = house.ask("POST", "/servers", three)
    assert got.status == 403
    assert "ports" in got.json["forbidden"]["message"]
    assert house.ok("GET", "/servers")["servers"] == []
    # As many of the wanted ones as the quota allows, if that is enough.
    many = {"server": house.order(min_count=1, max_count=5)}
    house.ok("POST", "/servers", many)
    house.work()
    servers = house.ok("GET", "/servers/detail")["servers"]
    assert [each["status"] for each in servers] == ["ACTIVE", "ACTIVE"]
    again = house.ask("POST", "/servers", {"server": house.order()})
    assert again.status == 403
    alone = {"server": house.order(networks="none")}
    assert house.ask("POST", "/servers", alone).status == 202
    path = f"/servers/{servers[0]['id']}/os-interface"
    body = {"interfaceAttachment": {"net_id": house.network_id}}
    assert house.ask("POST", path, body).status == 403


def test_servers_ordered_at_once_share_what_the_quota_leaves(house: House) -> None:
    """Whoever is promised a server gets it built; the others are refused at once."""
    ports_at_most(house, ports_of(house) + 5)
    body = {"server": house.order()}
    tasks = [concurrency.spawn(house.ask, "POST", "/servers", body) for _ in range(20)]
    statuses = sorted(task.wait().status for task in tasks)
    assert statuses == [202] * 5 + [403] * 15
    # A server that is deleted before it has ports leaves its place to another.
    first = house.ok("GET", "/servers")["servers"][0]["id"]
    assert house.ask("DELETE", f"/servers/{first}").status == 204
    house.work()
    assert house.ask("POST", "/servers", body).status == 202
    house.work()
    servers = house.ok("GET", "/servers/detail")["servers"]
    assert [each["status"] for each in servers] == ["ACTIVE"] * 5


def test_one_request_makes_no_boundless_number_of_servers(house: House) -> None:
    many = {"server": house.order(min_count=10**9, max_count=10**9, networks="none")}
    got = house.ask("POST", "/servers", many)
    assert got.status == 400
    assert "min_count" in got.json["badRequest"]["message"]
    # Of as many as there may be, those are made that the quota allows.
    many = {"server": house.order(min_count=1, max_count=10**9, networks="none")}
    assert house.ask("POST", "/servers", many).status == 202


def test_a_lock_holds_for_its_project_and_not_for_administrators(house: House) -> None:
    server_id = house.boot()
    reason = {"locked_reason": "mine"}
    assert house.act(server_id, "lock", reason).status == 202
    shown = house.show(server_id, roles="member")
    assert (shown["locked"], shown["locked_reason"]) == (True, "mine")
    for user in ("u1", "u2"):
        for name, value in (
            ("os-stop", None),
            ("reboot", {"type": "HARD"}),
            ("rebuild", {"imageRef": house.image_id}),
            ("resize", {"flavorRef": house.flavor_id}),
            ("pause", None),
            ("shelve", None),
        ):
            got = house.act(server_id, name, value, user=user)
            assert got.status == 409, (name, got.status, got.body)
            assert "locked" in got.json["conflictingRequest"]["message"]
        assert house.ask("DELETE", f"/servers/{server_id}", user=user).status == 409
    # To strangers it is not there at all.
    for name in ("os-stop", "lock", "unlock"):
        assert house.act(server_id, name, project=OTHER, user="u3").status == 404
    assert house.act(server_id, "os-stop", roles="reader").status == 403
    assert house.act(server_id, "os-stop", roles="admin").status == 202
    house.work()
    assert house.act(server_id, "unlock").status == 202
    assert house.act(server_id, "os-start").status == 202


def test_who_may_not_undo_an_administrators_lock(house: House) -> None:
    server_id = house.boot()
    assert house.act(server_id, "lock", roles="admin", project=OTHER).status == 202
    assert house.act(server_id, "unlock").status == 403
    assert house.act(server_id, "unlock", roles="admin").status == 202


def test_hosts_tell_how_long_they_have_run(house: House) -> None:
    house.clock.advance(3 * 86400 + 2 * 3600 + 5 * 60)
    house.agent.report()
    (first, *_) = house.ok("GET", "/os-hypervisors/detail", roles="admin")[
        "hypervisors"
    ]
    assert first["uptime"].endswith("up 3 days,  2:05")
    path = f"/os-hypervisors/{first['id']}/uptime"
    older = house.ok("GET", path, roles="admin", version="2.87")["hypervisor"]
    assert older["uptime"] == first["uptime"]
    house.clock.advance(3600)  # silent since
    found = house.ok("GET", f"/os-hypervisors/{first['id']}", roles="admin")
    assert found["hypervisor"]["uptime"] is None
    assert house.ask("GET", path, roles="admin", version="2.87").status == 400


def an_outside(house: House) -> str:
    """An external network of the administrators'."""
    caller = house.parts.callers["network"]
    headers = {"X-Auth-Token": fake_token("admins", "admin")}
    body = {"network": {"name": "outside", "router:external": True}}
    made = caller.request("POST", "/v2.0/networks", headers, orjson.dumps(body))
    network_id = str(made.json()["network"]["id"])
    subnet = {"network_id": network_id, "cidr": "192.0.2.0/24", "ip_version": 4}
    body = {"subnet": subnet}
    assert caller.request("POST", "/v2.0/subnets", headers, orjson.dumps(body)).status
    return network_id


def test_only_administrators_put_servers_outside(house: House) -> None:
    outside = {"uuid": an_outside(house)}
    order = {"server": house.order(networks=[outside])}
    assert house.ask("POST", "/servers", order).status == 403
    inside = house.ok("POST", "/servers", {"server": house.order()})["server"]
    house.work()
    path = f"/servers/{inside['id']}/os-interface"
    plug = {"interfaceAttachment": {"net_id": outside["uuid"]}}
    assert house.ask("POST", path, plug).status == 403
    assert house.ask("POST", path, plug, roles="admin").status == 200
    assert house.ask("POST", "/servers", order, roles="admin").status == 202


def in_network(house: House, kind: str, **fields: Any) -> str:
    """The id of what the owner makes in the network room."""
    headers = {"X-Auth-Token": fake_token(OWNER, "member")}
    caller = house.parts.callers["network"]
    body = orjson.dumps({kind: fields})
    made = caller.request("POST", f"/v2.0/{kind}s", headers, body).json()
    return str(made[kind]["id"])


def test_a_trunks_subport_is_no_servers(house: House) -> None:
    parent, below = (
        in_network(house, "port", network_id=house.network_id) for _ in range(2)
    )
    sub = {"port_id": below, "segmentation_type": "vlan", "segmentation_id": 7}
    in_network(house, "trunk", port_id=parent, sub_ports=[sub])
    got = house.ask(
        "POST", "/servers", {"server": house.order(networks=[{"port": below}])}
    )
    assert got.status == 409
    assert "subport" in got.json["conflictingRequest"]["message"]
    assert house.ok("GET", "/servers")["servers"] == []
    server = house.ok(
        "POST", "/servers", {"server": house.order(networks=[{"port": parent}])}
    )["server"]
    house.work()
    assert house.show(server["id"])["status"] == "ACTIVE"
    plug = {"interfaceAttachment": {"port_id": below}}
    path = f"/servers/{server['id']}/os-interface"
    assert house.ask("POST", path, plug).status == 409


def lend(house: House, network_id: str, project_id: str) -> None:
    """Share the network with that project."""
    policy = {
        "object_type": "network",
        "object_id": network_id,
        "action": "access_as_shared",
        "target_tenant": project_id,
    }
    headers = {"X-Auth-Token": fake_token("admins", "admin")}
    body = orjson.dumps({"rbac_policy": policy})
    caller = house.parts.callers["network"]
    assert caller.request("POST", "/v2.0/rbac-policies", headers, body).status == 201


def test_what_is_lent_to_us_is_not_lent_to_all(house: House) -> None:
    network_id = an_outside(house)
    order = {"server": house.order(networks=[{"uuid": network_id}])}
    lend(house, network_id, SERVICE_PROJECT)
    assert house.ask("POST", "/servers", order).status == 403
    lend(house, network_id, OWNER)
    assert house.ask("POST", "/servers", order).status == 202


def test_administrators_use_the_networks_of_others(house: House) -> None:
    order = {"server": house.order(networks=[{"uuid": house.a_network(OTHER)}])}
    assert house.ask("POST", "/servers", order).status == 400
    made = house.ok("POST", "/servers", order, roles="admin")["server"]
    house.work()
    server = house.ok("GET", f"/servers/{made['id']}")["server"]
    assert server["status"] == "ACTIVE"
    assert list(server["addresses"]) == ["private"]
