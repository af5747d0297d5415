"""``RunInstances``: an order for servers."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from compute.core.identifiers import EC2_DIGITS
from compute.ec2 import ids, launch_tags, metadata_options, tagging
from compute.ec2.call import Call
from compute.ec2.flavors import flavor_id
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import Ec2Error, coded, invalid, missing, unsupported
from compute.ec2.frame.parameters import Parameters
from compute.ec2.groups_of_servers import group_named
from compute.ec2.image_devices import devices_of
from compute.ec2.inventory import Inventory, Thing
from compute.ec2.launch_disks import disks_of_order
from compute.ec2.launch_networks import networks_of_order, wants_address
from compute.ec2.launch_templates import with_template
from compute.ec2.protection import PROTECTIONS, metadata_for
from compute.ec2.public_addresses import WISH, check_room, settle_soon
from compute.ec2.rooms import ORDER_HEADER
from compute.ec2.templates.data import USER_DATA_LENGTH_MAX
from compute.ec2.views import instances as view

# Of one order; the project's quota may be less.
INSTANCES_MAX = 100
_CONFLICT = "IncorrectState"

# Wishes that come with every client's defaults, and what may be wished.
_ONLY: dict[tuple[str, str], str] = {
    ("", "InstanceInitiatedShutdownBehavior"): "stop",
    ("", "EbsOptimized"): "false",
    ("Monitoring", "Enabled"): "false",
    ("Placement", "Tenancy"): "default",
    # Nothing is saved up here for later: a guest computes as its type lets it.
    ("CreditSpecification", "CpuCredits"): "unlimited",
    ("HibernationOptions", "Configured"): "false",
    ("EnclaveOptions", "Enabled"): "false",
    ("CapacityReservationSpecification", "CapacityReservationPreference"): "open",
    ("MaintenanceOptions", "AutoRecovery"): "default",
}
_PLACEMENT = "AvailabilityZone Tenancy GroupName"


def run(call: Call) -> Document:
    """The reservation with its instances, pending."""
    call, template_tags = with_template(call)
    parameters = call.parameters
    _refuse_what_is_not_here(parameters)
    least, most = _counts(parameters)
    client_token = tagging.client_token(parameters)
    if client_token and (ordered := _ordered(call.inventory, client_token)):
        return view.reservations(call.inventory, ordered)[0]
    tags = tagging.tags_for_new(parameters, ids.INSTANCE, *launch_tags.KINDS)
    image = _image(call)
    reservation = f"{ids.RESERVATION}-{secrets.token_hex(EC2_DIGITS)[:EC2_DIGITS]}"
    metadata = {**tags[ids.INSTANCE], **template_tags, view.RESERVATION: reservation}
    metadata |= metadata_for([each for each in PROTECTIONS if _is_wished(call, each)])
    metadata |= metadata_options.asked_options(parameters.structure("MetadataOptions"))
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
        **networks_of_order(call),
    }
    if wants_address(call):
        check_room(call.inventory, least)
        metadata[WISH] = "wanted"
    if key_name := parameters.text("KeyName"):
        server["key_name"] = _key(call.inventory, key_name)
    if zone := parameters.structure("Placement").text("AvailabilityZone"):
        server["availability_zone"] = _zone(call.inventory, zone)
    hints = {}
    if group := parameters.structure("Placement").text("GroupName"):
        uuid = group_named(call.inventory, group)["id"]
        hints = {"os:scheduler_hints": {"group": uuid}}
        metadata[view.PLACEMENT_GROUP] = group
    if metadata_options.needs_token(metadata):
        # What cloud-init has for OpenStack knows no tokens; it reads this first.
        server["config_drive"] = True
    if user_data := _user_data(parameters):
        server["user_data"] = user_data
    disks, wishes = disks_of_order(call, image)
    metadata |= wishes
    # Tools send tags for volumes whether there will be any or not.
    metadata |= launch_tags.notes(tags if disks else {**tags, ids.VOLUME: {}})
    if devices_of(image):
        metadata[view.IMAGE] = image["id"]
    if disks:
        server["block_device_mapping_v2"] = disks
        if disks[0].get("destination_type") == "volume":
            del server["imageRef"]
            metadata[view.IMAGE] = image["id"]
    try:
        with coded(limit="InstanceLimitExceeded", state=_CONFLICT):
            order = _digest(client_token)
            body = {"server": server, **hints}
            call.rooms.post("compute", "servers", body=body, order=order)
    except Ec2Error as error:
        if not client_token or error.code != _CONFLICT:
            raise
        return _the_first_one(call, client_token, error)

    def is_ours(server: Thing) -> bool:
        return bool(server["metadata"].get(view.RESERVATION) == reservation)

    after = call.inventory.look_again()
    if WISH in metadata:
        after = settle_soon(after, is_ours)
    made = [each for each in after.servers if is_ours(each)]
    return view.reservations(after, made)[0]


def _is_wished(call: Call, protection: str) -> bool:
    return call.parameters.flag(protection[0].upper() + protection[1:])


def _digest(client_token: str) -> str:
    """A token as the compute room is told it: it may have any characters."""
    digest = hashlib.sha256(client_token.encode()).hexdigest()
    return f"ec2-{digest}" if client_token else ""


def _the_first_one(call: Call, client_token: str, error: Ec2Error) -> Document:
    """What was ordered with this token by another process while this one looked."""
    inventory = call.inventory.look_again()
    if ordered := _ordered(inventory, client_token):
        return view.reservations(inventory, ordered)[0]
    if ORDER_HEADER in error.text:
        text = "The instances that were ordered with this client token are terminated"
        raise Ec2Error("IdempotentInstanceTerminated", text)
    raise error


def _refuse_what_is_not_here(parameters: Parameters) -> None:
    if parameters.has("InstanceMarketOptions"):
        raise unsupported("InstanceMarketOptions", "There are no spot instances here.")
    known = {
        "Placement": _PLACEMENT.split(),
        "MetadataOptions": list(metadata_options.PARAMETERS),
    }
    for structure, name in _ONLY:
        if structure:
            known.setdefault(structure, []).append(name)
    for structure, names in known.items():
        given = parameters.structure(structure)
        # Tools send some empty, whether they are wished for or not.
        empty = [name for name in given.names() if given.is_empty(name)]
        given.heed(" ".join([*names, *empty]))
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
    if len(user_data) > USER_DATA_LENGTH_MAX:
        raise invalid("UserData", "...", "It may have 16 KiB.")
    return user_data


ACTIONS = {
    "RunInstances": Action(
        run,
        "ImageId InstanceType MinCount MaxCount KeyName SecurityGroupId SecurityGroup"
        " SubnetId PrivateIpAddress NetworkInterface UserData Placement ClientToken"
        " BlockDeviceMapping TagSpecification Monitoring DisableApiTermination"
        " DisableApiStop InstanceInitiatedShutdownBehavior EbsOptimized LaunchTemplate"
        " MetadataOptions CreditSpecification HibernationOptions EnclaveOptions"
        " MaintenanceOptions CapacityReservationSpecification"
        " InstanceMarketOptions",
    )
}
