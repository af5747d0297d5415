"""How long an image is to be used, and whether it may be taken away."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from compute.ec2 import ids
from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import coded, invalid, unsupported
from compute.ec2.frame.xml import moment
from compute.ec2.views.images import DEPRECATION
from compute.ec2.words import word

_MISSING = "InvalidAMIID.NotFound"
_PATCH = "application/openstack-images-v2.1-json-patch"


def enable_deprecation(call: Call) -> Document:
    """``EnableImageDeprecation``: from then on others do not see it in lists."""
    given = call.parameters.required("DeprecateAt")
    try:
        at = moment(datetime.fromisoformat(given.replace("Z", "+00:00")).isoformat())
    except (ValueError, OverflowError):
        raise invalid("DeprecateAt", given, "It is no moment.") from None
    _deprecate(call, [word(DEPRECATION, str(at))])
    return {"return": True}


def disable_deprecation(call: Call) -> Document:
    """``DisableImageDeprecation``."""
    _deprecate(call, [])
    return {"return": True}


def _deprecate(call: Call, words: list[str]) -> None:
    uuid = call.inventory.uuid(ids.IMAGE, call.parameters.required("ImageId"))
    with coded(missing=_MISSING):
        image = call.rooms.get("image", "images", uuid)
        kept = [
            each for each in image["tags"] if not each.startswith(f"{DEPRECATION}=")
        ]
        _patch(call, uuid, "/tags", [*kept, *words])


def protect(call: Call) -> Document:
    """``EnableImageDeregistrationProtection``."""
    if call.parameters.flag("WithCooldown"):
        raise unsupported("WithCooldown", "It can be false.")
    return _protect(call, True)


def release(call: Call) -> Document:
    """``DisableImageDeregistrationProtection``: at once."""
    return _protect(call, False)


def _protect(call: Call, is_wanted: bool) -> Document:
    uuid = call.inventory.uuid(ids.IMAGE, call.parameters.required("ImageId"))
    with coded(missing=_MISSING):
        _patch(call, uuid, "/protected", is_wanted)
    return {"return": "true"}


def reset(call: Call) -> Document:
    """``ResetImageAttribute``: nobody else may start it."""
    uuid = call.inventory.uuid(ids.IMAGE, call.parameters.required("ImageId"))
    if (attribute := call.parameters.required("Attribute")) != "launchPermission":
        raise invalid("Attribute", attribute, "It can be launchPermission.")
    with coded(missing=_MISSING):
        if call.rooms.get("image", "images", uuid)["visibility"] != "private":
            _patch(call, uuid, "/visibility", "shared")
            path = ("images", uuid, "members")
            for member in call.rooms.get("image", *path)["members"]:
                call.rooms.delete("image", *path, member["member_id"])
    return {"return": True}


def _patch(call: Call, uuid: str, path: str, value: Any) -> None:
    change = [{"op": "replace", "path": path, "value": value}]
    call.rooms.patch("image", "images", uuid, body=change, kind=_PATCH)


ACTIONS = {
    "EnableImageDeprecation": Action(enable_deprecation, "ImageId DeprecateAt"),
    "DisableImageDeprecation": Action(disable_deprecation, "ImageId"),
    "EnableImageDeregistrationProtection": Action(protect, "ImageId WithCooldown"),
    "DisableImageDeregistrationProtection": Action(release, "ImageId"),
    "ResetImageAttribute": Action(reset, "ImageId Attribute"),
}
