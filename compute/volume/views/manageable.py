"""Disks that could be volumes or snapshots, and those that are, as the API lists them:
pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

from compute.core.errors import BadRequest
from compute.volume.drivers.port import SNAPSHOT, VOLUME
from compute.volume.drivers.unmanaged import UnmanagedDisk
from compute.volume.records import Snapshot, Volume
from compute.volume.rules import gib_of

SOURCE_NAME = "source-name"
SORTS = {"size": "size_gib", "reference": "name"}


@dataclass(frozen=True, slots=True)
class Manageable:
    """One line.  ``known_as``: the id of what it is already; ``source``: the disk of
    the volume that a snapshot is of."""

    name: str
    size_gib: int
    problem: str = ""
    known_as: str = ""
    source: str = ""

    def document(self, *, detail: bool, is_snapshot: bool) -> dict[str, Any]:
        """As the API has it."""
        found: dict[str, Any] = {
            "reference": {SOURCE_NAME: self.name},
            "size": self.size_gib,
            "safe_to_manage": not self.problem,
        }
        if is_snapshot:
            found["source_reference"] = {SOURCE_NAME: self.source}
        if detail:
            found["reason_not_safe"] = self.problem or None
            found["cinder_id"] = self.known_as or None
            found["extra_info"] = None
        return found


def manageable_volumes(
    disks: Iterable[UnmanagedDisk], volumes: Iterable[Volume]
) -> list[Manageable]:
    """Those that are managed are told of, too."""
    return [
        *map(_of_disk, disks),
        *(_managed(VOLUME, each.id, each.size_gib) for each in volumes),
    ]


def manageable_snapshots(
    disks: Iterable[UnmanagedDisk], snapshots: Iterable[Snapshot]
) -> list[Manageable]:
    """Of which volume a disk was one, only who brought it knows."""
    return [
        *map(_of_disk, disks),
        *(
            replace(
                _managed(SNAPSHOT, each.id, each.size_gib),
                source=VOLUME + each.volume_id,
            )
            for each in snapshots
        ),
    ]


def _of_disk(disk: UnmanagedDisk) -> Manageable:
    return Manageable(disk.name, gib_of(disk.size_bytes), disk.problem)


def _managed(kind: str, key: str, size_gib: int) -> Manageable:
    return Manageable(kind + key, size_gib, "already managed", key)


def ordered(found: list[Manageable], sort: str) -> list[Manageable]:
    """By ``key[:direction],...``; ``BadRequest`` for keys that are none."""
    found = sorted(found, key=lambda each: each.name)
    for part in reversed([each for each in sort.split(",") if each]):
        key, _, direction = part.strip().partition(":")
        if key not in SORTS or direction not in ("", "asc", "desc"):
            raise BadRequest(f"Invalid sort: {part[:40]}; the keys are size, reference")
        found.sort(key=attrgetter(SORTS[key]), reverse=direction != "asc")
    return found


def after(found: list[Manageable], marker: str) -> list[Manageable]:
    """What follows the one of that name; ``BadRequest`` when there is none."""
    for place, each in enumerate(found):
        if each.name == marker:
            return found[place + 1 :]
    raise BadRequest("marker not found")
