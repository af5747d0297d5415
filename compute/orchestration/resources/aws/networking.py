"""``AWS::EC2::VPC``, ``Subnet``, ``InternetGateway``, ``VPCGatewayAttachment``,
``SecurityGroup``, ``NetworkInterface``.

A VPC is a network, and a router that is called after it: its subnets have their
gateways there, and an internet gateway that is attached is the router's way out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.orchestration.errors import Invalid, ResourceFailed
from compute.orchestration.frame.resource_type import ResourceType
from compute.orchestration.frame.work import Work
from compute.orchestration.resources.aws.computing import TAGS
from compute.orchestration.resources.aws.stand_in import (
    IT,
    Resources,
    StandIn,
    resource,
)
from compute.orchestration.resources.frame.finding import NETWORK, find
from compute.orchestration.resources.frame.schemas import (
    attributes,
    items,
    text,
    texts,
    whole,
)

_TAGS = items("Noted by nobody", TAGS, live=True)
_ANY = "-1"
_RULE = {
    "IpProtocol": text("By its name or number; -1: any", required=True),
    "FromPort": whole("The first port, or ICMP's type", least=-1, most=65535),
    "ToPort": whole("The last port, or ICMP's code", least=-1, most=65535),
    "CidrIp": text("Addresses, as 10.0.0.0/8"),
    "SourceSecurityGroupId": text(
        "Servers of that group", is_a="neutron.security_group"
    ),
}


def _router_of(work: Work) -> str:
    """The router that is called after the property ``VpcId``."""
    network = find(work.cloud, "neutron.network", work.properties["VpcId"])
    name = f"vpc-{network}"
    for each in work.cloud.pages(NETWORK, "routers", "routers", name=name):
        return str(each["id"])
    raise ResourceFailed(f"{network} is no VPC: there is no router {name}")


class Vpc(StandIn):
    """A network with a router."""

    name = "AWS::EC2::VPC"
    description = "A network with a router."
    properties = {
        "CidrBlock": text("Where its subnets' addresses are from"),
        "Tags": _TAGS,
    }

    def resources(self, work: Work) -> Resources:
        """Both."""
        called = {"list_join": ["-", ["vpc", {"get_resource": IT}]]}
        return {
            IT: resource("OS::Neutron::Net"),
            "router": resource("OS::Neutron::Router", name=called),
        }


class Subnet(StandIn):
    """A subnet of a VPC."""

    name = "AWS::EC2::Subnet"
    description = "A subnet of a VPC."
    properties = {
        "CidrBlock": text("Its addresses", required=True),
        "VpcId": text("Of which VPC", required=True, is_a="neutron.network"),
        "AvailabilityZone": text("Every zone has it"),
        "Tags": _TAGS,
    }
    attributes = attributes(AvailabilityZone="What was said")

    def resources(self, work: Work) -> Resources:
        """A subnet, and its gateway at the VPC's router."""
        given = work.properties
        return {
            IT: resource(
                "OS::Neutron::Subnet", network=given["VpcId"], cidr=given["CidrBlock"]
            ),
            "gateway": resource(
                "OS::Neutron::RouterInterface",
                router=_router_of(work),
                subnet={"get_resource": IT},
            ),
        }

    def attribute(self, work: Work, name: str) -> Any:
        """As the template has it."""
        return work.properties[name]


class InternetGateway(ResourceType):
    """Nothing until it is attached."""

    name = "AWS::EC2::InternetGateway"
    description = "A way out of a VPC, once it is attached."
    properties = {"Tags": _TAGS}

    def create(self, work: Work) -> None:
        """A name."""
        work.made(lambda: work.marker)


