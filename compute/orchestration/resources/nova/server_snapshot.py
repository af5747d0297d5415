"""What a stack's snapshot saves of a server: its disk, as an image.

The disks of one that boots from volumes are its volumes' to save.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.orchestration.errors import ResourceFailed
from compute.orchestration.frame.resource_type import SAVED, saved_name
from compute.orchestration.frame.work import Cloud, Work
from compute.orchestration.resources.frame.finding import COMPUTE, IMAGE

_IMAGE = "snapshot_image_id"
_GONE = frozenset({"killed", "deleted", "pending_delete"})


def begin(work: Work) -> None:
    """Ask for an image; one that was asked for before a crash is known by its name."""
    if not work.properties["image"]:
        return
    name = saved_name(work)
    found = work.cloud.pages(IMAGE, "images", "images", name=name)
    image = next((str(each["id"]) for each in found), "")
    if not image:
        body = {"createImage": {"name": name}}
        path = ("servers", work.physical_id, "action")
        image = str(work.cloud.post(COMPUTE, *path, body=body)["image_id"])
    work.remember(**{SAVED: {_IMAGE: image}})


def is_done(work: Work) -> bool:
    """Whether the image is there, whole."""
    saved = work.data.get(SAVED)
    if not saved:
        return True
    image = work.cloud.find(IMAGE, "images", saved[_IMAGE])
    if image is None or image["status"] in _GONE:
        raise ResourceFailed("The image of the server could not be made")
    return bool(image["status"] == "active")


def restored(saved: Mapping[str, Any]) -> dict[str, Any]:
    """The server of that image."""
    return {"image": saved[_IMAGE]}


def drop(cloud: Cloud, saved: Mapping[str, Any]) -> None:
    """Delete the image."""
    cloud.delete(IMAGE, "images", saved[_IMAGE])
