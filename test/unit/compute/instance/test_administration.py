"""Flavors, keypairs, quotas, hosts, groups, tags ...: what surrounds servers."""

from __future__ import annotations

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from test.unit.compute.instance.house import OTHER, OWNER, House


def test_private_flavors(house: House) -> None:
    house.flavor("secret", **{"os-flavor-access:is_public": False})
    assert house.ask("GET", "/flavors/secret", project=OTHER).status == 404
    body = {"addTenantAccess": {"tenant": OTHER}}
    house.ok("POST", "/flavors/secret/action", body, roles="admin")
    assert house.ask("GET", "/flavors/secret", project=OTHER).status == 200
    house.flavor("open")
    for deed, words in (
        ("addTenantAccess", b"Can not add access to a public flavor."),
        ("removeTenantAccess", b"Can not remove access from a public flavor."),
    ):
        wrong = {deed: {"tenant": OTHER}}
        got = house.ask("POST", "/flavors/open/action", wrong, roles="admin")
        assert got.status == 409 and words in got.body
    assert house.ask("POST", "/flavors", {"flavor": {}}).status == 403
    specs = {"extra_specs": {"hw:cpu_policy": "shared"}}
    path = "/flavors/secret/os-extra_specs"
    house.ok("POST", path, specs, roles="admin")
    assert house.ok("GET", "/flavors/secret", roles="admin")["flavor"]["extra_specs"]
    again = {"flavor": {"name": "secret", "ram": 1, "vcpus": 1, "disk": 0}}
    assert house.ask("POST", "/flavors", again, roles="admin").status == 409


def test_imported_keys_and_users(house: House) -> None:
    public = ed25519.Ed25519PrivateKey.generate().public_key()
    text = public.public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    ).decode()
    body = {"keypair": {"name": "mine", "public_key": text}}
    made = house.ok("POST", "/os-keypairs", body)["keypair"]
    assert len(made["fingerprint"].split(":")) == 16
    assert house.ask("POST", "/os-keypairs", body).status == 409
    assert house.ask("GET", "/os-keypairs/mine", user="u2").status == 404
    got = house.ask("GET", "/os-keypairs?user_id=u1", user="u2")
    assert got.status == 403
    bad = {"keypair": {"name": "bad", "public_key": "ssh-rsa nonsense"}}
    assert house.ask("POST", "/os-keypairs", bad).status == 400
    server = house.show(house.boot(key_name="mine"))
    assert server["key_name"] == "mine"
    wrong = {"server": house.order(key_name="nobodys")}
    assert house.ask("POST", "/servers", wrong).status == 400


def test_quotas(house: House) -> None:
    path = f"/os-quota-sets/{OWNER}"
    body = {"quota_set": {"instances": 1}}
    assert house.ask("PUT", path, body).status == 403
    assert house.ok("PUT", path, body, roles="admin")["quota_set"]["instances"] == 1
    house.boot()
    assert house.ask("POST", "/servers", {"server": house.order()}).status == 403
    detail = house.ok("GET", f"{path}/detail")["quota_set"]["instances"]
    assert detail == {"in_use": 1, "limit": 1, "reserved": 0}
    assert house.ask("GET", path, project=OTHER).status == 403
    house.ok("DELETE", path, roles="admin")
    assert house.ok("GET", path)["quota_set"]["instances"] == 10


def test_classes_keep_what_limits_nothing(house: House) -> None:
    path = "/os-quota-class-sets/default"

    def ask(method: str, limits: dict[str, int] | None = None) -> dict[str, int]:
        body = {"quota_class_set": limits} if limits else None
        got = house.ok(method, path, body, roles="admin", version="2.1")
        return dict(got["quota_class_set"])

    before = ask("GET")
    wanted = {name: limit + 100 for name, limit in before.items() if name != "id"}
    assert ask("PUT", wanted) == wanted
    assert ask("GET") == {"id": "default", **wanted}
    own = house.ok("GET", f"/os-quota-sets/{OWNER}", version="2.1")["quota_set"]
    assert (own["instances"], own["floating_ips"]) == (wanted["instances"], -1)
    assert "floating_ips" not in house.ok("GET", f"/os-quota-sets/{OWNER}")["quota_set"]


def test_usage_counts_the_hours_of_servers(house: House) -> None:
    path = "/os-simple-tenant-usage?detailed=1&start=2023-01-01"
    assert house.ok("GET", path, roles="admin")["tenant_usages"] == []
    house.boot()
    house.clock.advance(3600)
    (usage,) = house.ok("GET", path, roles="admin")["tenant_usages"]
    assert (usage["tenant_id"], usage["total_hours"]) == (OWNER, 1.0)
    assert usage["total_memory_mb_usage"] == 512.0
    (of_server,) = usage["server_usages"]
    assert (of_server["hours"], of_server["uptime"]) == (1.0, 3600)


def test_hosts_can_be_disabled_and_forgotten(house: House) -> None:
    services = house.ok("GET", "/os-services", roles="admin")["services"]
    first = services[0]
    path = f"/os-services/{first['id']}"
    body = {"status": "disabled", "disabled_reason": "cleaning"}
    house.ok("PUT", path, body, roles="admin")
    for number in range(3):
        server = house.show(house.boot(f"s{number}"))
        assert server["OS-EXT-SRV-ATTR:host"] != first["host"]
    assert house.ask("DELETE", path, roles="admin").status == 204
    left = house.ok("GET", "/os-services", roles="admin")["services"]
    assert first["host"] not in {each["host"] for each in left}


