"""``OS::Glance::WebImage``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.orchestration.errors import ResourceFailed
from compute.orchestration.frame.resource_type import Change
from compute.orchestration.frame.work import Work
from compute.orchestration.resources.frame.finding import IMAGE, find
from compute.orchestration.resources.frame.schemas import (
    a_list,
    attributes,
    flag,
    mapping,
    text,
    texts,
    whole,
)
from compute.orchestration.resources.frame.things import Thing

PATCH = "application/openstack-images-v2.1-json-patch"
ACTIVE, DEACTIVATED, QUEUED = "active", "deactivated", "queued"
EXTRA, MEMBERS, WANTS_ACTIVE = "extra_properties", "members", "active"
_FORMATS = ("raw", "qcow2", "vhd", "vhdx", "vmdk", "vdi", "iso", "aki", "ari", "ami")
_CONTAINERS = ("bare", "ovf", "ova", "aki", "ari", "ami")
_ASIDE = ("location", EXTRA, MEMBERS, WANTS_ACTIVE, "id")
_ASKED, _FREE = "asked", "is_free"


class WebImage(Thing):
    """An image that the cloud fetches from the web.  Its id is the resource's marker
    unless the template has one."""

    name = "OS::Glance::WebImage"
    description = "An image that the cloud fetches from the web."
    shelf = "glance.image"
    mark = ""
    aside = frozenset(_ASIDE)
    properties = {
        "name": text("Its name"),
        "id": text("Its id"),
        "location": text("Where it is fetched from", required=True),
        "container_format": text("What it is in", required=True, one_of=_CONTAINERS),
        "disk_format": text("Its format", required=True, one_of=_FORMATS),
        "min_disk": whole("The least disk, in GiB", 0, live=True, least=0),
        "min_ram": whole("The least memory, in MiB", 0, live=True, least=0),
        "protected": flag("Whether it cannot be deleted", False),
        "tags": texts("Tags to put on it", [], live=True),
        "extra_properties": mapping("More of its properties", default={}, live=True),
        "architecture": text("For which processor", live=True),
        "kernel_id": text("The image of its kernel", live=True),
        "ramdisk_id": text("The image of its ramdisk", live=True),
        "os_distro": text("Its system", live=True),
        "os_version": text("Its system's version", live=True),
        "owner": text("The project that is to own it", live=True),
        "visibility": text(
            "Who sees it",
            "private",
            live=True,
            one_of=("public", "private", "community", "shared"),
        ),
        "active": flag("Whether it can be used", True, live=True),
        "members": texts("The projects that it is shared with", [], live=True),
    }
    attributes = attributes(
        name="Its name",
        status="How it stands",
        checksum="The MD5 of its bytes",
        size="Its bytes",
        visibility="Who sees it",
        tags=a_list("Its tags"),
    )

    def _id(self, work: Work) -> str:
        return str(work.properties["id"] or work.marker)

    def make(self, work: Work) -> str:
        """Under an id that is known beforehand."""
        identifier = self._id(work)
        if work.cloud.find(IMAGE, "images", identifier) is None:
            work.remember(**{_FREE: True})
        extra = {name: str(value) for name, value in work.properties[EXTRA].items()}
        body = {**extra, **self.new_body(work), "id": identifier}
        work.cloud.post(IMAGE, "images", body=body)
        return identifier

    def find_lost(self, work: Work) -> str | None:
        """Whatever has the id that was free."""
        identifier = self._id(work)
        if not work.data.get(_FREE):
            return None
        return identifier if work.cloud.find(IMAGE, "images", identifier) else None

    def is_created(self, work: Work) -> bool:
        """Ask for its bytes; when they are there, share it."""
        shown = self.show(work)
        if shown["status"] == QUEUED:
            self._fetch(work)
            return False
        if shown["status"] not in (ACTIVE, DEACTIVATED):
            return False
        self._share(work, [])
        self._activate(work, shown)
        return True

    def _fetch(self, work: Work) -> None:
        if work.data.get(_ASKED):
            if problem := self._problem(work):
                raise ResourceFailed(f"The image was not fetched: {problem}")
            return
        method = {"name": "web-download", "uri": work.properties["location"]}
        path = ("images", work.physical_id, "import")
        # An import that was asked for before a crash has its task.
        if not self._tasks(work):
            work.cloud.post(IMAGE, *path, body={"method": method})
        work.remember(**{_ASKED: True})

    def _tasks(self, work: Work) -> list[Mapping[str, Any]]:
        document = work.cloud.get(IMAGE, "images", work.physical_id, "tasks")
        found: list[Mapping[str, Any]] = document["tasks"]
        return found

    def _problem(self, work: Work) -> str:
        failed = [each for each in self._tasks(work) if each["status"] == "failure"]
        return str(failed[0].get("message") or "no reason is known") if failed else ""

    def update(self, work: Work, change: Change) -> None:
        """By a patch; who may use it apart."""
        shown = self.show(work)
        wanted = self.body(work, sorted(change.names))
        if EXTRA in change.names:
            wanted |= {name: str(each) for name, each in change.after[EXTRA].items()}
        gone = set(change.before[EXTRA] or {}) - set(change.after[EXTRA] or {})
        operations: list[dict[str, Any]] = [
            {
                "op": "replace" if name in shown else "add",
                "path": f"/{name}",
                "value": v,
            }
            for name, v in wanted.items()
        ]
        operations += [
            {"op": "remove", "path": f"/{name}"} for name in gone if name in shown
        ]
        if operations:
            work.cloud.patch(
                IMAGE, "images", work.physical_id, body=operations, kind=PATCH
            )
        if MEMBERS in change.names:
            self._share(work, change.before[MEMBERS] or [])
        self._activate(work, shown)

    def _share(self, work: Work, before: list[str]) -> None:
        after = work.properties[MEMBERS] or []
        path = ("images", work.physical_id, "members")
        if not before and not after:
            return
        there = {each["member_id"] for each in work.cloud.get(IMAGE, *path)["members"]}
        for given in after:
            project = find(work.cloud, "keystone.project", given)
            if project not in there:
                work.cloud.post(IMAGE, *path, body={"member": project})
        for given in set(before) - set(after):
            project = find(work.cloud, "keystone.project", given)
            work.cloud.delete(IMAGE, *path, project)

    def _activate(self, work: Work, shown: Mapping[str, Any]) -> None:
        is_wanted, is_active = work.properties[WANTS_ACTIVE], shown["status"] == ACTIVE
        if is_wanted != is_active:
            verb = "reactivate" if is_wanted else "deactivate"
            path = ("images", work.physical_id, "actions", verb)
            work.cloud.post(IMAGE, *path, body={})


TYPES = (WebImage(),)
