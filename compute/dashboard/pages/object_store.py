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
) -> None:
    """PUT, POST or DELETE."""
    path = place(visit, *names)
    visit.rooms.stream(ROOM, method, path, headers, body).close()


def read(visit: Visit, *names: str, headers: Mapping[str, str]) -> Answer:
    """The bytes of an object, as they come."""
    return visit.rooms.stream(ROOM, "GET", place(visit, *names), headers)


def is_public(headers: Mapping[str, str]) -> bool:
    """Whether anybody may read what is in the container."""
    return ANYBODY_READS in headers.get("x-container-read", "").split(",")


def public_url(visit: Visit, container: str, name: str = "") -> str:
    """Where the outside finds it."""
    url = f"{visit.session.store_url}/{quote(container, safe='')}"
    return f"{url}/{quote(name)}" if name else url
