"""A server's volumes as the API shows them, by microversion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.instance.block_devices import BlockDevice, volumes_of
from compute.instance.frame.replies import View, rendered

ATTACHMENT: tuple[View, ...] = (
    View("id", lambda server_id, device: device.volume_id, until=88),
    View("volumeId", lambda server_id, device: device.volume_id),
    View("serverId", lambda server_id, device: server_id),
    View("device", lambda server_id, device: device.device),
    View("tag", lambda server_id, device: device.tag or None, since=70),
    View(
        "delete_on_termination",
        lambda server_id, device: device.delete_on_termination,
        since=79,
    ),
    View(
        "attachment_id",
        lambda server_id, device: device.attachment_id or None,
        since=89,
    ),
    View("bdm_uuid", lambda server_id, device: device.id, since=89),
)
_ANSWER_SINCE = 89


def attachment_view(server_id: str, device: BlockDevice, minor: int) -> dict[str, Any]:
    """For show and list."""
    return rendered(ATTACHMENT, minor, server_id, device)


def attached_view(server_id: str, device: BlockDevice, minor: int) -> dict[str, Any]:
    """The reply to an attach: it kept its ``id`` when the others lost it."""
    return rendered(ATTACHMENT, min(minor, _ANSWER_SINCE - 1), server_id, device)


def volumes_attached(entries: list[Mapping[str, Any]], minor: int) -> list[Any]:
    """``os-extended-volumes:volumes_attached`` of a server."""
    found: list[Any] = []
    for device in volumes_of(entries):
        value: dict[str, Any] = {"id": device.volume_id}
        if minor >= 3:
            value["delete_on_termination"] = device.delete_on_termination
        found.append(value)
    return found
