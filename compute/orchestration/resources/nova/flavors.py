"""``OS::Nova::Flavor``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.orchestration.frame.resource_type import Change
from compute.orchestration.frame.work import Work
from compute.orchestration.resources.frame.finding import COMPUTE, find
from compute.orchestration.resources.frame.schemas import (
    a_flag,
    a_map,
    attributes,
    flag,
    mapping,
    number,
    text,
    texts,
    whole,
)
from compute.orchestration.resources.frame.things import Thing
from objectstore.kernel.errors import Rejected

AUTO = "auto"
SPECS, TENANTS = "extra_specs", "tenants"
_FREE = "is_free"
_CLASH = 409


class Flavor(Thing):
    """A flavor; its id is the resource's marker unless the template has one."""

    name = "OS::Nova::Flavor"
    description = "A size of servers."
    shelf = "nova.flavor"
    mark = ""
    needs_role = "admin"
    aside = frozenset({SPECS, TENANTS, "flavorid", "is_public"})
    properties = {
        "name": text("Its name"),
        "tenants": texts("The projects that may use it", [], live=True),
        "ram": whole("Memory, in MiB", required=True, least=1),
        "vcpus": whole("Processors", required=True, least=1),
        "disk": whole("The root disk, in GiB", 0, least=0),
        "swap": whole("A swap disk, in MiB", 0, least=0),
        "ephemeral": whole("A second disk, in GiB", 0, least=0),
        "flavorid": text("Its id; one is made when it is not given", AUTO),
        "rxtx_factor": number("Kept, of no effect", 1.0),
        "extra_specs": mapping("What it asks of hosts", live=True),
        "is_public": flag("Whether all projects may use it", True),
    }
    attributes = attributes(
        is_public=a_flag("Whether all projects may use it"),
        extra_specs=a_map("What it asks of hosts"),
    )

    def _id(self, work: Work) -> str:
        given = work.properties["flavorid"]
        return work.marker if given in (None, AUTO) else str(given)

    def make(self, work: Work) -> str:
        """Under an id that is known beforehand."""
        identifier = self._id(work)
        if work.cloud.find(COMPUTE, "flavors", identifier) is None:
            work.remember(**{_FREE: True})
        body = {
            **self.new_body(work),
            "id": identifier,
            "OS-FLV-EXT-DATA:ephemeral": work.properties["ephemeral"],
            "os-flavor-access:is_public": work.properties["is_public"],
        }
        del body["ephemeral"]
        work.cloud.post(COMPUTE, "flavors", body={"flavor": body})
        return identifier

    def find_lost(self, work: Work) -> str | None:
        """Whatever has the id that was free."""
        identifier = self._id(work)
        if not work.data.get(_FREE):
            return None
        return identifier if work.cloud.find(COMPUTE, "flavors", identifier) else None

    def is_created(self, work: Work) -> bool:
        """What is said of it apart."""
        self._specify(work, {})
        self._admit(work, set(), set(work.properties[TENANTS] or ()))
        return True

    def update(self, work: Work, change: Change) -> None:
        """Specs and projects."""
        if SPECS in change.names:
            self._specify(work, change.before[SPECS] or {})
        if TENANTS in change.names:
            before = set(change.before[TENANTS] or ())
            self._admit(work, before, set(change.after[TENANTS] or ()))

    def _specify(self, work: Work, before: Mapping[str, Any]) -> None:
        after = work.properties[SPECS] or {}
        path = ("flavors", work.physical_id, "os-extra_specs")
        for name in before.keys() - after.keys():
            work.cloud.delete(COMPUTE, *path, name)
        if after:
            specs = {name: str(value) for name, value in after.items()}
            work.cloud.post(COMPUTE, *path, body={"extra_specs": specs})

    def _admit(self, work: Work, before: set[str], after: set[str]) -> None:
        path = ("flavors", work.physical_id, "action")
        for verb, projects in (
            ("removeTenantAccess", before - after),
            ("addTenantAccess", after - before),
        ):
            for given in sorted(projects):
                project = find(work.cloud, "keystone.project", given)
                try:
                    body = {verb: {"tenant": project}}
                    work.cloud.post(COMPUTE, *path, body=body)
                except Rejected as refusal:
                    # It was done before a crash.
                    if refusal.status not in (404, _CLASH):
                        raise

    def shown(self, work: Work, shown: Mapping[str, Any], name: str) -> Any:
        """Nova has other words."""
        if name == "is_public":
            return shown.get("os-flavor-access:is_public")
        path = ("flavors", work.physical_id, "os-extra_specs")
        return work.cloud.get(COMPUTE, *path)["extra_specs"]


TYPES = (Flavor(),)
