"""Single things of an instance: attributes, its console, its password."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from compute.ec2 import ids
from compute.ec2.actions.instances import asked_servers
from compute.ec2.call import Call
from compute.ec2.disk_ends import asked_ends, set_end
from compute.ec2.forwarding import check_source
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import coded, invalid, unsupported
from compute.ec2.frame.parameters import Parameters
from compute.ec2.inventory import Thing
from compute.ec2.protection import PROTECTIONS, is_kept, protect
from compute.ec2.resizing import change_type
from compute.ec2.templates.data import USER_DATA_LENGTH_MAX
from compute.ec2.views.instances import instance

# What AWS gives at most.
CONSOLE_BYTES_MAX = 64 * 1024
_MISSING = "InvalidInstanceID.NotFound"
_STATE = "IncorrectInstanceState"
# Names as clients write them, and elements as documents have them.
_USER_DATA = "userData"
_TEXTS = ("kernel", "ramdisk", _USER_DATA)
_FLAGS = ("ebsOptimized", "enaSupport")
_NAMED_BY_ATTRIBUTE = (
    "InstanceType",
    "DisableApiTermination",
    "DisableApiStop",
    "EbsOptimized",
    "SourceDestCheck",
    "InstanceInitiatedShutdownBehavior",
    "UserData",
)


def _server(call: Call) -> Thing:
    return asked_servers(call.inventory, [call.parameters.required("InstanceId")])[0]


def describe_attribute(call: Call) -> Document:
    """``DescribeInstanceAttribute``."""
    server, name = _server(call), call.parameters.required("Attribute")
    document = instance(call.inventory, server)
    values: dict[str, Any] = {
        "instanceType": {"value": document["instanceType"]},
        "instanceInitiatedShutdownBehavior": {"value": "stop"},
        "rootDeviceName": {"value": document["rootDeviceName"]},
        "sourceDestCheck": {"value": document["sourceDestCheck"]},
        "blockDeviceMapping": document["blockDeviceMapping"],
        "groupSet": document["groupSet"],
        "productCodes": [],
        **{flag: {"value": False} for flag in _FLAGS},
        **{name: {"value": is_kept(server, name)} for name in PROTECTIONS},
        **{text: {} for text in _TEXTS},
    }
    if name == _USER_DATA:
        with coded(missing=_MISSING):
            given = call.rooms.get("compute", "servers", server["id"], "user-data")
        if given["user_data"]:
            values[name] = {"value": given["user_data"]}
    if name not in values:
        raise invalid("Attribute", name)
    return {"instanceId": document["instanceId"], name: values[name]}


def modify_attribute(call: Call) -> Document:
    """``ModifyInstanceAttribute``: its groups, its type and user data while it is
    stopped, what it is protected from, whether it forwards what is not its own, and
    which volumes end with it."""
    parameters, inventory = _in_one_form(call.parameters), call.inventory
    server = _server(call)
    ends = asked_ends(parameters, inventory, server)
    for name, only in (
        ("EbsOptimized", "false"),
        ("InstanceInitiatedShutdownBehavior", "stop"),
    ):
        value = parameters.structure(name).text("Value").lower()
        if value and value != only:
            raise unsupported(name, f"It can be {only}.")
    if groups := parameters.texts("GroupId"):
        wanted = [inventory.uuid(ids.GROUP, each) for each in groups]
        with coded(missing="InvalidGroup.NotFound"):
            for port in inventory.ports_by_server.get(server["id"], []):
                body = {"port": {"security_groups": wanted}}
                call.rooms.put("network", "ports", port["id"], body=body)
    for name in PROTECTIONS:
        given = name[0].upper() + name[1:]
        if parameters.has(given):
            is_wanted = parameters.structure(given).flag("Value")
            with coded(missing=_MISSING):
                protect(call.rooms, server, name, is_wanted)
    if parameters.has("SourceDestCheck"):
        is_checked = parameters.structure("SourceDestCheck").flag("Value")
        for port in inventory.ports_by_server.get(server["id"], []):
            check_source(call.rooms, port, is_checked)
    if parameters.has("UserData"):
        _give_user_data(call, server, parameters.structure("UserData"))
    for volume, ends_with_it in ends.items():
        set_end(inventory, server, volume, ends_with_it)
    if kind := parameters.structure("InstanceType").text("Value"):
        change_type(call, server, kind)
    return {"return": True}


def _give_user_data(call: Call, server: Thing, given: Parameters) -> None:
    text = given.base64_text("Value")
    if len(text) > USER_DATA_LENGTH_MAX:
        raise invalid("UserData", "...", "It may have 16 KiB.")
    with coded(missing=_MISSING, state=_STATE):
        path = ("servers", server["id"], "user-data")
        call.rooms.put("compute", *path, body={"user_data": text})


def reset_attribute(call: Call) -> Document:
    """``ResetInstanceAttribute``: it forwards nothing that is not its own."""
    attribute = call.parameters.required("Attribute")
    if attribute != "sourceDestCheck":
        raise invalid("Attribute", attribute, "It can be sourceDestCheck.")
    for port in call.inventory.ports_by_server.get(_server(call)["id"], []):
        check_source(call.rooms, port, True)
    return {"return": True}


def _in_one_form(parameters: Parameters) -> Parameters:
    """Of old an attribute is named, and its value beside it."""
    if not parameters.has("Attribute"):
        return parameters
    name = parameters.required("Attribute")
    given = name[0].upper() + name[1:]
    if given not in _NAMED_BY_ATTRIBUTE:
        raise invalid("Attribute", name, "It cannot be changed so.")
    value = {given: {"Value": parameters.required("Value")}}
    return Parameters({**parameters.tree, **value})


def console_output(call: Call) -> Document:
    """``GetConsoleOutput``: the last 64 KiB that it has written."""
    server = _server(call)
    body: Mapping[str, Any] = {"os-getConsoleOutput": {}}
    with coded(missing=_MISSING, state=_STATE):
        answer = call.rooms.post(
            "compute", "servers", server["id"], "action", body=body
        )
    output = answer["output"].encode("utf-8", "replace")[-CONSOLE_BYTES_MAX:]
    now = datetime.now(UTC)
    return {
        "instanceId": call.inventory.id_of(ids.INSTANCE, server["id"]),
        "timestamp": now.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "output": base64.b64encode(output).decode(),
    }


def password_data(call: Call) -> Document:
    """``GetPasswordData``: what the guest has encrypted for its key, if it has."""
    server = _server(call)
    with coded(missing=_MISSING):
        path = ("servers", server["id"], "os-server-password")
        password = call.rooms.get("compute", *path)["password"]
    now = datetime.now(UTC)
    return {
        "instanceId": call.inventory.id_of(ids.INSTANCE, server["id"]),
        "timestamp": now.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "passwordData": password,
    }


ACTIONS = {
    "DescribeInstanceAttribute": Action(describe_attribute, "InstanceId Attribute"),
    "ModifyInstanceAttribute": Action(
        modify_attribute,
        "InstanceId GroupId DisableApiTermination DisableApiStop EbsOptimized"
        " SourceDestCheck InstanceInitiatedShutdownBehavior InstanceType Attribute"
        " Value BlockDeviceMapping UserData",
    ),
    "ResetInstanceAttribute": Action(reset_attribute, "InstanceId Attribute"),
    "GetConsoleOutput": Action(console_output, "InstanceId Latest"),
    "GetPasswordData": Action(password_data, "InstanceId"),
}
