"""More private addresses of an interface, and its single attributes."""

from __future__ import annotations

from typing import Any

from compute.ec2 import ids
from compute.ec2.actions.interfaces import MISSING, asked_port
from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import Ec2Error, coded, invalid, missing
from compute.ec2.interface_addresses import more_places
from compute.ec2.inventory import Thing
from compute.ec2.views.interfaces import interface

_IN_USE = "InvalidIPAddress.InUse"


def assign(call: Call) -> Document:
    """``AssignPrivateIpAddresses``: those named, or so many more."""
    port, parameters = asked_port(call), call.parameters
    wanted = parameters.texts("PrivateIpAddress")
    count = parameters.integer("SecondaryPrivateIpAddressCount", 0) or 0
    if not wanted and not count:
        raise missing("PrivateIpAddress")
    had = {place["ip_address"] for place in port["fixed_ips"]}
    places = port["fixed_ips"] + more_places(
        _subnet(port), [each for each in wanted if each not in had], count
    )
    after = _set(call, port, places)
    new = [
        {"privateIpAddress": place["ip_address"]}
        for place in after["fixed_ips"]
        if place["ip_address"] not in had
    ]
    return {
        "networkInterfaceId": parameters.text("NetworkInterfaceId"),
        "assignedPrivateIpAddressesSet": new,
        "return": True,
    }


def unassign(call: Call) -> Document:
    """``UnassignPrivateIpAddresses``: any but the first."""
    port, gone = asked_port(call), call.parameters.texts("PrivateIpAddress")
    if not gone:
        raise missing("PrivateIpAddress")
    places = port["fixed_ips"]
    for address in gone:
        if address not in {place["ip_address"] for place in places[1:]}:
            text = "It is none of the interface's secondary private addresses."
            raise invalid("PrivateIpAddress", address, text)
    _set(call, port, [each for each in places if each["ip_address"] not in gone])
    return {"return": True}


def _subnet(port: Thing) -> str:
    if not port["fixed_ips"]:
        text = "The interface has no private address"
        raise Ec2Error("InvalidParameterValue", text)
    return str(port["fixed_ips"][0]["subnet_id"])


def _set(call: Call, port: Thing, places: list[dict[str, str]]) -> Thing:
    body = {"port": {"fixed_ips": places}}
    with coded(missing=MISSING, state=_IN_USE):
        made: Thing = call.rooms.put("network", "ports", port["id"], body=body)["port"]
    return made


def describe_attribute(call: Call) -> Document:
    """``DescribeNetworkInterfaceAttribute``."""
    port, attribute = asked_port(call), call.parameters.required("Attribute")
    shown = interface(call.inventory, port)
    values: dict[str, Any] = {
        "attachment": shown.get("attachment"),
        "description": {"value": shown["description"]},
        "groupSet": shown["groupSet"],
        "sourceDestCheck": {"value": shown["sourceDestCheck"]},
    }
    if attribute not in values:
        raise invalid("Attribute", attribute)
    identifier = call.inventory.id_of(ids.INTERFACE, port["id"])
    return {"networkInterfaceId": identifier, attribute: values[attribute]}


ACTIONS = {
    "AssignPrivateIpAddresses": Action(
        assign,
        "NetworkInterfaceId PrivateIpAddress SecondaryPrivateIpAddressCount"
        " AllowReassignment",
    ),
    "UnassignPrivateIpAddresses": Action(
        unassign, "NetworkInterfaceId PrivateIpAddress"
    ),
    "DescribeNetworkInterfaceAttribute": Action(
        describe_attribute, "NetworkInterfaceId Attribute"
    ),
}
