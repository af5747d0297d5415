"""Where the instances of an order will be: their networks, groups, addresses."""

from __future__ import annotations

from typing import Any

from compute.ec2 import ids
from compute.ec2.call import Call
from compute.ec2.default_groups import default_group_of_subnet
from compute.ec2.frame.errors import Ec2Error, missing, unsupported
from compute.ec2.frame.parameters import Parameters
from compute.ec2.permissions import group_named
from compute.ec2.vpcs import PUBLIC
from compute.ec2.words import mark

_HEEDED = (
    "DeviceIndex SubnetId SecurityGroupId PrivateIpAddress NetworkInterfaceId"
    " AssociatePublicIpAddress DeleteOnTermination InterfaceType NetworkCardIndex"
)
_PLACES = ("SubnetId", "PrivateIpAddress")

# The compute room's word for the project's one network, or one made for it now.
_ONLY_OR_NEW = "auto"


def wants_address(call: Call) -> bool:
    """Whether they shall have public addresses: the order says so, or else the subnet
    of their first interface."""
    parameters = call.parameters
    given = parameters.structures("NetworkInterface")
    given.sort(key=lambda each: each.integer("DeviceIndex", 0) or 0)
    first = given[0] if given else parameters
    if first.has("AssociatePublicIpAddress"):
        wanted = first.flag("AssociatePublicIpAddress")
        if wanted and (len(given) > 1 or first.has("NetworkInterfaceId")):
            text = (
                "The associatePublicIPAddress parameter is for one new interface alone"
            )
            raise Ec2Error("InvalidParameterCombination", text)
        return wanted
    if not (subnet := first.text("SubnetId")):
        return False
    uuid = call.inventory.uuid(ids.SUBNET, subnet)
    return bool(mark(call.inventory.subnets_by_id.get(uuid, {}), PUBLIC))


def networks_of_order(call: Call) -> dict[str, Any]:
    """``networks`` and ``security_groups`` of the order."""
    parameters = call.parameters
    given = parameters.structures("NetworkInterface")
    if given and any(
        parameters.has(name)
        for name in ("SubnetId", "SecurityGroupId", "SecurityGroup", "PrivateIpAddress")
    ):
        text = "Give subnets and groups in the network interfaces or beside, not both"
        raise Ec2Error("InvalidParameterCombination", text)
    if given:
        return _by_interfaces(call, given)
    order: dict[str, Any] = {}
    if groups := _groups(call, parameters, "SecurityGroupId", "SecurityGroup"):
        order["security_groups"] = [{"name": group} for group in groups]
    if subnet := parameters.text("SubnetId"):
        order["networks"] = [_network(call, subnet, parameters)]
    elif parameters.has("PrivateIpAddress"):
        raise missing("SubnetId")
    else:
        order["networks"] = _usual(call)
    return order


def _usual(call: Call) -> str:
    """Where instances are of which nobody said it: there must be no choice."""
    own = [
        network
        for network in call.inventory.networks
        if network["project_id"] == call.signer.project_id
        and not network["router:external"]
    ]
    if len(own) > 1:
        text = "The project has several networks: say which SubnetId"
        raise Ec2Error("MissingInput", text)
    return _ONLY_OR_NEW


def _by_interfaces(call: Call, given: list[Parameters]) -> dict[str, Any]:
    found: list[dict[str, str]] = []
    groups = set()
    for each in sorted(given, key=lambda each: each.integer("DeviceIndex", 0) or 0):
        _check(each)
        if interface := each.text("NetworkInterfaceId"):
            uuid = call.inventory.uuid(ids.INTERFACE, interface)
            found.append({"port": uuid})
            continue
        if len(given) > 1 or any(map(each.has, _PLACES)):
            found.append(_network(call, each.required("SubnetId"), each))
        groups.add(tuple(_groups(call, each, "SecurityGroupId", "")))
    if len(groups) > 1:
        raise unsupported("SecurityGroupId", "New interfaces share their groups.")
    order: dict[str, Any] = {"networks": found or _usual(call)}
    if named := next(iter(groups), ()):
        order["security_groups"] = [{"name": group} for group in named]
    return order


def _check(interface: Parameters) -> None:
    """What is new goes with its instance, and what was there before stays."""
    interface.heed(_HEEDED)
    was_there = interface.has("NetworkInterfaceId")
    if interface.flag("DeleteOnTermination", not was_there) is was_there:
        raise unsupported("DeleteOnTermination", f"It can be {not was_there}.")
    if interface.text("InterfaceType", "interface") != "interface":
        raise unsupported("InterfaceType", "It can be interface.")
    if interface.integer("NetworkCardIndex", 0):
        raise unsupported("NetworkCardIndex", "It can be 0.")


def _network(call: Call, subnet: str, parameters: Parameters) -> dict[str, str]:
    """The subnet's network, and an address in it if one is wanted."""
    inventory = call.inventory
    uuid = inventory.uuid(ids.SUBNET, subnet)
    if uuid not in inventory.subnets_by_id:
        raise ids.not_found(ids.SUBNET, subnet)
    network = inventory.subnets_by_id[uuid]["network_id"]
    siblings = [each for each in inventory.subnets if each["network_id"] == network]
    address = parameters.text("PrivateIpAddress")
    if len(siblings) > 1 and not address:
        text = "Its network has other subnets: say which PrivateIpAddress."
        raise unsupported("SubnetId", text)
    return {"uuid": network, **({"fixed_ip": address} if address else {})}


def _groups(call: Call, parameters: Parameters, by_id: str, by_name: str) -> list[str]:
    """The uuids of groups that are named either way."""
    inventory = call.inventory
    found = [inventory.uuid(ids.GROUP, each) for each in parameters.texts(by_id)]
    for name in parameters.texts(by_name) if by_name else ():
        found.append(group_named(inventory, name)["id"])
    return list(dict.fromkeys(found)) or _default(call, parameters.text("SubnetId"))


def _default(call: Call, subnet: str) -> list[str]:
    """The VPC's own default group, where nothing else is said."""
    if not subnet:
        return []
    uuid = call.inventory.uuid(ids.SUBNET, subnet)
    return default_group_of_subnet(call.inventory, uuid)
