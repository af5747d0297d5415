"""Another type for an instance that is stopped.

The compute room changes a server in two steps, and waits between them for somebody to
say that the change is good; EC2 knows one.  So it is waited for and said here.
"""

from __future__ import annotations

from typing import Any

from compute.ec2 import ids
from compute.ec2.call import Call
from compute.ec2.flavors import flavor_id
from compute.ec2.frame.errors import Ec2Error, coded
from compute.ec2.inventory import Thing
from compute.ec2.views.instances import state_name
from objectstore.kernel.concurrency import sleep
from objectstore.kernel.errors import Unavailable

# A disk may have to be copied to another host; clients wait for a minute.
PATIENCE_SECONDS = 50.0
_POLL_SECONDS = 0.5
_STATE = "IncorrectInstanceState"
_CHANGED = "VERIFY_RESIZE"
_UNDER_WAY = ("RESIZE", _CHANGED)


def change_type(call: Call, server: Thing, name: str) -> None:
    """Make a stopped server one of the flavor with that name.  ``Ec2Error``;
    ``Unavailable``: it takes longer, and the same request may be sent again."""
    is_that = name == server["flavor"]["original_name"]
    if is_that and server["status"] not in _UNDER_WAY:
        return
    if state_name(server) != "stopped":
        identifier = ids.ec2_id(ids.INSTANCE, server["id"])
        text = f"The instance '{identifier}' is not in the 'stopped' state."
        raise Ec2Error(_STATE, text)
    path = ("servers", server["id"], "action")
    with coded(missing="InvalidInstanceID.NotFound", state=_STATE):
        if server["status"] not in _UNDER_WAY:
            wanted = {"flavorRef": flavor_id(call.inventory, name)}
            call.rooms.post("compute", *path, body={"resize": wanted})
        _wait(call, server, _CHANGED)
        call.rooms.post("compute", *path, body={"confirmResize": None})
        _wait(call, server, "SHUTOFF")


def _wait(call: Call, server: Thing, status: str) -> None:
    waited = 0.0
    while waited <= PATIENCE_SECONDS:
        now = call.rooms.get("compute", "servers", server["id"])["server"]
        if now["status"] == status and not now["OS-EXT-STS:task_state"]:
            return
        if not _is_under_way(now):
            fault = now.get("fault", {}).get("message", "It could not be changed.")
            raise Ec2Error("InsufficientInstanceCapacity", fault)
        sleep(_POLL_SECONDS)
        waited += _POLL_SECONDS
    raise Unavailable(f"a server is not {status} after {waited:.0f} s")


def _is_under_way(server: dict[str, Any]) -> bool:
    return bool(server["OS-EXT-STS:task_state"]) or server["status"] in _UNDER_WAY
