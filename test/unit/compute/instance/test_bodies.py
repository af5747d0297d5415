"""Bodies hold exactly the keys of their microversion: golden lists."""

from __future__ import annotations

import pytest

from test.unit.compute.instance.house import OTHER, OWNER, House

BASE = {
    "id",
    "name",
    "status",
    "tenant_id",
    "user_id",
    "metadata",
    "hostId",
    "image",
    "flavor",
    "created",
    "updated",
    "addresses",
    "accessIPv4",
    "accessIPv6",
    "links",
    "OS-DCF:diskConfig",
    "progress",
}
FULL = BASE | {
    "OS-EXT-AZ:availability_zone",
    "config_drive",
    "key_name",
    "OS-SRV-USG:launched_at",
    "OS-SRV-USG:terminated_at",
    "security_groups",
    "OS-EXT-STS:task_state",
    "OS-EXT-STS:vm_state",
    "OS-EXT-STS:power_state",
    "os-extended-volumes:volumes_attached",
}
PREFIX = "OS-EXT-SRV-ATTR:"
ADMIN = {f"{PREFIX}{name}" for name in ("host", "instance_name", "hypervisor_hostname")}
ADMIN_LATER = {
    f"{PREFIX}{name}"
    for name in (
        "reservation_id",
        "launch_index",
        "hostname",
        "kernel_id",
        "ramdisk_id",
        "root_device_name",
        "user_data",
    )
}
# Minor version -> keys that appear with it, for everybody.
APPEAR = {
    9: {"locked"},
    19: {"description"},
    26: {"tags"},
    63: {"trusted_image_certificates"},
    71: {"server_groups"},
    73: {"locked_reason"},
    90: {f"{PREFIX}hostname"},
    96: {"pinned_availability_zone"},
}
EDGES = sorted({1, *APPEAR, *(minor - 1 for minor in APPEAR), 2, 3, 15, 16, 46, 47, 75})


def expected(minor: int, *, admin: bool) -> set[str]:
    found = set(FULL)
    for since, keys in APPEAR.items():
        if minor >= since:
            found |= keys
    if admin:
        found |= ADMIN
        if minor >= 3:
            found |= ADMIN_LATER
        if minor >= 16:
            found.add("host_status")
    return found


@pytest.fixture
def server_id(house: House) -> str:
    return house.boot()


def test_show_has_the_keys_of_its_version(house: House, server_id: str) -> None:
    for minor in EDGES:
        for roles in ("member", "admin"):
            server = house.show(server_id, roles=roles, version=f"2.{minor}")
            wanted = expected(minor, admin=roles == "admin")
            assert set(server) == wanted, (minor, roles, set(server) ^ wanted)
            embedded = "original_name" in server["flavor"]
            assert embedded == (minor >= 47)


def test_detail_has_the_keys_of_show_but_the_groups(
    house: House, server_id: str
) -> None:
    for minor in EDGES:
        got = house.ok("GET", "/servers/detail", version=f"2.{minor}")
        (server,) = got["servers"]
        assert set(server) == expected(minor, admin=False) - {"server_groups"}


def test_update_answers_short_until_2_75(house: House, server_id: str) -> None:
    def keys(minor: int) -> set[str]:
        body = {"server": {"name": "other"}}
        path = f"/servers/{server_id}"
        return set(house.ok("PUT", path, body, version=f"2.{minor}")["server"])

    assert keys(1) == BASE
    assert keys(74) == BASE | {
        "locked",
        "description",
        "tags",
        "trusted_image_certificates",
        "server_groups",
        "locked_reason",
    }
    assert keys(75) == expected(75, admin=False)


def test_create_answers_with_little(house: House) -> None:
    body = {"server": {**house.order(), "networks": [{"uuid": house.network_id}]}}
    for version in ("2.1", "2.96"):
        made = house.ok("POST", "/servers", body, version=version)["server"]
        assert set(made) == {
            "id",
            "links",
            "OS-DCF:diskConfig",
            "security_groups",
            "adminPass",
        }


FLAVOR = {
    "id",
    "name",
    "ram",
    "disk",
    "vcpus",
    "swap",
    "links",
    "rxtx_factor",
    "OS-FLV-EXT-DATA:ephemeral",
    "OS-FLV-DISABLED:disabled",
    "os-flavor-access:is_public",
}


