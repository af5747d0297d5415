"""Network ACLs, DHCP options and default groups of VPCs, by boto3, and what of them
OpenStack's client sees."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from test.functional.compute.ec2.conftest import Ec2Cloud, Tenant
from test.functional.compute.ec2.test_vpcs import of_vpc, refused, tagged

ANYWHERE = "0.0.0.0/0"
OPEN = {"Protocol": "-1", "RuleAction": "allow", "CidrBlock": ANYWHERE}


@pytest.fixture(scope="module")
def owner(ec2_cloud: Ec2Cloud) -> Tenant:
    return ec2_cloud.tenant("acly")


@pytest.fixture
def vpc(owner: Tenant) -> Iterator[str]:
    ec2 = owner.ec2
    vpc: str = ec2.create_vpc(CidrBlock="10.30.0.0/16")["Vpc"]["VpcId"]
    yield vpc
    for subnet in ec2.describe_subnets(Filters=of_vpc(vpc))["Subnets"]:
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    for acl in ec2.describe_network_acls(Filters=of_vpc(vpc))["NetworkAcls"]:
        if not acl["IsDefault"]:
            ec2.delete_network_acl(NetworkAclId=acl["NetworkAclId"])
    ec2.delete_vpc(VpcId=vpc)
    assert [each.name for each in owner.sdk.network.routers()] == []
    names = {each.name for each in owner.sdk.network.security_groups()}
    assert names == {"default"}


def subnet_of(owner: Tenant, vpc: str, number: int = 1) -> tuple[str, str]:
    """A new one: its id here, and its uuid."""
    block = f"10.30.{number}.0/24"
    made = owner.ec2.create_subnet(VpcId=vpc, CidrBlock=block)["Subnet"]
    (found,) = owner.sdk.network.subnets(cidr=block, project_id=owner.project)
    return made["SubnetId"], found.id


def kept(owner: Tenant, uuid: str) -> dict[str, Any]:
    """A subnet as the network room has it."""
    got = owner.sdk.network.get(f"/subnets/{uuid}")
    found: dict[str, Any] = got.json()["subnet"]
    return found


def acl_of(owner: Tenant, subnet: str) -> tuple[dict[str, Any], str]:
    """The ACL that a subnet has, and the id of their association."""
    named = [{"Name": "association.subnet-id", "Values": [subnet]}]
    (acl,) = owner.ec2.describe_network_acls(Filters=named)["NetworkAcls"]
    (association,) = (
        each for each in acl["Associations"] if each["SubnetId"] == subnet
    )
    return acl, association["NetworkAclAssociationId"]


def test_the_default_acl_is_changed(owner: Tenant, vpc: str) -> None:
    """As Terraform adopts it: all rules go, others come."""
    ec2 = owner.ec2
    subnet, uuid = subnet_of(owner, vpc)
    acl, _ = acl_of(owner, subnet)
    name = acl["NetworkAclId"]
    assert acl["IsDefault"] and "packet_rules" not in kept(owner, uuid)
    for egress in (True, False):
        rule = {"NetworkAclId": name, "RuleNumber": 100, "Egress": egress}
        ec2.delete_network_acl_entry(**rule)
        refused("InvalidNetworkAclEntry.NotFound", ec2.delete_network_acl_entry, **rule)
    assert kept(owner, uuid)["packet_rules"] == []
    web = {
        "NetworkAclId": name,
        "RuleNumber": 200,
        "Protocol": "tcp",
        "RuleAction": "allow",
        "Egress": False,
        "CidrBlock": "10.1.2.3/8",
        "PortRange": {"From": 80, "To": 81},
    }
    ec2.create_network_acl_entry(**web)
    refused("NetworkAclEntryAlreadyExists", ec2.create_network_acl_entry, **web)
    deny = {**OPEN, "RuleAction": "deny", "CidrBlock": "192.0.2.0/24"}
    ec2.create_network_acl_entry(NetworkAclId=name, RuleNumber=10, Egress=False, **deny)
    ec2.create_network_acl_entry(NetworkAclId=name, RuleNumber=7, Egress=True, **OPEN)
    ec2.create_network_acl_entry(
        NetworkAclId=name,
        RuleNumber=101,
        Egress=False,
        Protocol="-1",
        RuleAction="allow",
        Ipv6CidrBlock="::/0",
    )
    ec2.create_network_acl_entry(
        NetworkAclId=name,
        RuleNumber=300,
        Egress=False,
        Protocol="1",
        RuleAction="allow",
        CidrBlock=ANYWHERE,
        IcmpTypeCode={"Type": 8, "Code": -1},
    )
    rules = kept(owner, uuid)["packet_rules"]
    told = [(each["direction"], each["action"], each["protocol"]) for each in rules]
    assert told == [
        ("egress", "allow", None),
        ("ingress", "deny", None),
        ("ingress", "allow", "6"),
        ("ingress", "allow", "1"),
    ]
    assert rules[2]["remote_ip_prefix"] == "10.0.0.0/8"
    assert [rules[2][f"port_range_{end}"] for end in ("min", "max")] == [80, 81]
    assert [rules[3][f"port_range_{end}"] for end in ("min", "max")] == [8, None]
    # A subnet that comes later has them from the first.
    _, later = subnet_of(owner, vpc, 2)
    assert kept(owner, later)["packet_rules"] == rules
    ec2.replace_network_acl_entry(**{**web, "RuleAction": "deny"})
    assert kept(owner, later)["packet_rules"][2]["action"] == "deny"
    (shown,) = ec2.describe_network_acls(NetworkAclIds=[name])["NetworkAcls"]
    numbers = [(each["Egress"], each["RuleNumber"]) for each in shown["Entries"]]
    assert numbers == [
        *((True, each) for each in (7, 32767)),
        *((False, each) for each in (10, 101, 200, 300, 32767)),
    ]
    ec2.create_tags(Resources=[name], Tags=[{"Key": "Name", "Value": "walls"}])
    found = ec2.describe_network_acls(
        Filters=[{"Name": "tag:Name", "Values": ["walls"]}]
    )["NetworkAcls"]
    assert [each["NetworkAclId"] for each in found] == [name]
    by_type = [{"Name": "resource-type", "Values": ["network-acl"]}]
    (tag,) = ec2.describe_tags(Filters=by_type)["Tags"]
    assert (tag["ResourceId"], tag["Key"]) == (name, "Name")
    refused("InvalidParameterValue", ec2.delete_network_acl, NetworkAclId=name)
    # Where everything passes again, nothing is asked.
    ec2.create_network_acl_entry(NetworkAclId=name, RuleNumber=1, Egress=False, **OPEN)
    assert "packet_rules" not in kept(owner, uuid)


def test_a_subnet_has_another_acl(owner: Tenant, vpc: str) -> None:
    ec2 = owner.ec2
    subnet, uuid = subnet_of(owner, vpc)
    order = {"VpcId": vpc, "ClientToken": "once"}
    made = ec2.create_network_acl(
        TagSpecifications=tagged("network-acl", Name="own"), **order
    )["NetworkAcl"]
    name = made["NetworkAclId"]
    assert [each["RuleNumber"] for each in made["Entries"]] == [32767, 32767]
    again = ec2.create_network_acl(**order)["NetworkAcl"]["NetworkAclId"]
    assert again == name and made["Tags"] == [{"Key": "Name", "Value": "own"}]
    default, association = acl_of(owner, subnet)
    moved = ec2.replace_network_acl_association(
        AssociationId=association, NetworkAclId=name
    )["NewAssociationId"]
    assert kept(owner, uuid)["packet_rules"] == []
    assert acl_of(owner, subnet)[1] == moved != association
    refused("DependencyViolation", ec2.delete_network_acl, NetworkAclId=name)
    refused(
        "InvalidAssociationID.NotFound",
        ec2.replace_network_acl_association,
        AssociationId=association,
        NetworkAclId=name,
    )
    refused("DependencyViolation", ec2.delete_vpc, VpcId=vpc)
    back = default["NetworkAclId"]
    ec2.replace_network_acl_association(AssociationId=moved, NetworkAclId=back)
    assert "packet_rules" not in kept(owner, uuid)
    ec2.delete_network_acl(NetworkAclId=name)
    refused(
        "InvalidNetworkAclID.NotFound", ec2.describe_network_acls, NetworkAclIds=[name]
    )


def test_many_change_one_acl_at_a_time(owner: Tenant, vpc: str) -> None:
    """As Terraform does: what is shown is what packets meet."""
    ec2 = owner.ec2
    subnet, uuid = subnet_of(owner, vpc)
    (default, association) = acl_of(owner, subnet)
    other = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]

    def add(number: int) -> None:
        ec2.create_network_acl_entry(
            NetworkAclId=other, RuleNumber=number, Egress=False, **OPEN
        )

    def give(_: int) -> None:
        ec2.replace_network_acl_association(
            AssociationId=association, NetworkAclId=other
        )

    with ThreadPoolExecutor(6) as pool:
        done = [pool.submit(act, at) for at, act in enumerate((add, give), start=1)]
        done += [pool.submit(add, number) for number in range(10, 16)]
    for each in done:
        each.result()
    shown, association = acl_of(owner, subnet)
    numbers = [each["RuleNumber"] for each in shown["Entries"] if not each["Egress"]]
    assert numbers == [1, *range(10, 16), 32767]
    assert len(kept(owner, uuid)["packet_rules"]) == 7
    ec2.replace_network_acl_association(
        AssociationId=association, NetworkAclId=default["NetworkAclId"]
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"RuleNumber": 0},
        {"RuleNumber": 32767},
        {"Protocol": "256"},
        {"Protocol": "word"},
        {"Protocol": "58"},
        {"Protocol": "0"},
        {"Protocol": "9" * 5000},
        {"RuleAction": "maybe"},
        {"CidrBlock": "10.0.0.0/33"},
        {"CidrBlock": "", "Ipv6CidrBlock": "fe80::%1/64"},
        {"Protocol": "6", "PortRange": {"From": 5, "To": 4}},
        {"Protocol": "1", "IcmpTypeCode": {"Type": -1, "Code": 3}},
    ],
)
def test_rules_that_cannot_be(owner: Tenant, vpc: str, wrong: dict[str, Any]) -> None:
    ec2 = owner.ec2
    (acl,) = ec2.describe_network_acls(Filters=of_vpc(vpc))["NetworkAcls"]
    given = {"NetworkAclId": acl["NetworkAclId"], "RuleNumber": 1, "Egress": False}
    refused(
        "InvalidParameterValue",
        ec2.create_network_acl_entry,
        **{**given, **OPEN, **wrong},
    )


def test_options_of_dhcp(owner: Tenant, vpc: str) -> None:
    ec2 = owner.ec2
    _, uuid = subnet_of(owner, vpc)
    values = {
        "domain-name": ["corp.example"],
        "domain-name-servers": ["192.0.2.53", "192.0.2.54"],
        "ntp-servers": ["192.0.2.123"],
    }
    made = ec2.create_dhcp_options(
        DhcpConfigurations=[
            {"Key": key, "Values": given} for key, given in values.items()
        ],
        TagSpecifications=tagged("dhcp-options", Name="corp"),
    )["DhcpOptions"]
    name = made["DhcpOptionsId"]
    shown = {
        each["Key"]: [value["Value"] for value in each["Values"]]
        for each in made["DhcpConfigurations"]
    }
    assert shown == values and made["Tags"] == [{"Key": "Name", "Value": "corp"}]
    ec2.associate_dhcp_options(DhcpOptionsId=name, VpcId=vpc)
    (found,) = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]
    assert found["DhcpOptionsId"] == name
    _, later = subnet_of(owner, vpc, 2)
    for each in (uuid, later):
        subnet = kept(owner, each)
        assert subnet["dns_nameservers"] == values["domain-name-servers"]
        assert subnet["ntp_servers"] == values["ntp-servers"]
        network = owner.sdk.network.get_network(subnet["network_id"])
        assert network.dns_domain == "corp.example."
    refused("DependencyViolation", ec2.delete_dhcp_options, DhcpOptionsId=name)
    shown = {
        each["DhcpOptionsId"] for each in ec2.describe_dhcp_options()["DhcpOptions"]
    }
    assert shown == {"default", name}
    refused("OperationNotPermitted", ec2.delete_dhcp_options, DhcpOptionsId="default")
    ec2.associate_dhcp_options(DhcpOptionsId="default", VpcId=vpc)
    subnet = kept(owner, uuid)
    assert subnet["dns_nameservers"] == [] and "ntp_servers" not in subnet
    ec2.delete_dhcp_options(DhcpOptionsId=name)
    refused(
        "InvalidDhcpOptionID.NotFound", ec2.describe_dhcp_options, DhcpOptionsIds=[name]
    )


@pytest.mark.parametrize(
    ("key", "values", "expected"),
    [
        ("netbios-node-type", ["2"], "UnsupportedOperation"),
        ("domain-name", ["one.example two.example"], "InvalidParameterValue"),
        ("domain-name-servers", ["192.0.2.1", "AmazonProvidedDNS"], ""),
        ("ntp-servers", ["time.example"], "InvalidParameterValue"),
        ("ntp-servers", [f"192.0.2.{n}" for n in range(5)], "InvalidParameterValue"),
    ],
)
def test_options_that_cannot_be(
    owner: Tenant, key: str, values: list[str], expected: str
) -> None:
    refused(
        expected or "InvalidParameterValue",
        owner.ec2.create_dhcp_options,
        DhcpConfigurations=[{"Key": key, "Values": values}],
    )


def test_a_vpc_has_a_default_group_of_its_own(owner: Tenant, vpc: str) -> None:
    ec2 = owner.ec2
    named = [*of_vpc(vpc), {"Name": "group-name", "Values": ["default"]}]
    (group,) = ec2.describe_security_groups(Filters=named)["SecurityGroups"]
    name = group["GroupId"]
    assert group["VpcId"] == vpc
    assert group["Description"] == "default VPC security group"
    (permission,) = group["IpPermissions"]
    assert [each["GroupId"] for each in permission["UserIdGroupPairs"]] == [name]
    (shown,) = ec2.describe_security_groups(GroupIds=[name])["SecurityGroups"]
    assert shown == group
    refused("CannotDelete", ec2.delete_security_group, GroupId=name)
    # By its name alone the project's own is meant, as before there were others.
    (project_s,) = ec2.describe_security_groups(GroupNames=["default"])[
        "SecurityGroups"
    ]
    assert project_s["GroupId"] != name
    subnet, _ = subnet_of(owner, vpc)
    interface = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]
    assert [each["GroupName"] for each in interface["Groups"]] == ["default"]
    assert [each["GroupId"] for each in interface["Groups"]] == [name]
    ec2.delete_network_interface(NetworkInterfaceId=interface["NetworkInterfaceId"])


def test_placement_groups_have_tags(owner: Tenant) -> None:
    ec2 = owner.ec2
    made = ec2.create_placement_group(
        GroupName="near",
        Strategy="cluster",
        TagSpecifications=tagged("placement-group", team="blue"),
    )["PlacementGroup"]
    assert made["Tags"] == [{"Key": "team", "Value": "blue"}]
    ec2.create_tags(
        Resources=[made["GroupId"]], Tags=[{"Key": "Name", "Value": "group"}]
    )
    found = ec2.describe_placement_groups(
        Filters=[{"Name": "tag:team", "Values": ["blue"]}]
    )["PlacementGroups"]
    assert [each["Tags"] for each in found] == [
        [{"Key": "Name", "Value": "group"}, {"Key": "team", "Value": "blue"}]
    ]
    ec2.delete_placement_group(GroupName="near")
    by_type = [{"Name": "resource-type", "Values": ["placement-group"]}]
    assert ec2.describe_tags(Filters=by_type)["Tags"] == []


def test_a_subnet_that_openstack_brings(owner: Tenant) -> None:
    """It has the rules of the VPC's ACL as soon as somebody looks."""
    ec2, network = owner.ec2, owner.sdk.network
    vpc = ec2.create_vpc(CidrBlock="10.66.0.0/16")["Vpc"]["VpcId"]
    of_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
    (acl,) = ec2.describe_network_acls(Filters=of_vpc)["NetworkAcls"]
    ec2.create_network_acl_entry(
        NetworkAclId=acl["NetworkAclId"], RuleNumber=50, Protocol="6", Egress=False,
        RuleAction="deny", CidrBlock="192.0.2.0/24", PortRange={"From": 22, "To": 22},
    )  # fmt: skip
    digits = vpc.removeprefix("vpc-")
    (router,) = [
        each
        for each in network.routers(project_id=owner.project)
        if each.id.replace("-", "").startswith(digits)
    ]
    brought = network.create_network(name="brought")
    subnet = network.create_subnet(
        network_id=brought.id, ip_version=4, cidr="10.66.1.0/24"
    )
    network.add_interface_to_router(router, subnet_id=subnet.id)
    assert "packet_rules" not in kept(owner, subnet.id)
    (shown,) = ec2.describe_subnets(Filters=of_vpc)["Subnets"]
    rules = kept(owner, subnet.id)["packet_rules"]
    assert rules[0]["action"] == "deny"
    network.remove_interface_from_router(router, subnet_id=subnet.id)
    network.delete_network(brought)
    assert shown["CidrBlock"] == "10.66.1.0/24"
    ec2.delete_vpc(VpcId=vpc)
