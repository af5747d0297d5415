"""What an update does to a server, step after step.

Each step looks how far the server is before it asks for anything, so that it may be
begun again after a crash; the next begins when the server is idle again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from compute.orchestration.errors import ResourceFailed
from compute.orchestration.frame.resource_type import Change
from compute.orchestration.frame.work import Work
from compute.orchestration.resources.frame.finding import COMPUTE, found
from compute.orchestration.resources.frame.things import without_none
from compute.orchestration.resources.nova import server_networks, server_order
from compute.orchestration.resources.nova.server_schema import REPLACE

Server = Mapping[str, Any]
TASK = "OS-EXT-STS:task_state"
SETTLED = ("ACTIVE", "SHUTOFF")
CHANGED = "VERIFY_RESIZE"
# What is remembered: the steps to do, the one that was asked for, the old places.
STEPS, ASKED, PLACES = "steps", "asked", "places"


def must_replace(change: Change) -> bool:
    """Whether only another server can be what is wanted now."""
    before, after, names = change.before, change.after, change.names
    return (
        ("flavor" in names and after["flavor_update_policy"] == REPLACE)
        or ("image" in names and _is_other_disk(before, after))
        or ("user_data" in names and after["user_data_update_policy"] == REPLACE)
        or (
            "networks" in names
            and server_networks.is_other_kind(before["networks"], after["networks"])
        )
    )


def _is_other_disk(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    policy = after["image_update_policy"]
    return policy == REPLACE or not before["image"] or not after["image"]


def begin(work: Work, change: Change) -> None:
    """What is done at once, and which steps follow."""
    names, after = change.names, change.after
    path = ("servers", work.physical_id)
    if "name" in names:
        body = {"server": {"name": server_order.named(work)}}
        work.cloud.put(COMPUTE, *path, body=body)
    if "metadata" in names:
        metadata = server_order.metadata(after["metadata"] or {})
        work.cloud.put(COMPUTE, *path, "metadata", body={"metadata": metadata})
    if "tags" in names:
        tags = server_order.tags_of(work)
        work.cloud.put(COMPUTE, *path, "tags", body={"tags": tags})
    places = (change.before["networks"] or ()) if "networks" in names else ()
    # One that comes back after a replacement has lost its ports to that.
    steps = [name for name in _STEPS if name in names] if names else ["networks"]
    noted: dict[str, Any] = {
        STEPS: steps,
        ASKED: None,
        PLACES: [_plain(each) for each in places],
    }
    if "networks" in names:
        noted |= server_networks.numbers_of(work, places)
    work.remember(**noted)


def _plain(place: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = without_none(place)
    if "uuid" in found:
        found.setdefault("network", found.pop("uuid"))
    return found


def go_on(work: Work, server: Server) -> bool:
    """One look at the server, and perhaps one step: True when all are done."""
    steps = list(work.data.get(STEPS) or ())
    if not steps:
        return True
    if _STEPS[steps[0]](work, server):
        work.remember(**{STEPS: steps[1:], ASKED: None})
    return False


def act(work: Work, name: str, value: Any = None) -> None:
    """Ask for one of Nova's actions."""
    path = ("servers", work.physical_id, "action")
    work.cloud.post(COMPUTE, *path, body={name: value})


def is_idle(server: Server) -> bool:
    """Whether nothing is under way."""
    return not server.get(TASK) and server["status"] in SETTLED


def _resize(work: Work, server: Server) -> bool:
    if server["status"] == CHANGED and not server.get(TASK):
        act(work, "confirmResize")
        return False
    if not is_idle(server):
        return False
    flavor = found(work.cloud, "nova.flavor", work.properties["flavor"])
    if _flavor_of(server) in (flavor["id"], flavor["name"]):
        return True
    _ask_once(work, "flavor", "resize", {"flavorRef": flavor["id"]})
    return False


def _flavor_of(server: Server) -> Any:
    flavor = server["flavor"]
    return flavor.get("original_name") or flavor.get("id")


def _rebuild(work: Work, server: Server) -> bool:
    if not is_idle(server):
        return False
    image = server_order.reference(work.cloud, "image", work.properties["image"])
    if server["image"] and server["image"]["id"] == image:
        return True
    wanted: dict[str, Any] = {"imageRef": image, "name": server_order.named(work)}
    if work.properties["admin_pass"]:
        wanted["adminPass"] = work.properties["admin_pass"]
    _ask_once(work, "image", "rebuild", wanted)
    return False


def _password(work: Work, server: Server) -> bool:
    if not is_idle(server):
        return False
    if work.data.get(ASKED) != "admin_pass" and work.properties["admin_pass"]:
        work.remember(**{ASKED: "admin_pass"})
        act(work, "changePassword", {"adminPass": work.properties["admin_pass"]})
        return False
    return True


def _ask_once(work: Work, step: str, action: str, value: Any) -> None:
    """An idle server that is still as it was after it was asked has refused."""
    if work.data.get(ASKED) == step:
        raise ResourceFailed(f"The server did not do what it was asked for: {action}")
    act(work, action, value)
    work.remember(**{ASKED: step})


def _networks(work: Work, server: Server) -> bool:
    if server.get(TASK):
        return False
    return server_networks.settle(work, work.data.get(PLACES) or [])


_STEPS: Mapping[str, Callable[[Work, Server], bool]] = {
    "flavor": _resize,
    "image": _rebuild,
    "admin_pass": _password,
    "networks": _networks,
}
"""By the property that asks for it; in this order."""
