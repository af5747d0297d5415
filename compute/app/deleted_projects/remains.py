"""Finding what deleted projects have left, and having it deleted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from compute.app.deleted_projects.kinds import KINDS, Document, Kind, owner_of
from compute.core.context import TokenSource
from compute.core.rooms.paths import sentence_of
from objectstore.client.caller import Answer, Caller
from objectstore.kernel.errors import Unavailable

OBJECT_STORE = "object-store"
PAGE = 500
TIMEOUT_SECONDS = 60.0
# As identity calls projects.  Rooms keep what administrators and services write there:
# of another word identity says that it knows no such project, too, and the object store
# may have an account of that name that is not of identity's.
_PROJECT_ID = re.compile("[0-9a-f]{32}")
_NO_ACCOUNT = (404, 410)
_VERSIONS = "compute 2.96, volume 3.67"
_ROUTER_PORTS = ("network:router_interface",)


@dataclass(frozen=True, slots=True)
class Remains:
    """A thing whose owner is no project any more; ``path``: where it is deleted."""

    room: str
    kind: str
    id: str
    project_id: str
    path: str


class DeletedProjects:
    """Asks each room, as our own service's user, for things of all projects.

    ``callers``: the rooms and the object store by name; ``own``: the project asked as.
    """

    def __init__(
        self, callers: Mapping[str, Caller], tokens: TokenSource, own: str
    ) -> None:
        self._callers = callers
        self._tokens = tokens
        self._own = own
        self._is_gone: dict[str, bool] = {}

    def remains(self, projects: Sequence[str] = ()) -> list[Remains]:
        """What is left, of these projects or of any, in the order in which it can go.
        ``Unavailable`` when a room is away, or one of ``projects`` still is one, or
        never was."""
        if self._gone(self._own):
            # Whoever answers there knows nobody: it would be all projects' end.
            raise Unavailable("identity does not know our own project")
        for project_id in projects:
            if not _PROJECT_ID.fullmatch(project_id):
                raise Unavailable(f"{project_id!r} is no project's id")
            if not self._gone(project_id):
                raise Unavailable(f"{project_id} is a project: it is not deleted")
        found = [each for kind in KINDS for each in self._of_kind(kind, projects)]
        owners = [*projects, *(each.project_id for each in found)]
        for project_id in dict.fromkeys(owners):
            found += self._account(project_id)
        return found

    def purge(self, remains: Remains) -> str:
        """Have it deleted; why it cannot be, or "".  Nothing when it has gone."""
        if not self._gone(remains.project_id):
            return "its project is there again"
        if remains.kind == "router":
            self._unplug(remains.id)
        with self._ask(remains.room, "DELETE", remains.path) as answer:
            if answer.status < 300 or answer.status == 404:
                return ""
            return _reason(answer)

    # ---- inside -----------------------------------------------------------------

    def _of_kind(self, kind: Kind, projects: Sequence[str]) -> Iterator[Remains]:
        for thing in self._things(kind):
            owner = owner_of(kind, thing)
            if projects and owner not in projects:
                continue
            if not _PROJECT_ID.fullmatch(owner):
                continue  # it never was a project's
            if self._gone(owner):
                fields = {
                    name: quote(value, safe="")
                    for name, value in thing.items()
                    if isinstance(value, str)
                }
                path = kind.delete.format(**{**fields, "own": self._own})
                yield Remains(kind.room, kind.name, str(thing[kind.id]), owner, path)

    def _things(self, kind: Kind) -> Iterator[Document]:
        place, seen, last = kind.list.format(own=self._own), 0, ""
        while True:
            query = {**kind.query, "limit": str(PAGE)}
            if last:
                query[kind.pages_by] = str(seen) if kind.pages_by == "offset" else last
            with self._ask(kind.room, "GET", f"{place}?{urlencode(query)}") as answer:
                if answer.status in (300, 404) and not last:
                    return  # this cloud has no such room
                if answer.status != 200:
                    raise Unavailable(f"{kind.room} answers {_reason(answer)}")
                document = answer.json()
            page = document[kind.listed_as] if kind.listed_as else document
            if not page or str(page[-1][kind.id]) == last:
                return
            yield from page
            seen, last = seen + len(page), str(page[-1][kind.id])

    def _gone(self, project_id: str) -> bool:
        """Whether identity says that there is no such project."""
        if project_id not in self._is_gone:
            path = f"/v3/projects/{quote(project_id, safe='')}"
            with self._ask("identity", "GET", path) as answer:
                if answer.status not in (200, 404):
                    raise Unavailable(f"identity answers {_reason(answer)}")
                self._is_gone[project_id] = answer.status == 404
        return self._is_gone[project_id]

    def _account(self, project_id: str) -> Iterator[Remains]:
        path = f"/v1/AUTH_{quote(project_id, safe='')}"
        with self._ask(OBJECT_STORE, "HEAD", path) as answer:
            if answer.status >= 300 and answer.status not in _NO_ACCOUNT:
                raise Unavailable(f"the object store answers {answer.status}")
            count = answer.headers.get("x-account-container-count", "0")
        if count != "0":
            yield Remains(OBJECT_STORE, "account", path[4:], project_id, path)

    def _unplug(self, router_id: str) -> None:
        """Ports of routers go with the router's interfaces, and in no other way."""
        for owner in _ROUTER_PORTS:
            query = urlencode({"device_id": router_id, "device_owner": owner})
            with self._ask("network", "GET", f"/v2.0/ports?{query}") as answer:
                ports = (answer.json() or {}).get("ports", ())
            for port in ports:
                path = f"/v2.0/routers/{router_id}/remove_router_interface"
                body = orjson.dumps({"port_id": port["id"]})
                self._ask("network", "PUT", path, body).close()

    def _ask(self, room: str, method: str, path: str, content: bytes = b"") -> Answer:
        headers = {
            "X-Auth-Token": self._tokens.token(),
            "OpenStack-API-Version": _VERSIONS,
            "Accept": "application/json",
        }
        if content:
            headers["Content-Type"] = "application/json"
        return self._callers[room].request(
            method, path, headers, content, timeout=TIMEOUT_SECONDS
        )


def _reason(answer: Answer) -> str:
    try:
        document: Any = answer.json()
    except Unavailable:
        document = None
    return f"{answer.status} {sentence_of(document) if document else ''}".strip()
