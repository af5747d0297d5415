"""The unmodified openstacksdk, as two projects' members and as the administrator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from openstack import exceptions
from openstack.connection import Connection

from test.functional.compute.house import RunningCloud

PASSWORD = "a password of a test"


@dataclass
class Cast:
    """Who plays: the administrator, ann and bob of projects of their own, and rita,
    who may only read in ann's project."""

    admin: Connection
    ann: Connection
    bob: Connection
    rita: Connection


@pytest.fixture(scope="module")
def cast(cloud: RunningCloud) -> Iterator[Cast]:
    admin = cloud.sdk()
    people: dict[str, Connection] = {}
    for name, project, role in (
        ("ann", "annland", "member"),
        ("bob", "bobland", "member"),
        ("rita", "annland", "reader"),
    ):
        home = admin.identity.find_project(project) or admin.identity.create_project(
            name=project, domain_id="default"
        )
        user = admin.identity.create_user(
            name=name, password=PASSWORD, domain_id="default"
        )
        admin.identity.assign_project_role_to_user(
            home, user, admin.identity.find_role(role)
        )
        people[name] = cloud.sdk(username=name, password=PASSWORD, project_name=project)
    yield Cast(admin, **people)
    for connection in (admin, *people.values()):
        connection.close()


def test_a_server_could_be_reached(cast: Cast) -> None:
    net = cast.ann.network
    network = net.create_network(name="home", description="mine")
    subnet = net.create_subnet(
        network_id=network.id, ip_version=4, cidr="192.168.7.0/24", name="home4"
    )
    public = net.find_network("public")
    router = net.create_router(
        name="door", external_gateway_info={"network_id": public.id}
    )
    net.add_interface_to_router(router, subnet=subnet.id)
    ports = list(net.create_ports([{"network_id": network.id} for _ in range(3)]))
    addresses = {port.fixed_ips[0]["ip_address"] for port in ports}
    assert len(addresses) == 3
    floating = net.create_ip(floating_network_id=public.id, port_id=ports[0].id)
    assert floating.fixed_ip_address in addresses
    assert net.find_ip(floating.floating_ip_address).id == floating.id
    net.update_ip(floating, port_id=None)
    free = net.find_available_ip()
    assert free is not None and free.id == floating.id
    net.delete_ip(floating)
    for port in ports:
        net.delete_port(port)
    net.remove_interface_from_router(router, subnet_id=subnet.id)
    net.delete_router(router)
    net.delete_network(network)
    assert net.find_network("home") is None


def test_projects_are_apart(cast: Cast) -> None:
    network = cast.ann.network.create_network(name="private")
    assert cast.bob.network.find_network(network.id) is None
    assert network.id not in [each.id for each in cast.bob.network.networks()]
    with pytest.raises(exceptions.NotFoundException):
        cast.bob.network.delete_network(network.id, ignore_missing=False)
    assert cast.rita.network.get_network(network.id).name == "private"
    with pytest.raises(exceptions.ForbiddenException):
        cast.rita.network.update_network(network.id, name="hers")
    with pytest.raises(exceptions.ForbiddenException):
        cast.ann.network.update_network(network.id, is_shared=True)
    cast.admin.network.update_network(network.id, is_shared=True)
    assert cast.bob.network.get_network(network.id).is_shared
    cast.ann.network.delete_network(network.id)


def test_many_in_pages(cast: Cast) -> None:
    net = cast.ann.network
    made: list[Any] = [net.create_network(name=f"page-{n}") for n in range(5)]
    project = made[0].project_id
    found = [
        each.id for each in net.networks(project_id=project, is_shared=False, limit=2)
    ]
    assert found == [each.id for each in made]
    net.set_tags(made[3], ["odd", "third"])
    assert [each.id for each in net.networks(tags="odd")] == [made[3].id]
    for network in made:
        net.delete_network(network)


def test_groups_and_quotas(cast: Cast) -> None:
    net = cast.ann.network
    group = net.create_security_group(name="web")
    rules = net.create_security_group_rules(
        [
            {
                "security_group_id": group.id,
                "direction": "ingress",
                "protocol": "tcp",
                "port_range_min": port,
                "port_range_max": port,
            }
            for port in (22, 80)
        ]
    )
    assert {rule.port_range_min for rule in rules} == {22, 80}
    with pytest.raises(exceptions.ConflictException) as caught:
        net.create_security_group_rule(
            security_group_id=group.id,
            direction="ingress",
            protocol="tcp",
            port_range_min=22,
            port_range_max=22,
        )
    assert "already exists" in str(caught.value)
    project = group.project_id
    cast.admin.network.update_quota(project, security_groups=2)
    with pytest.raises(exceptions.ConflictException):
        net.create_security_group(name="one too many")
    assert net.get_quota(project, details=True).security_groups["used"] == 2
    cast.admin.network.delete_quota(project)
    net.delete_security_group(group)


def test_a_change_on_condition(cast: Cast) -> None:
    net = cast.ann.network
    network = net.create_network(name="conditional")
    changed = net.update_network(network.id, if_revision=0, name="changed")
    assert changed.revision_number == 1
    with pytest.raises(exceptions.PreconditionFailedException):
        net.update_network(network.id, if_revision=0, name="too late")
    net.delete_network(network.id)
