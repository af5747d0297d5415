"""Internet gateways: by themselves, or as a VPC's way out (see ``ec2.vpcs``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.ec2 import ids, tagging
from compute.ec2.actions.vpcs import own_vpc
from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import Ec2Error, coded
from compute.ec2.frame.filters import Accessor, asked_filters, chosen
from compute.ec2.frame.pages import page
from compute.ec2.marking import add_words, set_marks, undone
from compute.ec2.vpcs import ATTACHED_GATEWAY, LONE_GATEWAY, Gateway, Vpc
from compute.ec2.words import word

_ROUTER_NAME = "internet gateway without a VPC"


def _attached(name: str) -> Accessor:
    return lambda shown: [each[name] for each in shown["attachmentSet"]]


FILTERS: Mapping[str, Accessor] = {
    "attachment.state": _attached("state"),
    "attachment.vpc-id": _attached("vpcId"),
    "internet-gateway-id": lambda shown: shown["internetGatewayId"],
    "owner-id": lambda shown: shown["ownerId"],
}


def describe(call: Call) -> Document:
    """``DescribeInternetGateways``."""
    gateways = call.inventory.layout.gateways
    wanted = call.parameters.texts("InternetGatewayId")
    shown = [_document(each) for each in ids.named(gateways, ids.GATEWAY, wanted)]
    found = chosen(shown, asked_filters(call.parameters), FILTERS)
    key = "internetGatewayId"
    found, token = page(call.parameters, found, lambda each: str(each[key]))
    return {"internetGatewaySet": found, "nextToken": token}


def _document(gateway: Gateway) -> dict[str, Any]:
    attached = [{"vpcId": gateway.vpc.id, "state": "available"}] if gateway.vpc else []
    return {
        "internetGatewayId": gateway.id,
        "ownerId": gateway.router["project_id"],
        "attachmentSet": attached,
        "tagSet": tagging.tag_set(ids.GATEWAY, gateway.router),
    }


def create(call: Call) -> Document:
    """``CreateInternetGateway``: a router that leads nowhere stands for it."""
    tags = tagging.tags_for_new(call.parameters, ids.GATEWAY)[ids.GATEWAY]
    words = tagging.words_for(tagging.HOLDERS[ids.GATEWAY], tags)
    identifier = _stand_in(call, "", words)
    gateway = call.inventory.look_again().layout.gateway(identifier)
    return {"internetGateway": _document(gateway)}


def _stand_in(call: Call, identifier: str, words: list[str]) -> str:
    """Make a router that stands for a gateway; the gateway's id, a new one if none is
    given."""
    rooms, body = call.rooms, {"router": {"name": _ROUTER_NAME}}
    with coded(limit="InternetGatewayLimitExceeded"):
        made = rooms.post("network", "routers", body=body)["router"]
    identifier = identifier or ids.ec2_id(ids.GATEWAY, made["id"])
    with undone(rooms, "network", "routers", made["id"]):
        marked = [*words, word(LONE_GATEWAY, identifier)]
        add_words(rooms, "routers", made["id"], marked)
    return identifier


def attach(call: Call) -> Document:
    """``AttachInternetGateway``: its VPC's routes may lead to it from now on."""
    parameters, layout = call.parameters, call.inventory.layout
    gateway = layout.gateway(parameters.required("InternetGatewayId"))
    vpc = own_vpc(call, parameters.required("VpcId"))
    if gateway.vpc is not None:
        text = f"resource {gateway.id} is already attached to network {gateway.vpc.id}"
        raise Ec2Error("Resource.AlreadyAssociated", text)
    if (other := layout.gateway_of(vpc.id)) is not None:
        text = f"Network {vpc.id} already has an internet gateway attached: {other.id}"
        raise Ec2Error("InvalidParameterValue", text)
    assert vpc.router is not None
    words = [*_tag_words(gateway), word(ATTACHED_GATEWAY, gateway.id)]
    with coded(missing="InvalidVpcID.NotFound"):
        add_words(call.rooms, "routers", vpc.router["id"], words)
        call.rooms.delete("network", "routers", gateway.router["id"])
    return {"return": True}


def _tag_words(gateway: Gateway) -> list[str]:
    holder = tagging.HOLDERS[ids.GATEWAY]
    return tagging.words_for(holder, tagging.tags_of(holder, gateway.router))


def detach(call: Call) -> Document:
    """``DetachInternetGateway``: and none of the VPC's routes leads out any more."""
    parameters, layout = call.parameters, call.inventory.layout
    gateway = layout.gateway(parameters.required("InternetGatewayId"))
    vpc = layout.vpc(parameters.required("VpcId"))
    if gateway.vpc is None or gateway.vpc.id != vpc.id:
        text = f"resource {gateway.id} is not attached to network {vpc.id}"
        raise Ec2Error("Gateway.NotAttached", text)
    if vpc.nats:
        text = f"Network {vpc.id} has some mapped public address(es)."
        raise Ec2Error("DependencyViolation", text)
    with coded(missing="InvalidVpcID.NotFound", state="DependencyViolation"):
        for table in vpc.tables:
            if table.router is not None and table.router["external_gateway_info"]:
                lead_out(call, table.router["id"], None)
    # One that OpenStack's user has made is nothing once it leads nowhere.
    if gateway.is_kept:
        _stand_in(call, gateway.id, _tag_words(gateway))
        _forget(call, gateway, vpc)
    return {"return": True}


def _forget(call: Call, gateway: Gateway, vpc: Vpc) -> None:
    holder = tagging.HOLDERS[ids.GATEWAY]
    assert vpc.router is not None
    gone = [holder.prefix + key for key in tagging.tags_of(holder, gateway.router)]
    marks = dict.fromkeys([*gone, ATTACHED_GATEWAY], "")
    set_marks(call.inventory, "routers", vpc.router, marks)


def lead_out(call: Call, router_id: str, network_id: str | None) -> None:
    """Give a router a gateway to an external network, or take it away."""
    info = {"network_id": network_id} if network_id else None
    body = {"router": {"external_gateway_info": info}}
    call.rooms.put("network", "routers", router_id, body=body)


def delete(call: Call) -> Document:
    """``DeleteInternetGateway``: not while it is attached."""
    layout = call.inventory.layout
    gateway = layout.gateway(call.parameters.required("InternetGatewayId"))
    if gateway.vpc is not None:
        text = (
            f"The internetGateway '{gateway.id}' has dependencies and cannot be deleted"
        )
        raise Ec2Error("DependencyViolation", text)
    with coded(missing="InvalidInternetGatewayID.NotFound"):
        call.rooms.delete("network", "routers", gateway.router["id"])
    return {"return": True}


ACTIONS = {
    "DescribeInternetGateways": Action(
        describe, "InternetGatewayId Filter MaxResults NextToken"
    ),
    "CreateInternetGateway": Action(create, "TagSpecification"),
    "AttachInternetGateway": Action(attach, "InternetGatewayId VpcId", is_alone=True),
    "DetachInternetGateway": Action(detach, "InternetGatewayId VpcId", is_alone=True),
    "DeleteInternetGateway": Action(delete, "InternetGatewayId", is_alone=True),
}