class VpcGatewayAttachment(StandIn):
    """A VPC's way out."""

    name = "AWS::EC2::VPCGatewayAttachment"
    description = "Lets a VPC's router lead to the external network."
    properties = {
        "VpcId": text("Which VPC", required=True, is_a="neutron.network"),
        "InternetGatewayId": text("By which gateway"),
        "VpnGatewayId": text("Not to be had"),
    }

    def validate(self, properties: Mapping[str, Any]) -> None:
        """There is one kind of gateway."""
        if properties["VpnGatewayId"]:
            raise Invalid("VpnGatewayId: this cloud has no such gateways")

    def resources(self, work: Work) -> Resources:
        """The router's gateway."""
        return {
            IT: resource(
                "OS::Neutron::RouterGateway",
                router_id=_router_of(work),
                network=external_network(work),
            )
        }


def external_network(work: Work) -> str:
    """The cloud's one; the first where there are several."""
    query = {"router:external": "true"}
    for each in work.cloud.pages(NETWORK, "networks", "networks", **query):
        return str(each["id"])
    raise ResourceFailed("There is no external network")


class SecurityGroup(StandIn):
    """A security group."""

    name = "AWS::EC2::SecurityGroup"
    description = "Whom a server lets in."
    properties = {
        "GroupDescription": text("What it is for", required=True, live=True),
        "VpcId": text("Every VPC has it"),
        "SecurityGroupIngress": items("Who may come in", _RULE, [], live=True),
        "SecurityGroupEgress": items("What may go out", _RULE, [], live=True),
    }

    def resources(self, work: Work) -> Resources:
        """A group with its rules."""
        given = work.properties
        inwards = given["SecurityGroupIngress"] or ()
        outwards = given["SecurityGroupEgress"] or ()
        return {
            IT: resource(
                "OS::Neutron::SecurityGroup",
                description=given["GroupDescription"],
                rules=[
                    *(_rule("ingress", each) for each in inwards),
                    *(_rule("egress", each) for each in outwards),
                ],
            )
        }


def _rule(direction: str, given: Mapping[str, Any]) -> dict[str, Any]:
    protocol = given["IpProtocol"]
    found: dict[str, Any] = {"direction": direction}
    if protocol != _ANY:
        found["protocol"] = protocol
        for key, word in (("FromPort", "port_range_min"), ("ToPort", "port_range_max")):
            # -1 is what AWS has for every type of ICMP.
            if given[key] is not None and given[key] >= 0:
                found[word] = given[key]
    if given["SourceSecurityGroupId"]:
        found["remote_mode"] = "remote_group_id"
        found["remote_group_id"] = given["SourceSecurityGroupId"]
    elif given["CidrIp"]:
        found["remote_ip_prefix"] = given["CidrIp"]
    return found


class NetworkInterface(StandIn):
    """A port."""

    name = "AWS::EC2::NetworkInterface"
    description = "A port of a subnet."
    properties = {
        "SubnetId": text("Of which subnet", required=True, is_a="neutron.subnet"),
        "Description": text("Noted by nobody", live=True),
        "GroupSet": texts("Its security groups", live=True),
        "PrivateIpAddress": text("Its address"),
        "SourceDestCheck": text("Always"),
        "Tags": _TAGS,
    }
    attributes = attributes(PrivateIpAddress="Its address")

    def resources(self, work: Work) -> Resources:
        """A port with an address of the subnet."""
        given = work.properties
        subnet = find(work.cloud, "neutron.subnet", given["SubnetId"])
        shown = work.cloud.get(NETWORK, "subnets", subnet)["subnet"]
        address = {"subnet": subnet}
        if given["PrivateIpAddress"]:
            address["ip_address"] = given["PrivateIpAddress"]
        return {
            IT: resource(
                "OS::Neutron::Port",
                network=shown["network_id"],
                fixed_ips=[address],
                security_groups=given["GroupSet"],
            )
        }

    def attribute(self, work: Work, name: str) -> Any:
        """The first of its addresses."""
        return work.nested.attribute(IT, "fixed_ips", 0, "ip_address")


TYPES = (
    Vpc(),
    Subnet(),
    InternetGateway(),
    VpcGatewayAttachment(),
    SecurityGroup(),
    NetworkInterface(),
)
