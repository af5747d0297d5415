"""``OS::Cinder::VolumeType``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from compute.orchestration.frame.resource_type import Change
from compute.orchestration.frame.work import Work
from compute.orchestration.resources.frame.finding import VOLUME, find
from compute.orchestration.resources.frame.schemas import (
    a_flag,
    a_map,
    attributes,
    flag,
    mapping,
    text,
    texts,
)
from compute.orchestration.resources.frame.things import Thing
from objectstore.kernel.errors import Rejected

SPECS, PROJECTS = "metadata", "projects"
_PUBLIC = "os-volume-type-access:is_public"


class VolumeType(Thing):
    """A type of volumes."""

    name = "OS::Cinder::VolumeType"
    description = "A type of volumes."
    shelf = "cinder.vtype"
    needs_role = "admin"
    aside = frozenset({SPECS, PROJECTS})
    fields = {"is_public": _PUBLIC}
    properties = {
        "name": text("Its name", required=True, live=True),
        "metadata": mapping("Its extra specs", live=True),
        "is_public": flag("Whether all projects may use it", True, live=True),
        "description": text("What it is for", live=True),
        "projects": texts(
            "The projects that may use it", [], live=True, is_a="keystone.project"
        ),
    }
    attributes = attributes(
        name="Its name",
        is_public=a_flag("Whether all projects may use it"),
        extra_specs=a_map("Its extra specs"),
    )

    def body(self, work: Work, names: Iterable[str]) -> dict[str, Any]:
        """A change calls it otherwise than an order."""
        body = super().body(work, names)
        if work.physical_id and _PUBLIC in body:
            body["is_public"] = body.pop(_PUBLIC)
        return body

    def is_created(self, work: Work) -> bool:
        """What is said of it apart."""
        super().is_created(work)
        self._specify(work, {})
        self._admit(work, [])
        return True

    def update(self, work: Work, change: Change) -> None:
        """Fields, specs, projects."""
        super().update(work, change)
        if SPECS in change.names:
            self._specify(work, change.before[SPECS] or {})
        if PROJECTS in change.names:
            self._admit(work, change.before[PROJECTS] or [])

    def _specify(self, work: Work, before: Mapping[str, Any]) -> None:
        after = work.properties[SPECS] or {}
        path = ("types", work.physical_id, "extra_specs")
        for name in before.keys() - after.keys():
            work.cloud.delete(VOLUME, *path, name)
        if after:
            specs = {name: str(value) for name, value in after.items()}
            work.cloud.post(VOLUME, *path, body={"extra_specs": specs})

    def _admit(self, work: Work, before: list[str]) -> None:
        after = work.properties[PROJECTS] or []
        for verb, given in (
            ("removeProjectAccess", set(before) - set(after)),
            ("addProjectAccess", set(after) - set(before)),
        ):
            for each in sorted(given):
                self._act(work, verb, find(work.cloud, "keystone.project", each))

    def _act(self, work: Work, verb: str, project: str) -> None:
        path = ("types", work.physical_id, "action")
        try:
            work.cloud.post(VOLUME, *path, body={verb: {"project": project}})
        except Rejected as refusal:
            # It was done before a crash.
            if refusal.status not in (404, 409):
                raise


TYPES = (VolumeType(),)
