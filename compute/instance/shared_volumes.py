"""Volumes that several servers have at once (multiattach): what is refused; pure, but
for the question who has one."""

from __future__ import annotations

from compute.core.errors import BadRequest, Conflict
from compute.volume.client import READ_WRITE, VolumeClient, VolumeRecord

SINCE = 60
"""The minor version from which on servers may share volumes."""


def check_version(volume: VolumeRecord, minor: int) -> None:
    """``BadRequest`` for who speaks to us as if no volume were shared."""
    if volume.multiattach and minor < SINCE:
        raise BadRequest(
            "Multiattach volumes are only supported starting with compute API version"
            f" 2.{SINCE}."
        )


def check_not_shelved(volume: VolumeRecord, *, has_host: bool) -> None:
    """``BadRequest`` for a server without a host: nobody would say that it has it."""
    if volume.multiattach and not has_host:
        raise BadRequest(
            "Attaching multiattach volumes is not supported for shelved-offloaded"
            " instances."
        )


def check_swap(volumes: VolumeClient, old: VolumeRecord, new: VolumeRecord) -> None:
    """``BadRequest`` where somebody else writes to the volume while it is copied, or
    has the one that it would be copied to."""
    if old.multiattach and _writers(volumes, old.id) > 1:
        raise BadRequest(
            "Swapping multi-attach volumes with more than one read/write attachment is"
            " not supported."
        )
    if not new.is_available:
        raise BadRequest(
            f"Invalid volume: volume '{new.id}' status must be 'available'."
            f" Currently in '{new.status}'"
        )


def check_own(volumes: VolumeClient, server_id: str, volume_id: str) -> None:
    """``Conflict`` where another server has the volume, too."""
    for attachment in volumes.list_attachments(volume_id=volume_id):
        if attachment.server_id != server_id:
            raise Conflict(
                f"Volume {volume_id} is not instance {server_id}'s alone: its content"
                " cannot be replaced"
            )


def _writers(volumes: VolumeClient, volume_id: str) -> int:
    found = volumes.list_attachments(volume_id=volume_id)
    return sum(1 for each in found if each.access == READ_WRITE)