def test_zones_come_from_aggregates(house: House) -> None:
    body = {"aggregate": {"name": "up", "availability_zone": "attic"}}
    made = house.ok("POST", "/os-aggregates", body, roles="admin")["aggregate"]
    path = f"/os-aggregates/{made['id']}/action"
    house.ok("POST", path, {"add_host": {"host": "host1"}}, roles="admin")
    server = house.show(house.boot(availability_zone="attic"))
    assert server["OS-EXT-SRV-ATTR:host"] == "host1"
    assert server["OS-EXT-AZ:availability_zone"] == "attic"
    assert server["pinned_availability_zone"] == "attic"
    zones = house.ok("GET", "/os-availability-zone")["availabilityZoneInfo"]
    assert {each["zoneName"] for each in zones} == {"attic", "nova"}
    wrong = {"server": house.order(availability_zone="cellar")}
    assert house.ask("POST", "/servers", wrong).status == 400
    forced = {"server": house.order(availability_zone="nova:host0")}
    assert house.ask("POST", "/servers", forced).status == 403


def test_server_groups(house: House) -> None:
    body = {"server_group": {"name": "apart", "policy": "anti-affinity"}}
    group = house.ok("POST", "/os-server-groups", body)["server_group"]
    hints = {"os:scheduler_hints": {"group": group["id"]}}
    for number in range(3):
        order = {"server": house.order(f"g{number}"), **hints}
        house.ok("POST", "/servers", order)
    house.work()
    servers = house.ok("GET", "/servers/detail", roles="admin")["servers"]
    hosts = [each["OS-EXT-SRV-ATTR:host"] for each in servers]
    assert sorted(str(host) for host in hosts) == ["None", "host0", "host1"]
    path = f"/os-server-groups/{group['id']}"
    assert len(house.ok("GET", path)["server_group"]["members"]) == 3
    assert house.ask("GET", path, project=OTHER).status == 404


def test_metadata_and_tags(house: House) -> None:
    server_id = house.boot(metadata={"a": "1"})
    path = f"/servers/{server_id}"
    house.ok("POST", f"{path}/metadata", {"metadata": {"b": "2"}})
    assert house.ok("GET", f"{path}/metadata")["metadata"] == {"a": "1", "b": "2"}
    assert house.ask("DELETE", f"{path}/metadata/a").status == 204
    assert house.ask("GET", f"{path}/metadata/a").status == 404
    assert house.ask("PUT", f"{path}/tags/red").status == 201
    assert house.ask("PUT", f"{path}/tags/red").status == 204
    house.ok("PUT", f"{path}/tags", {"tags": ["blue", "red"]})
    assert len(house.ok("GET", "/servers?tags=red,blue")["servers"]) == 1
    assert house.ok("GET", "/servers?not-tags-any=red")["servers"] == []
    many = {"metadata": {f"k{number}": "v" for number in range(200)}}
    assert house.ask("PUT", f"{path}/metadata", many).status == 403


def test_sealed_password(house: House) -> None:
    server_id = house.boot()
    house.instances.put_password(server_id, b"c2VhbGVk")
    path = f"/servers/{server_id}/os-server-password"
    assert house.ok("GET", path)["password"] == "c2VhbGVk"
    assert house.ask("DELETE", path).status == 204
    assert house.ok("GET", path)["password"] == ""


def test_external_events(house: House) -> None:
    server_id = house.boot()
    event = {"server_uuid": server_id, "name": "network-changed"}
    body = {"events": [event]}
    path = "/os-server-external-events"
    assert house.ask("POST", path, body).status == 403
    got = house.ok("POST", path, body, roles="service")
    assert got["events"][0]["code"] == 200
    body = {"events": [{**event, "server_uuid": OWNER}]}
    assert house.ask("POST", path, body, roles="service").status == 404


def test_internal_calls_need_the_service_role(house: House) -> None:
    server_id = house.boot()
    for method, path in (
        ("GET", f"/internal/servers/{server_id}"),
        ("GET", "/internal/servers"),
        ("GET", "/internal/hosts/host0/servers"),
    ):
        assert house.ask(method, path).status == 403
        assert house.ask(method, path, roles="service").status == 200


def test_wrong_input_names_the_field(house: House) -> None:
    for change, field in (
        ({"name": ""}, "name"),
        ({"min_count": 0}, "min_count"),
        ({"metadata": {"k": "x" * 256}}, "metadata"),
        ({"user_data": "!!!"}, "user_data"),
        ({"accessIPv4": "999.1.1.1"}, "accessIPv4"),
        ({"networks": [{"uuid": "x"}]}, "networks"),
        ({"block_device_mapping_v2": [{"source_type": "volume"}]}, "volume"),
        ({"tags": ["a/b"]}, "tags"),
    ):
        got = house.ask("POST", "/servers", {"server": house.order(**change)})
        assert got.status == 400, change
        assert field in got.json["badRequest"]["message"], change


def test_a_guest_that_stops_by_itself_is_shut_off(house: House) -> None:
    server_id = house.boot()
    kit = house.kits[house.show(server_id)["OS-EXT-SRV-ATTR:host"]]
    kit.hypervisor.power_off(server_id)  # type: ignore[attr-defined]
    house.agent.report()
    server = house.show(server_id)
    assert (server["status"], server["OS-EXT-STS:power_state"]) == ("SHUTOFF", 4)


def test_a_guest_that_vanished_is_started_again(house: House) -> None:
    server_id = house.boot()
    kit = house.kits[house.show(server_id)["OS-EXT-SRV-ATTR:host"]]
    kit.hypervisor.destroy(server_id)
    house.agent.reconcile()
    assert kit.hypervisor.states()[server_id] == "running"


def test_extensions_and_usage_log(house: House) -> None:
    found = house.ok("GET", "/extensions")["extensions"]
    assert "os-server-groups" in {each["alias"] for each in found}
    assert house.ok("GET", "/os-instance_usage_audit_log", roles="admin")
