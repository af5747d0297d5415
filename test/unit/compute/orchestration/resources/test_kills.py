"""A process that is killed at any request makes nothing twice and leaves nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_ssh_private_key,
)

from compute.orchestration.resources.frame.finding import SHELVES
from objectstore.kernel.errors import Rejected
from test.unit.compute.instance.house import House
from test.unit.compute.orchestration.resources.bench import TYPES, Bench, Killed

Needs = Callable[[House, Bench], Mapping[str, Any]]


def _network(house: House, bench: Bench) -> str:
    made = bench.make("OS::Neutron::Net", name="inside")
    bench.make("OS::Neutron::Subnet", network=made.physical_id, cidr="10.5.0.0/24")
    return str(made.physical_id)


def _id(bench: Bench, type_name: str, **properties: Any) -> str:
    return str(bench.make(type_name, **properties).physical_id)


def _external(bench: Bench) -> str:
    network = _id(
        bench,
        "OS::Neutron::ProviderNet",
        name="outside",
        network_type="flat",
        physical_network="public",
        router_external=True,
    )
    _id(bench, "OS::Neutron::Subnet", network=network, cidr="172.30.0.0/24")
    return network


# By the type: what it needs, and its properties.
MEMBERS: Mapping[str, Needs] = {
    "OS::Neutron::Net": lambda house, bench: {"name": "net", "tags": ["a", "b"]},
    "OS::Neutron::Subnet": lambda house, bench: {
        "network": _id(bench, "OS::Neutron::Net"),
        "name": "sub",
        "cidr": "10.9.0.0/24",
        "gateway_ip": "",
    },
    "OS::Neutron::Port": lambda house, bench: {
        "network": _network(house, bench),
        "name": "port",
        "security_groups": ["default"],
    },
    "OS::Neutron::Router": lambda house, bench: {"name": "router"},
    "OS::Neutron::SecurityGroup": lambda house, bench: {
        "name": "web",
        "rules": [
            {"protocol": "tcp", "port_range_min": 80, "port_range_max": 80},
            {"direction": "egress", "protocol": "udp"},
            {"remote_mode": "remote_group_id"},
        ],
    },
    "OS::Neutron::SecurityGroupRule": lambda house, bench: {
        "security_group": _id(bench, "OS::Neutron::SecurityGroup"),
        "protocol": "tcp",
        "port_range_min": 22,
        "port_range_max": 22,
    },
    "OS::Neutron::SubnetPool": lambda house, bench: {
        "name": "pool",
        "prefixes": ["10.64.0.0/16"],
    },
    "OS::Neutron::AddressScope": lambda house, bench: {"name": "scope"},
    "OS::Neutron::Trunk": lambda house, bench: {
        "name": "trunk",
        "port": _id(bench, "OS::Neutron::Port", network=_network(house, bench)),
        "admin_state_up": False,
        "sub_ports": [
            {
                "port": _id(bench, "OS::Neutron::Port", network=_network(house, bench)),
                "segmentation_type": "vlan",
                "segmentation_id": 100,
            }
        ],
    },
    "OS::Cinder::Volume": lambda house, bench: {
        "name": "disk",
        "size": 1,
        "read_only": True,
        "metadata": {"a": 1},
    },
    "OS::Nova::ServerGroup": lambda house, bench: {"name": "apart"},
    "OS::Nova::KeyPair": lambda house, bench: {"name": "key", "save_private_key": True},
    "OS::Nova::Server": lambda house, bench: {
        "name": "web",
        "image": "tiny",
        "flavor": "small",
        "networks": [{"network": house.network_id}],
        "metadata": {"a": {"b": 1}},
        "tags": ["one"],
    },
}
ADMINS: Mapping[str, Needs] = {
    "OS::Neutron::ProviderNet": lambda house, bench: {
        "name": "outside",
        "network_type": "local",
    },
    "OS::Neutron::QoSPolicy": lambda house, bench: {"name": "slow"},
    "OS::Neutron::FloatingIP": lambda house, bench: {
        "floating_network": _external(bench)
    },
    "OS::Nova::Flavor": lambda house, bench: {
        "name": "big",
        "ram": 1024,
        "vcpus": 2,
        "extra_specs": {"a": "b"},
    },
    "OS::Cinder::VolumeType": lambda house, bench: {
        "name": "fast",
        "metadata": {"a": "b"},
    },
}


def _there(bench: Bench, type_name: str, properties: Mapping[str, Any]) -> set[str]:
    kind = TYPES.get(type_name)
    place = SHELVES[getattr(kind, "shelf", "nova.server")]
    entries = bench.cloud.pages(place.room, place.plural, *place.path)
    if place.wraps:
        entries = (each[place.singular] for each in entries)
    return {str(each[place.key]) for each in entries}


def _walk(house: House, bench: Bench, type_name: str, needs: Needs) -> None:
    properties = needs(house, bench)
    kind = TYPES.get(type_name)
    before = _there(bench, type_name, properties)
    work = bench.work(type_name, **properties)
    steps = bench.act(work, kind.create, kind.is_created)
    assert steps > 0
    for name in kind.attributes:
        kind.attribute_path(work, name, ())
    kind.check(work)
    bench.delete(type_name, work)
    assert _there(bench, type_name, properties) == before
    for step in range(1, steps + 1):
        work = bench.work(type_name, **properties)
        bench.act(work, kind.create, kind.is_created, die_after=step)
        assert len(_there(bench, type_name, properties) - before) == 1, step
        bench.delete(type_name, work, die_after=1)
        assert _there(bench, type_name, properties) == before, step


@pytest.mark.parametrize("type_name", sorted(MEMBERS))
def test_a_kill_at_any_request(type_name: str, house: House, bench: Bench) -> None:
    _walk(house, bench, type_name, MEMBERS[type_name])


@pytest.mark.parametrize("type_name", sorted(ADMINS))
def test_the_same_for_administrators(
    type_name: str, house: House, admin: Bench
) -> None:
    _walk(house, admin, type_name, ADMINS[type_name])


@pytest.mark.parametrize("type_name", sorted({**MEMBERS, **ADMINS}))
def test_a_creation_that_was_cut_off_and_given_up_leaves_nothing(
    type_name: str, house: House, admin: Bench
) -> None:
    properties = {**MEMBERS, **ADMINS}[type_name](house, admin)
    before = _there(admin, type_name, properties)
    work = admin.work(type_name, **properties)
    admin.mortal.changes, admin.mortal.die_after = 0, 1
    with pytest.raises(Killed):
        TYPES.get(type_name).create(work)
    house.work()
    admin.delete(type_name, work)
    assert _there(admin, type_name, properties) == before


def test_a_key_of_somebody_else_stays(house: House, bench: Bench) -> None:
    """Also when it took the name after it was seen to be free."""
    kind = TYPES.get("OS::Nova::KeyPair")
    for is_late in (False, True):
        body = {"keypair": {"name": "mine"}}
        if not is_late:
            bench.cloud.post("compute", "os-keypairs", body=body)
        work = bench.work("OS::Nova::KeyPair", name="mine", save_private_key=True)
        if is_late:
            bench.mortal.changes, bench.mortal.die_after = 0, 1
            with pytest.raises(Killed):
                kind.create(work)
            bench.mortal.die_after = 0
            bench.cloud.delete("compute", "os-keypairs", "mine")
            bench.cloud.post("compute", "os-keypairs", body=body)
        with pytest.raises(Rejected):
            kind.create(work)
        bench.delete("OS::Nova::KeyPair", work)
        assert bench.cloud.delete("compute", "os-keypairs", "mine")


def test_a_pair_whose_answer_was_lost_is_the_same(house: House, bench: Bench) -> None:
    kind = TYPES.get("OS::Nova::KeyPair")
    work = bench.make(
        "OS::Nova::KeyPair", die_after=1, name="once", save_private_key=True
    )
    private = load_ssh_private_key(work.data["private_key"].encode(), None)
    public = private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    assert kind.attribute_path(work, "public_key", ()).startswith(public.decode())
