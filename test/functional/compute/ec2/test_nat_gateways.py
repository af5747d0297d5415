"""NAT gateways: a private subnet's way out by an elastic address."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from test.functional.compute.ec2.conftest import Ec2Cloud, Tenant
from test.functional.compute.ec2.test_vpcs import (
    Vpc,
    of_vpc,
    refused,
    remove_all,
    tagged,
)

EVERYWHERE = "0.0.0.0/0"


@pytest.fixture(scope="module")
def vpc(ec2_cloud: Ec2Cloud) -> Iterator[Vpc]:
    """With a public subnet, and a private one that has a route table of its own."""
    owner = ec2_cloud.tenant("nat")
    ec2 = owner.ec2
    name = ec2.create_vpc(CidrBlock="10.30.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    public, private = (
        ec2.create_subnet(VpcId=name, CidrBlock=f"10.30.{number}.0/24")["Subnet"]
        for number in (1, 2)
    )
    main = ec2.describe_route_tables(Filters=of_vpc(name))["RouteTables"][0]
    table = main["RouteTableId"]
    found = Vpc(owner, name, gateway, public["SubnetId"], private["SubnetId"], table)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    refused(
        "Gateway.NotAttached",
        ec2.create_nat_gateway,
        SubnetId=found.public,
        AllocationId=address,
    )
    ec2.release_address(AllocationId=address)
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=name)
    ec2.create_route(
        RouteTableId=table, DestinationCidrBlock=EVERYWHERE, GatewayId=gateway
    )
    yield found
    remove_all(owner, name)
    assert [each.name for each in owner.sdk.network.routers()] == []
    assert list(owner.sdk.network.networks(project_id=owner.project)) == []


def routes(owner: Tenant, table: str) -> dict[str, dict[str, Any]]:
    shown = owner.ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]
    return {each["DestinationCidrBlock"]: each for each in shown["Routes"]}


def test_the_life_of_a_nat_gateway(vpc: Vpc, ec2_cloud: Ec2Cloud) -> None:
    owner, ec2 = vpc.tenant, vpc.tenant.ec2
    address = ec2.allocate_address(Domain="vpc")
    order = {
        "SubnetId": vpc.public,
        "AllocationId": address["AllocationId"],
        "ClientToken": "one",
        "TagSpecifications": tagged("natgateway", Name="out", a="b"),
    }
    nat = ec2.create_nat_gateway(**order)["NatGateway"]
    name = nat["NatGatewayId"]
    assert ec2.create_nat_gateway(**order)["NatGateway"]["NatGatewayId"] == name
    owner.wait("nat_gateway_available", NatGatewayIds=[name])
    shown = ec2.describe_nat_gateways(Filters=of_vpc(vpc.id))["NatGateways"]
    assert [each["NatGatewayId"] for each in shown] == [name]
    place = shown[0]["NatGatewayAddresses"][0]
    assert place["PublicIp"] == address["PublicIp"]
    assert place["AllocationId"] == address["AllocationId"]
    assert shown[0]["SubnetId"] == vpc.public
    tags = [{"Key": "Name", "Value": "out"}, {"Key": "a", "Value": "b"}]
    assert shown[0]["Tags"] == tags
    ec2.create_tags(Resources=[name], Tags=[{"Key": "a", "Value": "c"}])
    of_it = [{"Name": "resource-id", "Values": [name]}]
    kinds = {each["ResourceType"] for each in ec2.describe_tags(Filters=of_it)["Tags"]}
    assert kinds == {"natgateway"}
    # It is no route table, and no VPC of its own.
    assert len(ec2.describe_route_tables(Filters=of_vpc(vpc.id))["RouteTables"]) == 1

    table = ec2.create_route_table(VpcId=vpc.id)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=vpc.private)
    route = {"RouteTableId": table, "DestinationCidrBlock": EVERYWHERE}
    ec2.create_route(**route, NatGatewayId=name)
    assert routes(owner, table)[EVERYWHERE]["NatGatewayId"] == name
    refused("RouteAlreadyExists", ec2.create_route, **route, NatGatewayId=name)
    _leads_out(owner, table, place["PrivateIp"])
    ec2.replace_route(**route, GatewayId=vpc.gateway)
    assert routes(owner, table)[EVERYWHERE]["GatewayId"] == vpc.gateway
    ec2.replace_route(**route, NatGatewayId=name)
    _stays_when_another_cannot_be(vpc, route, name)
    by_nat = [{"Name": "route.nat-gateway-id", "Values": [name]}]
    assert len(ec2.describe_route_tables(Filters=by_nat)["RouteTables"]) == 1

    _what_it_keeps(vpc, address["AllocationId"], order)
    stranger = ec2_cloud.tenant("nat-stranger").ec2
    for call in (stranger.describe_nat_gateways, stranger.delete_nat_gateway):
        one = {"NatGatewayIds": [name]} if "describe" in call.__name__ else {}
        refused("NatGatewayNotFound", call, **(one or {"NatGatewayId": name}))

    ec2.delete_nat_gateway(NatGatewayId=name)
    owner.wait("nat_gateway_deleted", NatGatewayIds=[name])
    assert set(routes(owner, table)) == {"10.30.0.0/16"}
    ec2.release_address(AllocationId=address["AllocationId"])


def _stays_when_another_cannot_be(vpc: Vpc, route: dict[str, Any], nat: str) -> None:
    ec2 = vpc.tenant.ec2
    # Behind another router than the table's.
    far = ec2.create_network_interface(SubnetId=vpc.public)["NetworkInterface"]
    for target in (
        {"NatGatewayId": "nat-0123456789abcdef0"},
        {"NetworkInterfaceId": far["NetworkInterfaceId"]},
    ):
        with pytest.raises(ClientError):
            ec2.replace_route(**route, **target)
        now = routes(vpc.tenant, route["RouteTableId"])
        assert now[EVERYWHERE]["NatGatewayId"] == nat
    ec2.delete_network_interface(NetworkInterfaceId=far["NetworkInterfaceId"])


def _leads_out(owner: Tenant, table: str, hop: str) -> None:
    """What OpenStack's user sees of it: the routers know the ways, there and back."""
    by_id = {
        f"rtb-{router.id.replace('-', '')[:17]}": router
        for router in owner.sdk.network.routers()
    }
    out = next(each for each in by_id.values() if each.name == "out")
    ways = {each["destination"]: each["nexthop"] for each in by_id[table].routes}
    assert ways[EVERYWHERE] == hop
    back = {each["destination"] for each in out.routes}
    assert back == {"10.30.1.0/24", "10.30.2.0/24"} and out.external_gateway_info