def test_flavors(house: House) -> None:
    def show(minor: int) -> dict[str, object]:
        found = house.ok("GET", f"/flavors/{house.flavor_id}", version=f"2.{minor}")
        value: dict[str, object] = found["flavor"]
        return value

    assert set(show(1)) == set(show(54)) == FLAVOR
    assert set(show(55)) == FLAVOR | {"description"}
    assert set(show(61)) == FLAVOR | {"description", "extra_specs"}
    assert (show(74)["swap"], show(75)["swap"]) == ("", 0)


def test_keypairs(house: House) -> None:
    def make(minor: int, **more: str) -> tuple[int, set[str]]:
        body = {"keypair": {"name": f"k{minor}", **more}}
        got = house.ask("POST", "/os-keypairs", body, version=f"2.{minor}")
        return got.status, set(got.json.get("keypair", ()))

    made = {"name", "public_key", "fingerprint", "user_id", "private_key"}
    assert make(1) == (200, made)
    assert make(2, type="ssh") == (201, made | {"type"})
    assert make(10, type="x509") == (201, made | {"type"})
    assert make(92)[0] == 400
    assert house.ask("DELETE", "/os-keypairs/k1", version="2.1").status == 202
    assert house.ask("DELETE", "/os-keypairs/k2", version="2.2").status == 204


def test_what_a_version_does_not_know_is_refused(house: House) -> None:
    tags = {"server": house.order(tags=["a"])}
    assert house.ask("POST", "/servers", tags, version="2.51").status == 400
    assert house.ask("POST", "/servers", tags, version="2.52").status == 202
    named = {"server": house.order(hostname="web")}
    assert house.ask("POST", "/servers", named, version="2.89").status == 400
    without = {"server": {**house.order()}}
    del without["server"]["networks"]
    assert house.ask("POST", "/servers", without, version="2.36").status == 202
    refused = house.ask("POST", "/servers", without, version="2.37")
    assert refused.status == 400
    assert "networks" in refused.json["badRequest"]["message"]
    extra = {"server": house.order(colour="red")}
    message = house.ask("POST", "/servers", extra).json["badRequest"]["message"]
    assert "colour" in message


def test_routes_come_and_go_with_versions(house: House) -> None:
    assert house.ask("GET", "/images", version="2.35").status == 200
    assert house.ask("GET", "/images", version="2.36").status == 404
    path = "/os-hypervisors/statistics"
    assert house.ask("GET", path, version="2.87", roles="admin").status == 200
    assert house.ask("GET", path, version="2.88", roles="admin").status == 404
    assert house.ask("GET", "/servers", version="2.97").status == 406
    assert house.ask("GET", "/servers", version="junk").status == 400


def test_hypervisors_lose_their_figures(house: House) -> None:
    def keys(minor: int) -> set[str]:
        path = "/os-hypervisors/detail"
        got = house.ok("GET", path, version=f"2.{minor}", roles="admin")
        return set(got["hypervisors"][0])

    assert keys(87) - keys(88) == {
        "cpu_info",
        "vcpus",
        "vcpus_used",
        "memory_mb",
        "memory_mb_used",
        "free_ram_mb",
        "local_gb",
        "local_gb_used",
        "free_disk_gb",
        "disk_available_least",
        "running_vms",
        "current_workload",
    }
    assert keys(88) - keys(87) == {"uptime"}
    assert house.ask("GET", "/os-hypervisors").status == 403


def test_version_documents_need_no_token(house: House) -> None:
    answer = house.caller.request("GET", "/", {"Host": "cloud"})
    versions = answer.json()["versions"]
    assert {each["id"] for each in versions} == {"v2.0", "v2.1"}
    one = house.caller.request("GET", "/v2.1/").json()["version"]
    assert (one["min_version"], one["version"]) == ("2.1", "2.96")
    assert house.caller.request("GET", "/v2.1/servers").status == 401


def test_urls_with_a_project(house: House) -> None:
    assert house.ask("GET", f"/{OWNER}/servers").status == 200
    assert house.ask("GET", f"/{OTHER}/servers").status == 400
    assert house.ask("GET", f"/v2/{OWNER}/servers").status == 200
