"""Whether volumes end with their instance: said anew by ``BlockDeviceMapping``."""

from __future__ import annotations

from urllib.parse import quote

import orjson

from compute.ec2 import ids
from compute.ec2.device_names import shown_device
from compute.ec2.frame.errors import Ec2Error, coded, invalid
from compute.ec2.frame.parameters import Parameters
from compute.ec2.inventory import Inventory, Thing
from objectstore.kernel.errors import Rejected

# The compute room's first version in which an attachment is changed so.
_VERSION = "2.85"


def asked_ends(
    parameters: Parameters, inventory: Inventory, server: Thing
) -> dict[str, bool]:
    """By the volumes' uuids.  ``Ec2Error`` for a device that the server has not."""
    found = {}
    by_device = {
        shown_device(volume, attachment): volume["id"]
        for volume, attachment in inventory.volumes_by_server.get(server["id"], [])
    }
    for each in parameters.structures("BlockDeviceMapping"):
        each.heed("DeviceName Ebs")
        ebs, device = each.structure("Ebs"), each.required("DeviceName")
        ebs.heed("DeleteOnTermination VolumeId")
        volume = by_device.get(device)
        if volume is None:
            text = f"Value ({device}) for parameter DeviceName: no volume is there"
            raise Ec2Error("InvalidInstanceAttributeValue", text)
        named = ebs.text("VolumeId")
        if named and inventory.uuid(ids.VOLUME, named) != volume:
            raise invalid("Ebs.VolumeId", named, f"It is not {device}.")
        if ebs.has("DeleteOnTermination"):
            found[volume] = ebs.flag("DeleteOnTermination")
    return found


def set_end(
    inventory: Inventory, server: Thing, volume: str, ends_with_it: bool
) -> None:
    """Have a volume end with its server, or not."""
    change = {"volumeId": volume, "delete_on_termination": ends_with_it}
    headers = {
        "Content-Type": "application/json",
        "X-OpenStack-Nova-API-Version": _VERSION,
    }
    path = f"/servers/{quote(server['id'])}/os-volume_attachments/{quote(volume)}"
    body = orjson.dumps({"volumeAttachment": change})
    with coded(missing="InvalidVolume.NotFound", state="IncorrectInstanceState"):
        status, _, said = inventory.rooms.raw("compute", "PUT", path, headers, body)
        if status >= 400:
            raise Rejected(status, said.decode("utf-8", "replace")[:200])
