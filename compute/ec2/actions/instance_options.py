"""Options of an instance that here are as they are: of its metadata, of watching it.

Who wishes for what it has anyway is answered, as tools that set everything expect.
"""

from __future__ import annotations

from compute.ec2 import ids
from compute.ec2.actions.instances import asked_servers
from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import missing, unsupported
from compute.ec2.views.instances import METADATA_OPTIONS, metadata_wishes


def modify_metadata(call: Call) -> Document:
    """``ModifyInstanceMetadataOptions``."""
    identifier = call.parameters.required("InstanceId")
    asked_servers(call.inventory, [identifier])
    for name, only in metadata_wishes().items():
        if (value := call.parameters.text(name)) and value != only:
            raise unsupported(name, f"It can be {only}.")
    shown = {"state": "applied", **METADATA_OPTIONS}
    return {"instanceId": identifier, "instanceMetadataOptions": shown}


def unmonitor(call: Call) -> Document:
    """``UnmonitorInstances``: those that are not watched more closely than others."""
    wanted = call.parameters.texts("InstanceId")
    if not wanted:
        raise missing("InstanceId")
    shown = [
        {
            "instanceId": call.inventory.id_of(ids.INSTANCE, server["id"]),
            "monitoring": {"state": "disabled"},
        }
        for server in asked_servers(call.inventory, wanted)
    ]
    return {"instancesSet": shown}


def monitor(call: Call) -> Document:
    """``MonitorInstances``: measures have one interval here."""
    raise unsupported("MonitorInstances", "Measures are taken at one interval.")


ACTIONS = {
    "ModifyInstanceMetadataOptions": Action(
        modify_metadata, " ".join(("InstanceId", *metadata_wishes()))
    ),
    "MonitorInstances": Action(monitor, "InstanceId"),
    "UnmonitorInstances": Action(unmonitor, "InstanceId"),
}
