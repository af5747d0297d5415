"""The project's account in the object store, as pages ask it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from compute.dashboard.frame.visit import Visit
from compute.dashboard.rooms import path_of
from objectstore.client.caller import Answer, Content
from objectstore.kernel.errors import Rejected

ROOM = "object-store"
LARGE, VERSION = "x-static-large-object", "x-object-version-id"
ANYBODY_READS = ".r:*"
ANYBODY_LISTS = ".rlistings"


def place(visit: Visit, *names: str, **query: Any) -> str:
    """The path of the account, a container or an object (whose slashes stay).
    ``Rejected`` 404 without a name."""
    account = f"AUTH_{visit.session.project_id}"
    path = path_of((account, *names[:1]))
    if len(names) > 1:
        if not names[1]:
            raise Rejected(404, "There is no such object.")
        path += "/" + quote(names[1])
    return path + path_of((), query)


def listing(visit: Visit, *names: str, **query: Any) -> list[dict[str, Any]]:
    """The entries of the account or of a container."""
    path = place(visit, *names, format="json", **query)
    found = visit.rooms.call(ROOM, "GET", path)
    return found if isinstance(found, list) else []


def headers_of(visit: Visit, *names: str) -> Mapping[str, str]:
    """What HEAD tells, names in lower case."""
    with visit.rooms.stream(ROOM, "HEAD", place(visit, *names)) as answer:
        answer.read()
        return answer.headers


def change(
    visit: Visit,
    method: str,
    *names: str,
    headers: Mapping[str, str] | None = None,
    body: Content = b"",
    query: Mapping[str, str] | None = None,
) -> None:
    """PUT, POST or DELETE."""
    path = place(visit, *names, **(query or {}))
    visit.rooms.stream(ROOM, method, path, headers, body).close()


def put(visit: Visit, container: str, name: str, body: Content) -> str:
    """Store an object; its ETag."""
    path = place(visit, container, name)
    with visit.rooms.stream(ROOM, "PUT", path, {}, body) as answer:
        answer.read()
        return answer.headers.get("etag", "").strip('"')


def delete(visit: Visit, container: str, name: str) -> None:
    """Take an object away; a large one with its segments, unless a version of it stays
    that needs them.  ``Rejected`` 409 when some could not be deleted."""
    headers = headers_of(visit, container, name)
    if LARGE not in headers or VERSION in headers:
        change(visit, "DELETE", container, name)
        return
    path = place(visit, container, name, **{"multipart-manifest": "delete"})
    told = visit.rooms.call(ROOM, "DELETE", path)
    if told.get("Errors"):
        raise Rejected(409, "Not all segments of the file could be deleted.")


def read(visit: Visit, *names: str, headers: Mapping[str, str], **query: str) -> Answer:
    """The bytes of an object, as they come."""
    return visit.rooms.stream(ROOM, "GET", place(visit, *names, **query), headers)


def is_public(headers: Mapping[str, str]) -> bool:
    """Whether anybody may read what is in the container."""
    return ANYBODY_READS in headers.get("x-container-read", "").split(",")


def public_url(visit: Visit, container: str, name: str = "") -> str:
    """Where the outside finds it."""
    url = f"{visit.session.store_url}/{quote(container, safe='')}"
    return f"{url}/{quote(name)}" if name else url
