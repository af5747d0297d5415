"""Servers: what is ordered, what an update changes in place, what a guest is told."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

import pytest

from compute.orchestration.errors import Invalid, ResourceFailed
from compute.orchestration.resources.nova.server_order import device, devices
from test.unit.compute.instance.house import House
from test.unit.compute.orchestration.resources.bench import Bench

SERVER = "OS::Nova::Server"


def _make(bench: Bench, house: House, **more: Any) -> Any:
    given = {
        "image": "tiny",
        "flavor": "small",
        "networks": [{"network": house.network_id}],
        **more,
    }
    return bench.make(SERVER, **given)


def test_attributes(bench: Bench, house: House) -> None:
    work = _make(bench, house, name="web", tags=["mine"])
    ask = bench.kind(SERVER).attribute
    assert ask(work, "name") == "web"
    assert ask(work, "tags") == ["mine"]
    address = ask(work, "first_address")
    assert ask(work, "networks") == {
        "private": [address],
        house.network_id: [address],
    }
    (entry,) = ask(work, "addresses")["private"]
    assert entry["addr"] == address
    assert entry["port"]
    assert ask(work, "show")["id"] == work.physical_id
    assert set(ask(work, "console_urls")) <= {"novnc", "serial"}


def test_an_error_is_the_resources_reason(bench: Bench, house: House) -> None:
    work = bench.work(
        SERVER,
        image="tiny",
        flavor="small",
        networks=[{"network": house.network_id}],
        scheduler_hints={"same_host": ["00000000-0000-0000-0000-000000000000"]},
    )
    kind = bench.kind(SERVER)
    with pytest.raises(ResourceFailed, match="status ERROR: No valid host"):
        bench.act(work, kind.create, kind.is_created)
    bench.delete(SERVER, work)


def test_in_place(bench: Bench, house: House) -> None:
    house.flavor("large", ram=1024)
    other = house.image("other")
    work = _make(bench, house, name="web", metadata={"a": 1})
    first = work.physical_id
    change = bench.change(
        SERVER, work, name="new", metadata={"b": [1]}, flavor="large", image=other
    )
    assert change.names >= {"name", "metadata", "flavor", "image"}
    shown = house.show(first)
    assert shown["name"] == "new"
    assert shown["metadata"] == {"b": "[1]"}
    assert shown["flavor"]["original_name"] == "large"
    assert shown["image"]["id"] == other
    assert shown["status"] == "ACTIVE"
    assert house.leftovers() == []


@pytest.mark.parametrize("step", range(1, 4))
def test_a_resize_that_is_cut_off_goes_on(
    step: int, bench: Bench, house: House
) -> None:
    house.flavor("large", ram=1024)
    work = _make(bench, house)
    bench.change(SERVER, work, flavor="large", metadata={"a": "b"}, die_after=step)
    shown = house.show(work.physical_id)
    assert shown["flavor"]["original_name"] == "large"
    assert shown["status"] == "ACTIVE"


def test_policies_say_whether_it_is_replaced(bench: Bench, house: House) -> None:
    work = _make(bench, house, user_data="one")
    kind = bench.kind(SERVER)
    for given in (
        {"flavor": "large", "flavor_update_policy": "REPLACE"},
        {"image": "x", "image_update_policy": "REPLACE"},
        {"user_data": "two"},
        {"key_name": "other"},
        {"networks": []},
    ):
        assert kind.must_replace(bench.change(SERVER, work, **given)), given
    change = bench.change(
        SERVER, work, user_data="two", user_data_update_policy="IGNORE"
    )
    assert not kind.must_replace(change)


def test_places_on_networks(bench: Bench, house: House) -> None:
    second = bench.make("OS::Neutron::Net", name="second").physical_id
    bench.make("OS::Neutron::Subnet", network=second, cidr="10.7.0.0/24")
    port = bench.make("OS::Neutron::Port", network=second).physical_id
    work = _make(bench, house)
    first = {"network": house.network_id}
    bench.change(SERVER, work, networks=[first, {"port": port}])
    assert set(house.show(work.physical_id)["addresses"]) == {"private", "second"}
    bench.change(SERVER, work, networks=[{"port": port}, {"network": second}])
    addresses = house.show(work.physical_id)["addresses"]
    assert {name: len(each) for name, each in addresses.items()} == {"second": 2}
    bench.delete(SERVER, work)
    assert bench.cloud.find("network", "ports", port) is not None
    assert house.leftovers() == []


def test_ports_that_are_made_for_a_place_go_with_the_server(
    bench: Bench, house: House
) -> None:
    (subnet,) = bench.cloud.pages(
        "network", "subnets", "subnets", network_id=house.network_id
    )
    place = {
        "subnet": subnet["id"],
        "fixed_ip": "10.1.0.77",
        "port_extra_properties": {
            "allowed_address_pairs": [{"ip_address": "10.8.0.1"}]
        },
    }
    work = _make(bench, house, networks=[place])
    assert bench.kind(SERVER).attribute(work, "first_address") == "10.1.0.77"
    (port,) = bench.cloud.pages("network", "ports", "ports", device_id=work.physical_id)
    assert port["allowed_address_pairs"][0]["ip_address"] == "10.8.0.1"
    bench.delete(SERVER, work)
    assert bench.cloud.find("network", "ports", port["id"]) is None


def test_subnets_come_and_go_in_place(bench: Bench, house: House) -> None:
    """Who says the same in other words keeps its port."""
    (first,) = bench.cloud.pages(
        "network", "subnets", "subnets", network_id=house.network_id
    )
    second = bench.make(
        "OS::Neutron::Subnet", network=house.network_id, cidr="10.7.0.0/24"
    ).physical_id
    network = {"network": house.network_id}

    def ports() -> list[str]:
        there = bench.cloud.pages("network", "ports", "ports", device_id=server)
        return sorted(str(each["id"]) for each in there)

    work = _make(bench, house, networks=[{"subnet": first["id"]}])
    server = work.physical_id
    before = ports()
    for place in (network, {"subnet": first["id"]}, {**network, "subnet": first["id"]}):
        assert not bench.kind(SERVER).must_replace(
            bench.change(SERVER, work, networks=[place])
        )
        assert ports() == before
    both = [network, {"subnet": second}]
    bench.change(SERVER, work, networks=both, die_after=2)
    bench.change(SERVER, work, networks=both)
    assert len(ports()) == 2 and set(before) < set(ports())
    bench.change(SERVER, work, networks=[{"subnet": second}])
    (left,) = ports()
    assert left not in before
    addresses = house.show(server)["addresses"]["private"]
    assert [each["addr"][:5] for each in addresses] == ["10.7."]
    bench.delete(SERVER, work)
    assert house.leftovers() == []
    for port in (*before, left):
        assert bench.cloud.find("network", "ports", port) is None


def test_suspend_and_resume(bench: Bench, house: House) -> None:
    work, kind = _make(bench, house), bench.kind(SERVER)
    bench.act(work, kind.suspend, kind.is_suspended)
    assert house.show(work.physical_id)["status"] == "SUSPENDED"
    bench.act(work, kind.resume, kind.is_resumed)
    assert house.show(work.physical_id)["status"] == "ACTIVE"


def test_what_a_guest_is_told(bench: Bench, house: House) -> None:
    work = _make(bench, house, user_data="#!/bin/sh\n", user_data_format="RAW")
    shown = house.show(work.physical_id)
    assert b64decode(shown["OS-EXT-SRV-ATTR:user_data"]) == b"#!/bin/sh\n"


def test_a_volume_comes_and_goes(bench: Bench, house: House) -> None:
    server = _make(bench, house).physical_id
    volume = bench.make("OS::Cinder::Volume", size=1)
    kind = "OS::Cinder::VolumeAttachment"
    work = bench.make(
        kind, instance_uuid=server, volume_id=volume.physical_id, die_after=1
    )
    assert bench.kind("OS::Cinder::Volume").attribute(volume, "status") == "in-use"
    bench.delete(kind, work, die_after=1)
    assert bench.kind("OS::Cinder::Volume").attribute(volume, "status") == "available"
    bench.change("OS::Cinder::Volume", volume, size=2, name="larger", metadata={})
    shown = bench.kind("OS::Cinder::Volume").attribute(volume, "show")
    assert (shown["size"], shown["name"]) == (2, "larger")


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"image": None}, "nothing to boot"),
        ({"reservation_id": "r-1"}, "does not have it"),
        ({"image_update_policy": "REBUILD_PRESERVE_EPHEMERAL"}, "new disks"),
        ({"networks": [{"fixed_ip": "10.0.0.1"}]}, "one of network"),
        ({"networks": [{"port": "p", "fixed_ip": "10.0.0.1"}]}, "with port"),
        ({"networks": [{"port": "p"}], "security_groups": ["a"]}, "ports' own"),
        ({"networks": [{"allocate_network": "none", "network": "n"}]}, "alone"),
    ],
)
def test_what_cannot_be(given: dict[str, Any], why: str, bench: Bench) -> None:
    with pytest.raises(Invalid, match=why):
        bench.work(SERVER, **{"image": "tiny", "flavor": "small", **given})


def test_disks() -> None:
    root = devices([{"volume_id": "v"}], "image")[0]
    assert (root["source_type"], root["boot_index"]) == ("image", 0)
    assert devices([{"volume_id": "v"}], None)[0]["boot_index"] == 0
    assert len(devices([{"image": "i", "boot_index": 0}], "image")) == 1
    assert device({"swap_size": 64})["guest_format"] == "swap"
    assert device({"ephemeral_size": 1})["destination_type"] == "local"
    assert device({"snapshot_id": "s", "volume_size": 3}) == {
        "source_type": "snapshot",
        "destination_type": "volume",
        "uuid": "s",
        "volume_size": 3,
        "boot_index": -1,
    }


def test_a_replacement_takes_the_ports_and_gives_them_back(
    bench: Bench, house: House
) -> None:
    port = bench.make("OS::Neutron::Port", network=house.network_id).physical_id
    places = [{"port": port}, {"network": house.network_id, "fixed_ip": "10.1.0.50"}]
    first = _make(bench, house, networks=places, user_data="one")
    second = _make(bench, house, networks=places, user_data="two")
    assert len(house.show(second.physical_id)["addresses"]["private"]) == 2
    assert not house.show(first.physical_id)["addresses"]
    bench.change(SERVER, first)  # it has come back
    assert len(house.show(first.physical_id)["addresses"]["private"]) == 2
    bench.delete(SERVER, second)
    bench.delete(SERVER, first)
    assert house.leftovers() == []