def _what_it_keeps(vpc: Vpc, address: str, order: dict[str, Any]) -> None:
    ec2 = vpc.tenant.ec2
    for expected, call, given in (
        ("InvalidIPAddress.InUse", ec2.release_address, {"AllocationId": address}),
        ("DependencyViolation", ec2.delete_subnet, {"SubnetId": vpc.public}),
        ("DependencyViolation", ec2.delete_vpc, {"VpcId": vpc.id}),
        (
            "DependencyViolation",
            ec2.detach_internet_gateway,
            {"InternetGatewayId": vpc.gateway, "VpcId": vpc.id},
        ),
        (
            "Resource.AlreadyAssociated",
            ec2.create_nat_gateway,
            {**order, "ClientToken": "two"},
        ),
        (
            "UnsupportedOperation",
            ec2.create_nat_gateway,
            {"SubnetId": vpc.public, "ConnectivityType": "private"},
        ),
        (
            "MissingParameter",
            ec2.create_nat_gateway,
            {"SubnetId": vpc.public},
        ),
    ):
        refused(expected, call, **given)
    association = ec2.describe_addresses(AllocationIds=[address])["Addresses"][0]
    refused(
        "OperationNotPermitted",
        ec2.disassociate_address,
        AssociationId=association["AssociationId"],
    )


def test_what_tools_make_at_once(ec2_cloud: Ec2Cloud) -> None:
    """Terraform makes all that does not need each other at the same time."""
    owner = ec2_cloud.tenant("hasty")
    ec2 = owner.ec2
    vpc = ec2.create_vpc(CidrBlock="10.40.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    numbers = range(3)

    def subnet(number: int) -> str:
        made = owner.client().create_subnet(VpcId=vpc, CidrBlock=f"10.40.{number}.0/24")
        return str(made["Subnet"]["SubnetId"])

    def nat(place: str) -> str:
        client = owner.client()
        address = client.allocate_address(Domain="vpc")["AllocationId"]
        made = client.create_nat_gateway(SubnetId=place, AllocationId=address)
        return str(made["NatGateway"]["NatGatewayId"])

    def table(_: int) -> str:
        made = owner.client().create_route_table(VpcId=vpc)
        return str(made["RouteTable"]["RouteTableId"])

    def use(table: str, place: str, nat: str) -> None:
        client = owner.client()
        client.associate_route_table(RouteTableId=table, SubnetId=place)
        client.create_route(
            RouteTableId=table, DestinationCidrBlock=EVERYWHERE, NatGatewayId=nat
        )

    with ThreadPoolExecutor(2 * len(numbers)) as threads:
        places = list(threads.map(subnet, numbers))
        made = threads.map(nat, places), threads.map(table, numbers)
        nats, tables = map(list, made)
        list(threads.map(use, tables, places, nats))
    network = owner.sdk.network
    assert len(list(network.networks(project_id=owner.project))) == len(places) + 1
    inside = {f"10.40.{number}.0/24" for number in numbers}
    for router in network.routers():
        known = {each["destination"] for each in router.routes} - {EVERYWHERE}
        own = network.ports(device_id=router.id)
        own = {f"{ip['ip_address']}/24" for port in own for ip in port.fixed_ips}
        led = {cidr for cidr in inside if cidr.replace(".0/", ".1/") in own}
        assert known == inside - led, router

    def undo(table: str, place: str, nat: str) -> None:
        client = owner.client()
        client.delete_nat_gateway(NatGatewayId=nat)
        client.delete_subnet(SubnetId=place)
        client.delete_route_table(RouteTableId=table)

    with ThreadPoolExecutor(len(numbers)) as threads:
        list(threads.map(undo, tables, places, nats))
    remove_all(owner, vpc)
    assert list(network.networks(project_id=owner.project)) == []
    assert list(network.routers()) == []
