"""The unmodified openstacksdk's load balancer proxy, as members and administrator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from openstack import exceptions
from openstack.connection import Connection

from test.functional.compute.house import RunningCloud

PASSWORD = "a password of a test"


@pytest.fixture(scope="module")
def people(cloud: RunningCloud) -> Iterator[dict[str, Connection]]:
    """The administrator, ann and bob of projects of their own, and rita, who may only
    read in ann's project."""
    admin = cloud.sdk()
    found: dict[str, Connection] = {"admin": admin}
    for name, project, role in (
        ("lea", "leas", "member"),
        ("ben", "bens", "member"),
        ("roy", "leas", "reader"),
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
        found[name] = cloud.sdk(username=name, password=PASSWORD, project_name=project)
    yield found
    for connection in found.values():
        connection.close()


def balancer_of(connection: Connection, name: str) -> Any:
    network = connection.network.create_network(name=name)
    subnet = connection.network.create_subnet(
        network_id=network.id, ip_version=4, cidr="10.30.0.0/24"
    )
    made = connection.load_balancer.create_load_balancer(
        name=name, vip_subnet_id=subnet.id
    )
    return connection.load_balancer.wait_for_load_balancer(made.id, interval=0.2)


def settled(connection: Connection, balancer: Any) -> Any:
    return connection.load_balancer.wait_for_load_balancer(balancer.id, interval=0.2)


def test_a_life(people: dict[str, Connection]) -> None:
    lea = people["lea"]
    service = lea.load_balancer
    balancer = balancer_of(lea, "home")
    assert (balancer.provisioning_status, balancer.provider) == ("ACTIVE", "haproxy")
    listener = service.create_listener(
        name="web",
        protocol="HTTP",
        protocol_port=80,
        load_balancer_id=balancer.id,
    )
    settled(lea, balancer)
    pool = service.create_pool(
        name="servers",
        protocol="HTTP",
        lb_algorithm="ROUND_ROBIN",
        listener_id=listener.id,
    )
    settled(lea, balancer)
    member = service.create_member(
        pool, address="10.30.0.9", protocol_port=80, weight=2
    )
    settled(lea, balancer)
    monitor = service.create_health_monitor(
        pool_id=pool.id, type="HTTP", delay=5, timeout=2, max_retries=3, url_path="/"
    )
    settled(lea, balancer)
    policy = service.create_l7_policy(
        listener_id=listener.id,
        action="REDIRECT_TO_URL",
        redirect_url="http://elsewhere.example/",
    )
    settled(lea, balancer)
    rule = service.create_l7_rule(
        policy, type="PATH", compare_type="EQUAL_TO", value="/old"
    )
    settled(lea, balancer)
    assert service.find_load_balancer("home").id == balancer.id
    assert service.find_pool("servers").health_monitor_id == monitor.id
    assert [each.id for each in service.members(pool)] == [member.id]
    assert [each.id for each in service.l7_rules(policy)] == [rule.id]
    assert [each.id for each in service.pools(loadbalancer_id=balancer.id)] == [pool.id]
    assert [each.id for each in service.listeners(name="web")] == [listener.id]
    service.update_member(member, pool, weight=7)
    settled(lea, balancer)
    assert service.get_member(member.id, pool).weight == 7
    stats = service.get_load_balancer_statistics(balancer.id)
    assert stats.total_connections == 0
    assert service.get_listener_statistics(listener.id).bytes_in == 0
    service.update_load_balancer(balancer, tags=["blue"])
    settled(lea, balancer)
    assert [each.id for each in service.load_balancers(tags="blue")] == [balancer.id]
    service.delete_l7_rule(rule, policy)
    settled(lea, balancer)
    service.delete_health_monitor(monitor)
    settled(lea, balancer)
    with pytest.raises(exceptions.BadRequestException):
        service.delete_load_balancer(balancer)
    service.delete_load_balancer(balancer, cascade=True)
    service.wait_for_delete(balancer, interval=1)
    assert service.find_load_balancer("home") is None


def test_projects_are_apart(people: dict[str, Connection]) -> None:
    lea, ben, roy = (people[name] for name in ("lea", "ben", "roy"))
    balancer = balancer_of(lea, "private")
    assert ben.load_balancer.find_load_balancer("private") is None
    with pytest.raises(exceptions.NotFoundException):
        ben.load_balancer.get_load_balancer(balancer.id)
    with pytest.raises(exceptions.NotFoundException):
        ben.load_balancer.delete_load_balancer(balancer.id, ignore_missing=False)
    assert roy.load_balancer.get_load_balancer(balancer.id).name == "private"
    with pytest.raises(exceptions.ForbiddenException):
        roy.load_balancer.update_load_balancer(balancer.id, name="his")
    with pytest.raises(exceptions.ForbiddenException):
        lea.load_balancer.failover_load_balancer(balancer.id)
    people["admin"].load_balancer.failover_load_balancer(balancer.id)
    settled(lea, balancer)
    lea.load_balancer.delete_load_balancer(balancer.id)


def test_quotas_and_providers(people: dict[str, Connection]) -> None:
    admin, lea = people["admin"].load_balancer, people["lea"].load_balancer
    project = people["lea"].current_project_id
    assert [each.name for each in lea.providers()] == ["haproxy"]
    assert list(lea.flavors()) == []
    assert lea.get_quota(project).load_balancers == 10
    admin.update_quota(project, load_balancers=0)
    with pytest.raises(exceptions.ForbiddenException) as caught:
        balancer_of(people["lea"], "too many")
    assert "Quota" in str(caught.value)
    admin.delete_quota(project)
    assert lea.get_quota_default().load_balancers == 10
