"""VPCs made and changed by boto3, and what of them OpenStack's client sees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from test.functional.compute.ec2.conftest import Ec2Cloud, Tenant
from test.functional.compute.ec2.test_instances import code

CIDR = "10.20.0.0/16"


@dataclass(frozen=True, slots=True)
class Vpc:
    """A VPC with an internet gateway, a public subnet and a private one."""

    tenant: Tenant
    id: str
    gateway: str
    public: str
    private: str
    main: str


def tagged(kind: str, **tags: str) -> list[dict[str, Any]]:
    given = [{"Key": key, "Value": value} for key, value in tags.items()]
    return [{"ResourceType": kind, "Tags": given}]


def of_vpc(vpc: str, **more: str) -> list[dict[str, Any]]:
    wanted = {"vpc-id": vpc, **{key.replace("_", "."): more[key] for key in more}}
    return [{"Name": name, "Values": [value]} for name, value in wanted.items()]


def refused(expected: str, call: Callable[..., Any], **given: Any) -> None:
    with pytest.raises(ClientError) as caught:
        call(**given)
    assert code(caught) == expected


@pytest.fixture(scope="module")
def owner(ec2_cloud: Ec2Cloud) -> Tenant:
    return ec2_cloud.tenant("vera")


@pytest.fixture
def vpc(owner: Tenant) -> Any:
    ec2 = owner.ec2
    made = ec2.create_vpc(CidrBlock=CIDR, TagSpecifications=tagged("vpc", Name="v"))
    name = made["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway(
        TagSpecifications=tagged("internet-gateway", Name="door")
    )["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=name)
    subnets = [
        ec2.create_subnet(VpcId=name, CidrBlock=f"10.20.{number}.0/24")["Subnet"]
        for number in (1, 2)
    ]
    main = ec2.describe_route_tables(Filters=of_vpc(name))["RouteTables"][0]
    yield Vpc(
        owner,
        name,
        gateway,
        subnets[0]["SubnetId"],
        subnets[1]["SubnetId"],
        main["RouteTableId"],
    )
    remove_all(owner, name)
    assert [each.name for each in owner.sdk.network.routers()] == []
    assert list(owner.sdk.network.networks(project_id=owner.project)) == []


def remove_all(owner: Tenant, vpc: str) -> None:
    """In the order in which tools take a VPC apart."""
    ec2 = owner.ec2
    for table in ec2.describe_route_tables(Filters=of_vpc(vpc))["RouteTables"]:
        for each in table["Associations"]:
            if not each["Main"]:
                ec2.disassociate_route_table(
                    AssociationId=each["RouteTableAssociationId"]
                )
        if not any(each["Main"] for each in table["Associations"]):
            ec2.delete_route_table(RouteTableId=table["RouteTableId"])
    for each in ec2.describe_subnets(Filters=of_vpc(vpc))["Subnets"]:
        ec2.delete_subnet(SubnetId=each["SubnetId"])
    attached = [{"Name": "attachment.vpc-id", "Values": [vpc]}]
    for each in ec2.describe_internet_gateways(Filters=attached)["InternetGateways"]:
        gateway = each["InternetGatewayId"]
        ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        ec2.delete_internet_gateway(InternetGatewayId=gateway)
    ec2.delete_vpc(VpcId=vpc)


def test_a_vpc_is_a_router_with_networks(vpc: Vpc) -> None:
    ec2, network = vpc.tenant.ec2, vpc.tenant.sdk.network
    shown = ec2.describe_vpcs(VpcIds=[vpc.id])["Vpcs"][0]
    assert shown["CidrBlock"] == CIDR and not shown["IsDefault"]
    assert shown["Tags"] == [{"Key": "Name", "Value": "v"}]
    assert [router.name for router in network.routers()] == ["v"]
    inside = ec2.describe_subnets(Filters=of_vpc(vpc.id))["Subnets"]
    assert {each["SubnetId"] for each in inside} == {vpc.public, vpc.private}
    assert {each["CidrBlock"] for each in inside} == {"10.20.1.0/24", "10.20.2.0/24"}
    assert len(list(network.networks(project_id=vpc.tenant.project))) == 2
    # Who looks for a group or an ACL in a VPC finds its default, and only that.
    found = ec2.describe_security_groups(
        Filters=[*of_vpc(vpc.id), {"Name": "group-name", "Values": ["default"]}]
    )["SecurityGroups"]
    assert [each["VpcId"] for each in found] == [vpc.id]
    acl = ec2.describe_network_acls(Filters=of_vpc(vpc.id, default="true"))
    acl = acl["NetworkAcls"][0]
    assert {each["SubnetId"] for each in acl["Associations"]} == {
        vpc.public,
        vpc.private,
    }
    assert {each["RuleNumber"] for each in acl["Entries"]} == {100, 32767}


def test_attributes_of_a_vpc(vpc: Vpc) -> None:
    ec2 = vpc.tenant.ec2

    def attribute(name: str) -> bool:
        shown = ec2.describe_vpc_attribute(VpcId=vpc.id, Attribute=name)
        return bool(shown[name[0].upper() + name[1:]]["Value"])

    assert attribute("enableDnsSupport") and not attribute("enableDnsHostnames")
    assert not attribute("enableNetworkAddressUsageMetrics")
    ec2.modify_vpc_attribute(VpcId=vpc.id, EnableDnsSupport={"Value": True})
    for value in (True, True, False):
        ec2.modify_vpc_attribute(VpcId=vpc.id, EnableDnsHostnames={"Value": value})
        assert attribute("enableDnsHostnames") is value
    refused(
        "UnsupportedOperation", ec2.modify_vpc_attribute, VpcId=vpc.id,
        EnableDnsSupport={"Value": False},
    )  # fmt: skip
    ec2.modify_subnet_attribute(
        SubnetId=vpc.public, MapPublicIpOnLaunch={"Value": True}
    )
    shown = {
        each["SubnetId"]: each["MapPublicIpOnLaunch"]
        for each in ec2.describe_subnets(Filters=of_vpc(vpc.id))["Subnets"]
    }
    assert shown == {vpc.public: True, vpc.private: False}


def test_the_way_out(vpc: Vpc) -> None:
    ec2, network = vpc.tenant.ec2, vpc.tenant.sdk.network

    def gateway() -> dict[str, Any]:
        answer = ec2.describe_internet_gateways(InternetGatewayIds=[vpc.gateway])
        return dict(answer["InternetGateways"][0])

    assert gateway()["Attachments"] == [{"State": "available", "VpcId": vpc.id}]
    router = next(iter(network.routers()))
    assert router.external_gateway_info is None
    to_all = {"RouteTableId": vpc.main, "DestinationCidrBlock": "0.0.0.0/0"}
    ec2.create_route(**to_all, GatewayId=vpc.gateway)
    refused("RouteAlreadyExists", ec2.create_route, **to_all, GatewayId=vpc.gateway)
    ec2.replace_route(**to_all, GatewayId=vpc.gateway)
    router = network.get_router(router.id)
    assert router.external_gateway_info["network_id"]
    shown = ec2.describe_route_tables(RouteTableIds=[vpc.main])["RouteTables"][0]
    assert {
        (each["DestinationCidrBlock"], each["GatewayId"]) for each in shown["Routes"]
    } == {(CIDR, "local"), ("0.0.0.0/0", vpc.gateway)}
    refused(
        "DependencyViolation",
        ec2.delete_internet_gateway,
        InternetGatewayId=vpc.gateway,
    )
    ec2.create_tags(Resources=[vpc.gateway], Tags=[{"Key": "a/b", "Value": "c,d/%"}])
    wanted = [{"Key": "Name", "Value": "door"}, {"Key": "a/b", "Value": "c,d/%"}]
    assert gateway()["Tags"] == wanted
    ec2.detach_internet_gateway(InternetGatewayId=vpc.gateway, VpcId=vpc.id)
    assert network.get_router(router.id).external_gateway_info is None
    assert gateway()["Attachments"] == [] and gateway()["Tags"] == wanted
    refused(
        "Gateway.NotAttached", ec2.detach_internet_gateway,
        InternetGatewayId=vpc.gateway, VpcId=vpc.id,
    )  # fmt: skip
    refused("InvalidParameterValue", ec2.create_route, **to_all, GatewayId=vpc.gateway)
    ec2.attach_internet_gateway(InternetGatewayId=vpc.gateway, VpcId=vpc.id)
    refused(
        "Resource.AlreadyAssociated", ec2.attach_internet_gateway,
        InternetGatewayId=vpc.gateway, VpcId=vpc.id,
    )  # fmt: skip
    assert gateway()["Tags"] == wanted
    ec2.create_route(**to_all, GatewayId=vpc.gateway)
    ec2.delete_route(**to_all)
    refused("InvalidRoute.NotFound", ec2.delete_route, **to_all)
    assert ec2.describe_vpcs(VpcIds=[vpc.id])["Vpcs"][0]["Tags"] == [
        {"Key": "Name", "Value": "v"}
    ]


def test_a_table_of_one_subnet_alone(vpc: Vpc) -> None:
    ec2, network = vpc.tenant.ec2, vpc.tenant.sdk.network
    made = ec2.create_route_table(
        VpcId=vpc.id, TagSpecifications=tagged("route-table", Name="public")
    )["RouteTable"]
    table = made["RouteTableId"]
    assert made["Tags"] == [{"Key": "Name", "Value": "public"}]
    once = {"VpcId": vpc.id, "ClientToken": "once"}
    again = [ec2.create_route_table(**once)["RouteTable"] for _ in range(2)]
    assert again[0] == again[1] != made
    ec2.delete_route_table(RouteTableId=again[0]["RouteTableId"])
    association = ec2.associate_route_table(RouteTableId=table, SubnetId=vpc.public)
    association = association["AssociationId"]
    # Still one VPC with two subnets, whatever routers it takes.
    assert len(ec2.describe_vpcs()["Vpcs"]) == 2
    assert len(ec2.describe_subnets(Filters=of_vpc(vpc.id))["Subnets"]) == 2
    ec2.create_route(
        RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=vpc.gateway
    )
    found = ec2.describe_route_tables(
        Filters=of_vpc(vpc.id, **{"association.subnet-id": vpc.public})
    )["RouteTables"][0]
    assert found["RouteTableId"] == table
    assert {each["DestinationCidrBlock"] for each in found["Routes"]} == {
        CIDR,
        "0.0.0.0/0",
    }
    main = ec2.describe_route_tables(
        Filters=of_vpc(vpc.id, **{"association.main": "true"})
    )["RouteTables"][0]
    assert [each["GatewayId"] for each in main["Routes"]] == ["local"]
    # One router leads out and to the public subnet, the other to the private one;
    # each knows by which the other's is reached.
    routers = {router.name: router for router in network.routers()}
    assert set(routers) == {"v", "public"}
    assert routers["v"].external_gateway_info is None
    assert routers["public"].external_gateway_info["network_id"]
    ways = {
        name: [(each["destination"], each["nexthop"]) for each in router.routes]
        for name, router in routers.items()
    }
    assert [to for to, _ in ways["v"]] == ["10.20.1.0/24"]
    assert [to for to, _ in ways["public"]] == ["10.20.2.0/24"]
    refused("DependencyViolation", ec2.delete_route_table, RouteTableId=table)
    refused(
        "Resource.AlreadyAssociated", ec2.associate_route_table,
        RouteTableId=vpc.main, SubnetId=vpc.public,
    )  # fmt: skip
    moved = ec2.replace_route_table_association(
        AssociationId=association, RouteTableId=vpc.main
    )["NewAssociationId"]
    assert [router.routes for router in network.routers() if router.name == "v"] == [[]]
    main = ec2.describe_route_tables(RouteTableIds=[vpc.main])["RouteTables"][0]
    assert {each.get("SubnetId") for each in main["Associations"]} == {None, vpc.public}
    ec2.disassociate_route_table(AssociationId=moved)
    ec2.delete_route_table(RouteTableId=table)
    refused(
        "InvalidRouteTableID.NotFound", ec2.describe_route_tables,
        RouteTableIds=[table],
    )  # fmt: skip


def test_routes_to_interfaces(vpc: Vpc) -> None:
    ec2 = vpc.tenant.ec2
    interface = ec2.create_network_interface(SubnetId=vpc.private)["NetworkInterface"]
    name = interface["NetworkInterfaceId"]
    for _ in range(2):
        sent = {"SubnetId": vpc.private, "ClientToken": "once"}
        again = ec2.create_network_interface(**sent)["NetworkInterface"]
    assert len(ec2.describe_network_interfaces(
        Filters=[{"Name": "subnet-id", "Values": [vpc.private]},
                 {"Name": "requester-managed", "Values": ["false"]}],
    )["NetworkInterfaces"]) == 2  # fmt: skip
    ec2.delete_network_interface(NetworkInterfaceId=again["NetworkInterfaceId"])
    route = {"RouteTableId": vpc.main, "DestinationCidrBlock": "192.168.0.0/16"}
    ec2.create_route(**route, NetworkInterfaceId=name)
    shown = ec2.describe_route_tables(RouteTableIds=[vpc.main])["RouteTables"][0]
    assert name in {each.get("NetworkInterfaceId") for each in shown["Routes"]}
    refused("DependencyViolation", ec2.delete_subnet, SubnetId=vpc.private)
    other = ec2.create_network_interface(SubnetId=vpc.public)["NetworkInterface"]
    ec2.replace_route(**route, NetworkInterfaceId=other["NetworkInterfaceId"])
    ec2.delete_route(**route)
    refused("MissingParameter", ec2.create_route, **route)
    refused(
        "InvalidNatGatewayID.NotFound",
        ec2.create_route,
        **route,
        NatGatewayId="nat-0123456789abcdef0",
    )
    for each in (interface, other):
        ec2.delete_network_interface(NetworkInterfaceId=each["NetworkInterfaceId"])


def test_groups_of_a_vpc(vpc: Vpc) -> None:
    ec2 = vpc.tenant.ec2
    groups = [
        ec2.create_security_group(GroupName="web", Description="x", VpcId=each)
        for each in (vpc.id, ec2.create_vpc(CidrBlock="10.30.0.0/16")["Vpc"]["VpcId"])
    ]
    ours, theirs = (each["GroupId"] for each in groups)
    found = ec2.describe_security_groups(
        Filters=[*of_vpc(vpc.id), {"Name": "group-name", "Values": ["web"]}]
    )["SecurityGroups"]
    assert [(each["GroupId"], each["VpcId"]) for each in found] == [(ours, vpc.id)]
    refused(
        "InvalidGroup.Duplicate", ec2.create_security_group,
        GroupName="web", Description="x", VpcId=vpc.id,
    )  # fmt: skip
    other = ec2.describe_security_groups(GroupIds=[theirs])["SecurityGroups"][0]
    refused("DependencyViolation", ec2.delete_vpc, VpcId=other["VpcId"])
    for each in (ours, theirs):
        ec2.delete_security_group(GroupId=each)
    ec2.delete_vpc(VpcId=other["VpcId"])


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("create_vpc", {"CidrBlock": "10.0.0.0/8"}, "InvalidVpc.Range"),
        ("create_vpc", {"CidrBlock": "nonsense"}, "InvalidParameterValue"),
        (
            "create_vpc",
            {"CidrBlock": CIDR, "InstanceTenancy": "dedicated"},
            "UnsupportedOperation",
        ),
        ("create_vpc", {"CidrBlock": CIDR, "Ipv4IpamPoolId": "x"}, "UnknownParameter"),
        ("create_default_vpc", {}, "DefaultVpcAlreadyExists"),
        (
            "create_subnet",
            {"VpcId": "vpc-0123456789abcdef0", "CidrBlock": CIDR},
            "InvalidVpcID.NotFound",
        ),
        (
            "delete_internet_gateway",
            {"InternetGatewayId": "igw-0123456789abcdef0"},
            "InvalidInternetGatewayID.NotFound",
        ),
        (
            "disassociate_route_table",
            {"AssociationId": "rtbassoc-0123456789abcdef0"},
            "InvalidAssociationID.NotFound",
        ),
        (
            "create_nat_gateway",
            {"SubnetId": "subnet-0123456789abcdef0"},
            "InvalidSubnetID.NotFound",
        ),
        (
            "create_vpc_peering_connection",
            {"VpcId": "vpc-0123456789abcdef0"},
            "InvalidAction",
        ),
    ],
)
def test_what_cannot_be(
    owner: Tenant, name: str, given: dict[str, Any], expected: str
) -> None:
    refused(expected, getattr(owner.ec2, name), **given)


def test_subnets_that_cannot_be(vpc: Vpc) -> None:
    ec2 = vpc.tenant.ec2
    for block, expected in (
        ("10.21.0.0/24", "InvalidSubnet.Range"),
        ("10.20.1.128/25", "InvalidSubnet.Conflict"),
        ("10.20.3.0/30", "InvalidSubnet.Range"),
    ):
        refused(expected, ec2.create_subnet, VpcId=vpc.id, CidrBlock=block)
    refused("DependencyViolation", ec2.delete_vpc, VpcId=vpc.id)


def test_what_openstack_made_is_a_vpc_too(ec2_cloud: Ec2Cloud) -> None:
    owner = ec2_cloud.tenant("olga")
    network, ec2 = owner.sdk.network, owner.ec2
    outer = network.find_network("outside")
    router = network.create_router(
        name="door", external_gateway_info={"network_id": outer.id}
    )
    default = next(each for each in ec2.describe_vpcs()["Vpcs"] if each["IsDefault"])
    refused("OperationNotPermitted", ec2.delete_vpc, VpcId=default["VpcId"])
    vpc = next(
        each["VpcId"] for each in ec2.describe_vpcs()["Vpcs"] if not each["IsDefault"]
    )
    ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/24")
    gateway = ec2.describe_internet_gateways()["InternetGateways"][0]
    assert gateway["Attachments"][0]["VpcId"] == vpc
    remove_vpc = {"InternetGatewayId": gateway["InternetGatewayId"], "VpcId": vpc}
    ec2.detach_internet_gateway(**remove_vpc)
    assert network.get_router(router.id).external_gateway_info is None
    assert ec2.describe_internet_gateways()["InternetGateways"] == []


def test_further_blocks_of_a_vpc(tenant: Tenant) -> None:
    ec2 = tenant.ec2
    vpc = ec2.create_vpc(CidrBlock="10.71.0.0/24")["Vpc"]["VpcId"]
    outside = {"VpcId": vpc, "CidrBlock": "10.72.0.0/25"}
    refused("InvalidSubnet.Range", ec2.create_subnet, **outside)
    made = ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="10.72.0.0/24")
    block = made["CidrBlockAssociation"]
    assert block["CidrBlockState"]["State"] == "associated"
    (shown,) = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]
    blocks = [each["CidrBlock"] for each in shown["CidrBlockAssociationSet"]]
    assert blocks == ["10.71.0.0/24", "10.72.0.0/24"]
    subnet = ec2.create_subnet(**outside)["Subnet"]["SubnetId"]
    part = {"AssociationId": block["AssociationId"]}
    refused("DependencyViolation", ec2.disassociate_vpc_cidr_block, **part)
    ec2.delete_subnet(SubnetId=subnet)
    again = {"VpcId": vpc, "CidrBlock": "10.72.0.0/16"}
    refused("CidrConflict", ec2.associate_vpc_cidr_block, **again)
    ec2.disassociate_vpc_cidr_block(**part)
    missing = "InvalidVpcCidrBlockAssociationID.NotFound"
    refused(missing, ec2.disassociate_vpc_cidr_block, **part)
    first = shown["CidrBlockAssociationSet"][0]["AssociationId"]
    refused(
        "OperationNotPermitted", ec2.disassociate_vpc_cidr_block, AssociationId=first
    )
    for number in range(4):
        ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock=f"10.73.{number}.0/24")
    sixth = {"VpcId": vpc, "CidrBlock": "10.74.0.0/24"}
    refused("ResourceLimitExceeded", ec2.associate_vpc_cidr_block, **sixth)
    ec2.delete_vpc(VpcId=vpc)
