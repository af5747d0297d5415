"""``RunInstances``: an order for servers."""

from __future__ import annotations

import secrets
from typing import Any

from compute.core.identifiers import EC2_DIGITS
from compute.ec2 import ids, tagging
from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import Ec2Error, coded, invalid, missing, unsupported
from compute.ec2.frame.parameters import Parameters
from compute.ec2.inventory import Inventory, Thing
from compute.ec2.launch_disks import disks_of_order
from compute.ec2.views import instances as view

# Of one order; the project's quota may be less.
INSTANCES_MAX = 100
USER_DATA_BYTES_MAX = 16 * 1024
CLIENT_TOKEN_LENGTH_MAX = 64
DEFAULT_TYPE = "m1.small"
_BASE64_GROWTH = 4 / 3

# Wishes that come with every client's defaults, and what may be wished.
_ONLY: dict[tuple[str, str], str] = {
    ("", "InstanceInitiatedShutdownBehavior"): "stop",
    ("", "DisableApiTermination"): "false",
    ("", "DisableApiStop"): "false",
    ("", "EbsOptimized"): "false",
    ("Monitoring", "Enabled"): "false",
    ("Placement", "Tenancy"): "default",
}


def run(call: Call) -> Document:
    """The reservation with its instances, pending."""
    parameters = call.parameters
    _refuse_what_is_not_here(parameters)
    least, most = _counts(parameters)
    client_token = parameters.text("ClientToken")
    if len(client_token) > CLIENT_TOKEN_LENGTH_MAX:
        raise invalid("ClientToken", client_token, "It is too long.")
    if client_token and (ordered := _ordered(call.inventory, client_token)):
        return view.reservations(call.inventory, ordered)[0]
    tags = tagging.tags_for_new(parameters, ids.INSTANCE, ids.VOLUME)
    image = _image(call)
    reservation = f"{ids.RESERVATION}-{secrets.token_hex(EC2_DIGITS)[:EC2_DIGITS]}"
    metadata = {**tags[ids.INSTANCE], view.RESERVATION: reservation}
    name = metadata.pop(tagging.NAME, "") or reservation
    if client_token:
        metadata[tagging.CLIENT_TOKEN] = client_token
    server: dict[str, Any] = {
        "name": name,
        "imageRef": image["id"],
        "flavorRef": flavor_id(call.inventory, parameters.text("InstanceType")),
        "metadata": metadata,
        "min_count": least,
        "max_count": most,
        **_networks(call),
    }
    if key_name := parameters.text("KeyName"):
        server["key_name"] = _key(call.inventory, key_name)
    if zone := parameters.structure("Placement").text("AvailabilityZone"):
        server["availability_zone"] = _zone(call.inventory, zone)
    if user_data := _user_data(parameters):
        server["user_data"] = user_data
    if disks := disks_of_order(call, image):
        if tags[ids.VOLUME]:
            # Tools send these always; only where volumes come do they mean anything.
            text = "Tag volumes once they exist."
            raise unsupported("TagSpecification for volume", text)
        server["block_device_mapping_v2"] = disks
        if disks[0]["destination_type"] == "volume":
            del server["imageRef"]
            metadata[view.IMAGE] = image["id"]
    with coded(limit="InstanceLimitExceeded"):
        call.rooms.post("compute", "servers", body={"server": server})
    after = call.inventory.look_again()
    made = [
        each
        for each in after.servers
        if each["metadata"].get(view.RESERVATION) == reservation
    ]
    return view.reservations(after, made)[0]


def _refuse_what_is_not_here(parameters: Parameters) -> None:
    for (structure, name), only in _ONLY.items():
        given = parameters.structure(structure) if structure else parameters
        value = given.text(name).lower()
        if value and value != only:
            raise unsupported(f"{structure}.{name}".lstrip("."), f"It can be {only}.")


