"""Options of an instance: how its metadata are told, and how closely it is watched."""

from __future__ import annotations

from compute.ec2 import ids
from compute.ec2.actions.instances import asked_servers
from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import coded, missing, unsupported
from compute.ec2.metadata_options import (
    PARAMETERS,
    asked_options,
    shown_options,
)


def modify_metadata(call: Call) -> Document:
    """``ModifyInstanceMetadataOptions``."""
    identifier = call.parameters.required("InstanceId")
    server = asked_servers(call.inventory, [identifier])[0]
    wanted = asked_options(call.parameters)
    if wanted:
        with coded(missing="InvalidInstanceID.NotFound"):
            path = ("servers", server["id"], "metadata")
            call.rooms.post("compute", *path, body={"metadata": wanted})
    shown = shown_options({**server["metadata"], **wanted})
    return {
        "instanceId": identifier,
        "instanceMetadataOptions": {"state": "applied", **shown},
    }


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
        modify_metadata, " ".join(("InstanceId", *PARAMETERS))
    ),
    "MonitorInstances": Action(monitor, "InstanceId"),
    "UnmonitorInstances": Action(unmonitor, "InstanceId"),
}
