"""What a launch template says of instances: checked, laid under an order, shown.

It is kept under the names that ``RunInstances`` has, so an order by a template is one
form laid over another.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from compute.ec2.frame.errors import Ec2Error, invalid
from compute.ec2.frame.parameters import Parameters
from compute.ec2.templates.model import Data

DATA_BYTES_MAX = 32 * 1024
# 16 KiB, in base64.
USER_DATA_LENGTH_MAX = 16 * 1024 * 4 // 3 + 4
# What ``RunInstances`` heeds and a template may say.
HEEDED = (
    "ImageId InstanceType KeyName SecurityGroupId SecurityGroup NetworkInterface"
    " UserData Placement BlockDeviceMapping TagSpecification Monitoring"
    " DisableApiTermination DisableApiStop InstanceInitiatedShutdownBehavior"
    " EbsOptimized MetadataOptions HibernationOptions EnclaveOptions"
    " CapacityReservationSpecification MaintenanceOptions"
)
_FLAGS = (
    "EbsOptimized",
    "Encrypted",
    "DeleteOnTermination",
    "AssociatePublicIpAddress",
    "Enabled",
    "DisableApiTermination",
    "DisableApiStop",
    "Configured",
)
_NUMBERS = (
    "VolumeSize",
    "Iops",
    "Throughput",
    "DeviceIndex",
    "NetworkCardIndex",
    "HttpPutResponseHopLimit",
)
# Lists whose items stand for one thing each, and by what it is known.
_MERGED = {"BlockDeviceMapping": "DeviceName", "NetworkInterface": "DeviceIndex"}
# An interface that does not say its place has the first one.
_FIRST = "0"
_ADDED = "TagSpecification"
_LIST_NAMES = {
    ("", "SecurityGroupId"): "securityGroupIdSet",
    ("NetworkInterface", "SecurityGroupId"): "groupSet",
}
# One way to write each, as in ``Parameters``; other names become documents' elements.
_INDEX = re.compile(r"(0|[1-9][0-9]{0,5})\Z")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}\Z")
# What XML and PostgreSQL's JSON cannot carry.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


def asked_data(parameters: Parameters) -> Data:
    """``LaunchTemplateData`` of a request, checked.  ``Ec2Error``."""
    given = parameters.structure("LaunchTemplateData")
    given.heed(HEEDED)
    if given.has("UserData"):
        text = given.base64_text("UserData")
        if len(text) > USER_DATA_LENGTH_MAX:
            raise invalid("LaunchTemplateData.UserData", "...", "It may have 16 KiB.")
    data = _checked(given)
    if len(orjson.dumps(data)) > DATA_BYTES_MAX:
        text = f"It may have {DATA_BYTES_MAX // 1024} KiB."
        raise invalid("LaunchTemplateData", "...", text)
    return data


def _checked(given: Parameters) -> dict[str, Any]:
    """Flags and numbers in one spelling each, as they are shown again."""
    found: dict[str, Any] = {}
    for name in given.names():
        if not (_NAME.match(name) or _INDEX.match(name)):
            raise Ec2Error("InvalidParameter", f"{name} is not a parameter's name")
        if given.is_structure(name):
            found[name] = _checked(given.structure(name))
        elif name in _FLAGS:
            found[name] = str(given.flag(name)).lower()
        elif name in _NUMBERS:
            found[name] = str(given.integer(name, 0))
        elif _FORBIDDEN.search(given.text(name)):
            raise invalid(name, "...", "It has characters that no document can have.")
        else:
            found[name] = given.text(name)
    return found


def laid_over(under: Data, over: Data) -> dict[str, Any]:
    """What an order says and, where it says nothing, what its template does.

    Disks are known by their names and interfaces by their places; tags of both are
    given, the order's last; any other list is the order's or the template's.
    """
    found = dict(under)
    for name, value in over.items():
        before = found.get(name)
        if not isinstance(before, dict) or not isinstance(value, dict):
            found[name] = value
        elif name in _MERGED:
            found[name] = _items_laid_over(before, value, _MERGED[name])
        elif name == _ADDED:
            both = [*_items(before), *_items(value)]
            found[name] = {str(at): each for at, each in enumerate(both, 1)}
        elif _is_list(before) or _is_list(value):
            found[name] = value
        else:
            found[name] = laid_over(before, value)
    return found


def _items_laid_over(under: Data, over: Data, key: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in _items(under):
        found[str(item.get(key, _FIRST))] = item
    for item in _items(over):
        known = str(item.get(key, _FIRST))
        found[known] = laid_over(found.get(known, {}), item)
    return {str(at): each for at, each in enumerate(found.values(), 1)}


def _items(value: Data) -> list[Any]:
    """Of a list, in its order; what is none is left for the order's checks to see."""
    if not all(isinstance(each, dict) for each in value.values()) or (
        not _is_list(value)
    ):
        raise Ec2Error("InvalidParameterValue", "A list of structures is none")
    return [value[number] for number in sorted(value, key=int)]


def _is_list(value: Mapping[str, Any]) -> bool:
    return bool(value) and all(map(_INDEX.match, value))


def shown_data(data: Data, within: str = "") -> dict[str, Any]:
    """The same as documents have it: small first letters, and lists are sets."""
    found: dict[str, Any] = {}
    for name, value in data.items():
        shown = name[:1].lower() + name[1:]
        if isinstance(value, dict) and _is_list(value):
            items = [value[number] for number in sorted(value, key=int)]
            found[_LIST_NAMES.get((within, name), f"{shown}Set")] = [
                shown_data(each, name) if isinstance(each, dict) else each
                for each in items
            ]
        elif isinstance(value, dict):
            found[shown] = shown_data(value, name)
        else:
            found[shown] = value
    return found