def _counts(parameters: Parameters) -> tuple[int, int]:
    least, most = parameters.integer("MinCount"), parameters.integer("MaxCount")
    if least is None or most is None:
        raise missing("MinCount" if least is None else "MaxCount")
    if least < 1 or most < least:
        raise invalid("MinCount", least, "It is from 1 to MaxCount.")
    if most > INSTANCES_MAX:
        raise Ec2Error("InstanceLimitExceeded", f"At most {INSTANCES_MAX} at once")
    return least, most


def _ordered(inventory: Inventory, client_token: str) -> list[Thing]:
    """What an earlier request with the same token has ordered."""
    return [
        server
        for server in [*inventory.servers, *inventory.gone_servers]
        if server["metadata"].get(tagging.CLIENT_TOKEN) == client_token
    ]


def _image(call: Call) -> Thing:
    identifier = call.parameters.required("ImageId")
    uuid = call.inventory.uuid(ids.IMAGE, identifier)
    with coded(missing="InvalidAMIID.NotFound"):
        image: Thing = call.rooms.get("image", "images", uuid)
    if image["status"] != "active":
        raise Ec2Error("InvalidAMIID.Unavailable", f"{identifier} is not available")
    return image


def flavor_id(inventory: Inventory, name: str) -> str:
    """The flavor of that name: instance types have no other id."""
    for flavor in inventory.flavors:
        if flavor["name"] == (name or DEFAULT_TYPE):
            return str(flavor["id"])
    raise invalid("InstanceType", name or DEFAULT_TYPE)


def _key(inventory: Inventory, name: str) -> str:
    if name not in {pair["name"] for pair in inventory.key_pairs}:
        text = f"The key pair '{name}' does not exist"
        raise Ec2Error("InvalidKeyPair.NotFound", text)
    return name


def _zone(inventory: Inventory, name: str) -> str:
    if name not in {zone["zoneName"] for zone in inventory.zones}:
        raise invalid("Placement.AvailabilityZone", name)
    return name


def _user_data(parameters: Parameters) -> str:
    user_data = parameters.base64_text("UserData")
    if len(user_data) > USER_DATA_BYTES_MAX * _BASE64_GROWTH + 4:
        raise invalid("UserData", "...", "It may have 16 KiB.")
    return user_data


# ---- networks ----------------------------------------------------------------------


def _networks(call: Call) -> dict[str, Any]:
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
    return order


def _by_interfaces(call: Call, given: list[Parameters]) -> dict[str, Any]:
    found, groups = [], set()
    for each in sorted(given, key=lambda each: each.integer("DeviceIndex", 0) or 0):
        if each.flag("AssociatePublicIpAddress"):
            raise unsupported("AssociatePublicIpAddress", "Associate one afterwards.")
        if interface := each.text("NetworkInterfaceId"):
            found.append({"port": call.inventory.uuid(ids.INTERFACE, interface)})
            continue
        found.append(_network(call, each.required("SubnetId"), each))
        groups.add(tuple(_groups(call, each, "SecurityGroupId", "")))
    if len(groups) > 1:
        raise unsupported("SecurityGroupId", "New interfaces share their groups.")
    order: dict[str, Any] = {"networks": found}
    if named := next(iter(groups), ()):
        order["security_groups"] = [{"name": group} for group in named]
    return order


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
        named = [each["id"] for each in inventory.groups if each["name"] == name]
        if len(named) != 1:
            text = f"The security group '{name}' does not exist, or several have it"
            raise Ec2Error("InvalidGroup.NotFound", text)
        found += named
    return list(dict.fromkeys(found))


ACTIONS = {
    "RunInstances": Action(
        run,
        "ImageId InstanceType MinCount MaxCount KeyName SecurityGroupId SecurityGroup"
        " SubnetId PrivateIpAddress NetworkInterface UserData Placement ClientToken"
        " BlockDeviceMapping TagSpecification Monitoring DisableApiTermination"
        " DisableApiStop InstanceInitiatedShutdownBehavior EbsOptimized",
    )
}
