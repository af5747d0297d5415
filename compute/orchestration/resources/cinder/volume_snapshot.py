"""What a stack's snapshot saves of a volume: a backup, which needs no volume."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.orchestration.errors import ResourceFailed
from compute.orchestration.frame.resource_type import SAVED, saved_name
from compute.orchestration.frame.work import Cloud, Work
from compute.orchestration.resources.frame.finding import VOLUME

_BACKUP = "backup_id"
# A volume has one source.
_OTHER_SOURCES = ("snapshot_id", "source_volid", "image")


def begin(work: Work) -> None:
    """Ask for a backup, also while a server has the volume; one that was asked for
    before a crash is known by its name."""
    name = saved_name(work)
    found = work.cloud.pages(VOLUME, "backups", "backups", name=name)
    backup = next((str(each["id"]) for each in found), "")
    if not backup:
        body = {"volume_id": work.physical_id, "name": name, "force": True}
        made = work.cloud.post(VOLUME, "backups", body={"backup": body})
        backup = str(made["backup"]["id"])
    work.remember(**{SAVED: {_BACKUP: backup}})


def is_done(work: Work) -> bool:
    """Whether it is there."""
    saved = work.data.get(SAVED)
    if not saved:
        return True
    document = work.cloud.find(VOLUME, "backups", saved[_BACKUP])
    if document is None or document["backup"]["status"] == "error":
        raise ResourceFailed("The backup of the volume could not be made")
    return bool(document["backup"]["status"] == "available")


def restored(saved: Mapping[str, Any]) -> dict[str, Any]:
    """A volume from that backup."""
    return {_BACKUP: saved[_BACKUP], **dict.fromkeys(_OTHER_SOURCES)}


def drop(cloud: Cloud, saved: Mapping[str, Any]) -> None:
    """Delete the backup."""
    cloud.delete(VOLUME, "backups", saved[_BACKUP])
