"""``OS::Swift::Container``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import orjson

from compute.orchestration.errors import ResourceFailed
from compute.orchestration.frame.resource_type import Change, ResourceType
from compute.orchestration.frame.work import Work
from compute.orchestration.resources.frame.schemas import (
    a_map,
    a_number,
    attributes,
    flag,
    mapping,
    text,
)
from objectstore.kernel.errors import Rejected, Unavailable

STORE = "object-store"
READ, WRITE = "X-Container-Read", "X-Container-Write"
META, ACCOUNT_META = "X-Container-Meta", "X-Account-Meta"
# Whose a container is: what somebody made by himself must not go with a stack.
MARK = "X-Container-Meta-Stack-Resource"
# Objects that one look deletes; the next goes on.
PURGED_AT_ONCE = 100
_MISSING, _CONFLICT = 404, 409


class Container(ResourceType):
    """A container; its id is its name."""

    name = "OS::Swift::Container"
    description = "A container of the object store."
    properties = {
        "name": text("Its name"),
        "X-Container-Read": text("Who may read it", live=True),
        "X-Container-Write": text("Who may write it", live=True),
        "X-Container-Meta": mapping("What is noted of it", default={}, live=True),
        "X-Account-Meta": mapping(
            "What is noted of the account", default={}, live=True
        ),
        "PurgeOnDelete": flag("Whether its objects go with it", False, live=True),
    }
    attributes = attributes(
        RootURL="Its address",
        ObjectCount=a_number("How many objects it has"),
        BytesUsed=a_number("Their bytes"),
        HeadContainer=a_map("Its headers"),
    )

    def create(self, work: Work) -> None:
        """The same when it is done twice; fails when somebody else has one of the
        name."""
        name = str(work.properties["name"] or work.physical_name)

        def make() -> str:
            status, headers, _ = _ask(work, "HEAD", _path(name))
            if status != _MISSING and headers.get(MARK.lower()) != work.marker:
                raise ResourceFailed(f"There is a container {name} already")
            self._write(work, name, {})
            return name

        work.made(make)

    def _write(self, work: Work, name: str, before: Mapping[str, Any]) -> None:
        given = work.properties
        if given[ACCOUNT_META]:
            _ask(work, "POST", "", _meta(ACCOUNT_META, given[ACCOUNT_META], {}))
        headers = {each: given[each] for each in (READ, WRITE) if given[each]}
        headers |= {
            each: "" for each in (READ, WRITE) if before.get(each) and not given[each]
        }
        headers |= _meta(META, given[META] or {}, before.get(META) or {})
        headers[MARK] = work.marker
        _ask(work, "PUT", _path(name), headers)

    def update(self, work: Work, change: Change) -> None:
        """Its headers."""
        self._write(work, work.physical_id, change.before)

    def delete(self, work: Work) -> None:
        """Nothing when it is not there."""
        if work.physical_id and work.properties["PurgeOnDelete"]:
            self._purge(work)
        if work.physical_id:
            status = _ask(work, "DELETE", _path(work.physical_id))[0]
            if status == _CONFLICT and work.properties["PurgeOnDelete"]:
                raise Unavailable(f"{work.physical_id} is not empty yet")
            if status == _CONFLICT:
                raise ResourceFailed(f"The container {work.physical_id} is not empty")

    def _purge(self, work: Work) -> None:
        path = _path(work.physical_id)
        query = f"?format=json&limit={PURGED_AT_ONCE}"
        status, _, content = _ask(work, "GET", path + query)
        if status == _MISSING or not content:
            return
        objects = orjson.loads(content)
        for each in objects:
            _ask(work, "DELETE", f"{path}/{quote(each['name'])}")
        if len(objects) == PURGED_AT_ONCE:
            raise Unavailable(f"{work.physical_id} has more objects")

    def check(self, work: Work) -> None:
        """It is there."""
        if _ask(work, "HEAD", _path(work.physical_id))[0] == _MISSING:
            raise ResourceFailed(f"The container {work.physical_id} is not there")

    def attribute(self, work: Work, name: str) -> Any:
        """From its headers."""
        if not work.physical_id:
            return None
        status, headers, _ = _ask(work, "HEAD", _path(work.physical_id))
        if status == _MISSING:
            return None
        if name == "ObjectCount":
            return int(headers.get("x-container-object-count", 0))
        if name == "BytesUsed":
            return int(headers.get("x-container-bytes-used", 0))
        if name == "RootURL":
            return f"/v1/AUTH_{work.cloud.project_id}{_path(work.physical_id)}"
        return dict(headers)


def _path(name: str) -> str:
    return f"/{quote(name, safe='')}"


def _meta(
    prefix: str, after: Mapping[str, Any], before: Mapping[str, Any]
) -> dict[str, str]:
    found = {f"{prefix}-{name}": str(value) for name, value in after.items()}
    gone = before.keys() - after.keys()
    return {**found, **{f"{prefix}-{name}": "" for name in gone}}


def _ask(
    work: Work, method: str, path: str, headers: Mapping[str, str] | None = None
) -> tuple[int, Mapping[str, str], bytes]:
    """An answer of the store; only that a thing is missing or in use is none of the
    errors."""
    status, found, content = work.cloud.raw(STORE, method, path, headers)
    if status >= 400 and status not in (_MISSING, _CONFLICT):
        raise Rejected(status, f"The object store answered {status} to {method} {path}")
    return status, found, content


TYPES = (Container(),)
