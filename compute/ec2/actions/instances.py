"""Instances: shown, started, stopped, rebooted, terminated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from compute.ec2 import ids, launch_tags
from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import Ec2Error, coded, missing, unsupported
from compute.ec2.frame.filters import Accessor, asked_filters, chosen
from compute.ec2.frame.pages import page
from compute.ec2.inventory import Inventory, Thing
from compute.ec2.protection import STOP, TERMINATION, refuse_if_kept
from compute.ec2.public_addresses import settle, take_from
from compute.ec2.views import instances as view

_MISSING = "InvalidInstanceID.NotFound"
_STATE = "IncorrectInstanceState"


def _interfaces(*names: str) -> Accessor:
    """Something of every interface of an instance."""

    def look(document: Mapping[str, Any]) -> list[Any]:
        found = []
        for each in document["networkInterfaceSet"]:
            for name in names:
                each = each.get(name) if each is not None else None
            found.append(each)
        return [each for each in found if each is not None]

    return look


FILTERS: Mapping[str, Accessor] = {
    "architecture": lambda shown: shown["architecture"],
    "availability-zone": lambda shown: shown["placement"]["availabilityZone"],
    "block-device-mapping.device-name": lambda shown: [
        each["deviceName"] for each in shown["blockDeviceMapping"]
    ],
    "block-device-mapping.volume-id": lambda shown: [
        each["ebs"]["volumeId"] for each in shown["blockDeviceMapping"]
    ],
    "client-token": lambda shown: shown["clientToken"],
    "dns-name": lambda shown: shown["dnsName"],
    "group-id": lambda shown: [each["groupId"] for each in shown["groupSet"]],
    "group-name": lambda shown: [each["groupName"] for each in shown["groupSet"]],
    "hypervisor": lambda shown: shown["hypervisor"],
    "image-id": lambda shown: shown["imageId"],
    "instance-id": lambda shown: shown["instanceId"],
    "instance-state-code": lambda shown: shown["instanceState"]["code"],
    "instance-state-name": lambda shown: shown["instanceState"]["name"],
    "instance-type": lambda shown: shown["instanceType"],
    "instance.group-id": lambda shown: [each["groupId"] for each in shown["groupSet"]],
    "instance.group-name": lambda shown: [
        each["groupName"] for each in shown["groupSet"]
    ],
    "ip-address": lambda shown: shown["ipAddress"],
    "key-name": lambda shown: shown["keyName"],
    "launch-index": lambda shown: shown["amiLaunchIndex"],
    "launch-time": lambda shown: shown["launchTime"],
    "network-interface.addresses.private-ip-address": _interfaces("privateIpAddress"),
    "network-interface.association.public-ip": _interfaces("association", "publicIp"),
    "network-interface.mac-address": _interfaces("macAddress"),
    "network-interface.network-interface-id": _interfaces("networkInterfaceId"),
    "network-interface.subnet-id": _interfaces("subnetId"),
    "network-interface.vpc-id": _interfaces("vpcId"),
    "owner-id": lambda shown: shown["ownerId"],
    "private-dns-name": lambda shown: shown["privateDnsName"],
    "private-ip-address": lambda shown: shown["privateIpAddress"],
    "reservation-id": lambda shown: shown["reservationId"],
    "root-device-name": lambda shown: shown["rootDeviceName"],
    "root-device-type": lambda shown: shown["rootDeviceType"],
    "subnet-id": lambda shown: shown["subnetId"],
    "virtualization-type": lambda shown: shown["virtualizationType"],
    "vpc-id": lambda shown: shown["vpcId"],
}


def describe(call: Call) -> Document:
    """``DescribeInstances``: those that are there, and those lately terminated."""
    parameters = call.parameters
    wanted = parameters.texts("InstanceId")
    if wanted and parameters.has("MaxResults"):
        raise Ec2Error(
            "InvalidParameterCombination",
            "The parameter instancesSet cannot be used with the parameter maxResults",
        )
    inventory = launch_tags.settle(settle(call.inventory))
    servers = asked_servers(inventory, wanted)
    documents = view.instances(inventory, servers)
    fitting = chosen(documents, asked_filters(parameters), FILTERS)
    shown, token = page(parameters, fitting, lambda each: str(each["instanceId"]))
    names = {each["instanceId"] for each in shown}
    found = [each for each in documents if each["instanceId"] in names]
    return {"reservationSet": view.reserved(found), "nextToken": token}


def asked_servers(inventory: Inventory, wanted: list[str]) -> list[Thing]:
    """The servers with these ids, or all; those that are gone too."""
    there = {server["id"]: server for server in inventory.servers}
    by_id = {
        inventory.id_of(ids.INSTANCE, server["id"]): server for server in there.values()
    }
    if not wanted or not by_id.keys() >= set(wanted):
        for server in inventory.gone_servers:
            if server["id"] not in there:
                by_id[inventory.id_of(ids.INSTANCE, server["id"])] = server
    if not wanted:
        return list(by_id.values())
    for identifier in wanted:
        if identifier not in by_id:
            inventory.uuid(ids.INSTANCE, identifier)  # says so if it is malformed
            raise ids.not_found(ids.INSTANCE, identifier)
    return [by_id[identifier] for identifier in dict.fromkeys(wanted)]


def describe_status(call: Call) -> Document:
    """``DescribeInstanceStatus``: of those that run, or of all."""
    wanted = call.parameters.texts("InstanceId")
    is_all = call.parameters.flag("IncludeAllInstances")
    documents = []
    for server in asked_servers(call.inventory, wanted):
        document = view.instance(call.inventory, server)
        if is_all or document["instanceState"]["name"] == "running":
            documents.append(_status(document))
    found = chosen(
        documents,
        asked_filters(call.parameters),
        {
            "availability-zone": lambda shown: shown["availabilityZone"],
            "instance-state-code": lambda shown: shown["instanceState"]["code"],
            "instance-state-name": lambda shown: shown["instanceState"]["name"],
            "instance-status.status": lambda shown: shown["instanceStatus"]["status"],
            "system-status.status": lambda shown: shown["systemStatus"]["status"],
        },
    )
    shown, token = page(call.parameters, found, lambda each: str(each["instanceId"]))
    return {"instanceStatusSet": shown, "nextToken": token}


def _status(document: Mapping[str, Any]) -> dict[str, Any]:
    is_running = document["instanceState"]["name"] == "running"
    summary = {
        "status": "ok" if is_running else "not-applicable",
        "details": [{"name": "reachability", "status": "passed"}] if is_running else [],
    }
    return {
        "instanceId": document["instanceId"],
        "availabilityZone": document["placement"]["availabilityZone"],
        "instanceState": document["instanceState"],
        "systemStatus": summary,
        "instanceStatus": summary,
    }


# ---- what is done to instances ---------------------------------------------------


def start(call: Call) -> Document:
    """``StartInstances``; of one that runs nothing is wanted."""
    return _change(call, _start, "pending")


def stop(call: Call) -> Document:
    """``StopInstances``; of one that is stopped nothing is wanted."""
    if call.parameters.flag("Hibernate"):
        raise unsupported("Hibernate")
    return _change(call, _stop, "stopping")


def terminate(call: Call) -> Document:
    """``TerminateInstances``; of one that is gone nothing is wanted."""
    return _change(call, _terminate, "shutting-down")


def reboot(call: Call) -> Document:
    """``RebootInstances``."""
    for server in _named(call):
        _act(call, server, {"reboot": {"type": "SOFT"}})
    return {"return": True}


def _change(
    call: Call, change: Callable[[Call, Thing], bool], following: str
) -> Document:
    """What was and what is, of each; all are looked for before one is touched."""
    found = []
    for server in _named(call):
        before = view.state_name(server)
        after = following if change(call, server) else before
        found.append(
            {
                "instanceId": call.inventory.id_of(ids.INSTANCE, server["id"]),
                "currentState": view.state(after),
                "previousState": view.state(before),
            }
        )
    return {"instancesSet": found}


def _named(call: Call) -> list[Thing]:
    wanted = call.parameters.texts("InstanceId")
    if not wanted:
        raise missing("InstanceId")
    return asked_servers(call.inventory, wanted)


def _start(call: Call, server: Thing) -> bool:
    if view.state_name(server) in ("running", "pending"):
        return False
    verb = {"PAUSED": "unpause", "SUSPENDED": "resume"}.get(server["status"])
    if server["status"].startswith("SHELVED"):
        verb = "unshelve"
    _act(call, server, {verb or "os-start": None})
    return True


def _stop(call: Call, server: Thing) -> bool:
    if view.state_name(server) in ("stopped", "stopping"):
        return False
    refuse_if_kept(server, ids.ec2_id(ids.INSTANCE, server["id"]), STOP)
    _act(call, server, {"os-stop": None})
    return True


def _terminate(call: Call, server: Thing) -> bool:
    if server["status"] == "DELETED" or view.state_name(server) == "shutting-down":
        return False
    refuse_if_kept(server, ids.ec2_id(ids.INSTANCE, server["id"]), TERMINATION)
    with coded(missing=_MISSING, state=_STATE):
        call.rooms.delete("compute", "servers", server["id"])
        take_from(call.inventory, server["id"])
    return True


def _act(call: Call, server: Thing, body: Mapping[str, Any]) -> None:
    if server["status"] == "DELETED":
        text = f"The instance '{ids.ec2_id(ids.INSTANCE, server['id'])}' is terminated"
        raise Ec2Error(_STATE, text)
    with coded(missing=_MISSING, state=_STATE):
        call.rooms.post("compute", "servers", server["id"], "action", body=body)


ACTIONS = {
    "DescribeInstances": Action(describe, "InstanceId Filter MaxResults NextToken"),
    "DescribeInstanceStatus": Action(
        describe_status, "InstanceId Filter MaxResults NextToken IncludeAllInstances"
    ),
    "StartInstances": Action(start, "InstanceId"),
    "StopInstances": Action(stop, "InstanceId Force Hibernate"),
    "RebootInstances": Action(reboot, "InstanceId"),
    "TerminateInstances": Action(terminate, "InstanceId"),
}
