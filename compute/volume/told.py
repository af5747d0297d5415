"""Volumes, snapshots and attachments as the volume service tells them, and orders as
it wants them: records of its JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from compute.volume.connection import READ_WRITE, ConnectionInfo, connection_of


@dataclass(frozen=True, slots=True)
class VolumeAttachment:
    """Who has a volume, as the volume tells it.  ``device``: ``/dev/vdb``."""

    attachment_id: str
    server_id: str
    host_name: str
    device: str


@dataclass(frozen=True, slots=True)
class VolumeRecord:
    """A volume as the API tells it.  ``size_gib``: GiB.  ``image_properties``: what its
    image said (``image_id``, ``min_ram`` and ``hw_*`` among it; all texts)."""

    id: str
    name: str
    description: str
    status: str
    size_gib: int
    bootable: bool
    availability_zone: str
    volume_type: str
    project_id: str
    user_id: str
    snapshot_id: str
    source_volume_id: str
    multiattach: bool
    created_at: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    image_properties: Mapping[str, str] = field(default_factory=dict)
    attachments: tuple[VolumeAttachment, ...] = ()

    @property
    def is_available(self) -> bool:
        """Whether it can be attached."""
        return self.status == "available"

    @property
    def has_failed(self) -> bool:
        """Whether it will never become available by itself."""
        return self.status.startswith("error")


@dataclass(frozen=True, slots=True)
class SnapshotRecord:
    """A snapshot as the API tells it; ``status``: creating, available, deleting,
    error, error_deleting."""

    id: str
    name: str
    volume_id: str
    status: str
    size_gib: int
    created_at: str
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AttachmentRecord:
    """An attachment.  ``status``: reserved, attaching, attached, detached, error.
    ``connection``: None until a host's connector was given; ``host``: whose that
    was."""

    id: str
    volume_id: str
    server_id: str
    status: str
    access: str
    connection: ConnectionInfo | None = None
    host: str = ""


@dataclass(frozen=True, slots=True)
class NewVolume:
    """What to create; at most one source.  ``size_gib`` 0: the source's own (of an
    image it must be said).  ``project_id`` and ``user_id``: on whose behalf, when
    there is no token of theirs (only the house may say it)."""

    size_gib: int = 0
    name: str = ""
    description: str = ""
    image_id: str = ""
    snapshot_id: str = ""
    source_volume_id: str = ""
    volume_type: str = ""
    availability_zone: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    project_id: str = ""
    user_id: str = ""


@dataclass(frozen=True, slots=True)
class Stray:
    """``kind``: ``file``, ``export`` or ``backup``; ``host``: the volume host that has
    it, "" for what is in the ring."""

    kind: str
    name: str
    host: str = ""

    def document(self) -> dict[str, str]:
        """As the API wants it."""
        found = {"kind": self.kind, "id": self.name, "host": self.host}
        return {key: value for key, value in found.items() if value}


@dataclass(frozen=True, slots=True)
class Strays:
    """What nobody owns; ``unasked``: volume hosts that do not answer."""

    found: tuple[Stray, ...]
    unasked: tuple[str, ...]


def strays(document: Mapping[str, Any]) -> Strays:
    """Of the API's JSON (a release before tells no hosts)."""
    found = [
        Stray(each["kind"], each["id"], each.get("host", ""))
        for each in document["leftovers"]
    ]
    return Strays(tuple(found), tuple(document.get("unasked", ())))


def volume_record(volume: Mapping[str, Any]) -> VolumeRecord:
    """Of the API's JSON."""
    return VolumeRecord(
        id=volume["id"],
        name=volume.get("name") or "",
        description=volume.get("description") or "",
        status=volume["status"],
        size_gib=volume["size"],
        bootable=volume.get("bootable") == "true",
        availability_zone=volume.get("availability_zone") or "",
        volume_type=volume.get("volume_type") or "",
        project_id=volume.get("os-vol-tenant-attr:tenant_id") or "",
        user_id=volume.get("user_id") or "",
        snapshot_id=volume.get("snapshot_id") or "",
        source_volume_id=volume.get("source_volid") or "",
        multiattach=bool(volume.get("multiattach")),
        created_at=volume["created_at"],
        metadata=dict(volume.get("metadata") or {}),
        image_properties=dict(volume.get("volume_image_metadata") or {}),
        attachments=tuple(
            VolumeAttachment(
                attachment_id=each["attachment_id"],
                server_id=each.get("server_id") or "",
                host_name=each.get("host_name") or "",
                device=each.get("device") or "",
            )
            for each in volume.get("attachments", ())
        ),
    )


def snapshot_record(document: Mapping[str, Any]) -> SnapshotRecord:
    """Of the API's JSON."""
    return SnapshotRecord(
        id=document["id"],
        name=document.get("name") or "",
        volume_id=document["volume_id"],
        status=document["status"],
        size_gib=document["size"],
        created_at=document["created_at"],
        metadata=dict(document.get("metadata") or {}),
    )


def attachment_record(document: Mapping[str, Any]) -> AttachmentRecord:
    """Of the API's JSON."""
    info = document.get("connection_info")
    return AttachmentRecord(
        id=document["id"],
        volume_id=document["volume_id"],
        server_id=document.get("instance") or "",
        status=document["status"],
        access=document.get("attach_mode") or READ_WRITE,
        connection=connection_of(info) if info else None,
        host=document.get("host_name") or "",
    )


def new_document(volume: NewVolume) -> dict[str, Any]:
    """As the API wants it: what was not said is not there."""
    optional: dict[str, Any] = {
        "size": volume.size_gib,
        "name": volume.name,
        "description": volume.description,
        "imageRef": volume.image_id,
        "snapshot_id": volume.snapshot_id,
        "source_volid": volume.source_volume_id,
        "volume_type": volume.volume_type,
        "availability_zone": volume.availability_zone,
        "metadata": dict(volume.metadata),
    }
    return {key: value for key, value in optional.items() if value}
