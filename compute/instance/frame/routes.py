"""How a route of this API is written, and what every call goes through.

A ``Verb`` has a path without version and project (``/servers/{server_id}``), and the
microversions in which it exists; outside of them it is not there.  Each is reached
under ``/v2.1`` and ``/v2.1/<project id>``, and under ``/v2``, which is 2.1 for ever.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from compute.core.api.frame import ApiCall, Handler, Route
from compute.core.api.microversions import Microversion, VersionRange
from compute.core.errors import BadRequest, Forbidden, NotFound
from objectstore.kernel.reply import Reply

LOWEST = Microversion(2, 1)
HIGHEST = Microversion(2, 96)
VERSIONS = VersionRange(
    "compute",
    LOWEST,
    HIGHEST,
    legacy_header="X-OpenStack-Nova-API-Version",
    before="v2",
)
NEWEST = HIGHEST.minor
# Since 2.75 most lists refuse parameters that they do not know.
STRICT_SINCE = 75
QUERY_SHOWN_MAX = 100  # characters of a stranger's name in our message


@dataclass(frozen=True, slots=True)
class Verb:
    """One route.  ``since`` and ``until`` are minor versions, both included.

    ``queries``: the parameters that its query may have, from ``strict_since`` on and
    no others; None: whatever it has is not looked at.
    """

    method: str
    path: str
    handler: Handler
    since: int = 1
    until: int = NEWEST
    queries: frozenset[str] | None = None
    strict_since: int = STRICT_SINCE


def minor_of(call: ApiCall) -> int:
    """The microversion's second number."""
    assert call.version is not None
    return call.version.minor


def routes_of(verbs: Iterable[Verb]) -> list[Route]:
    """Every verb under each of its prefixes.  Verbs of one path and method may
    divide the versions among themselves."""
    grouped: dict[tuple[str, str], list[Verb]] = {}
    for verb in verbs:
        grouped.setdefault((verb.method, verb.path), []).append(verb)
    routes = []
    for (method, path), group in grouped.items():
        for prefix in ("/v2.1", "/v2.1/{project_id}", "/v2", "/v2/{project_id}"):
            legacy = prefix.startswith("/v2/") or prefix == "/v2"
            routes.append(Route(method, prefix + path, _entry(group, legacy=legacy)))
    return routes


def _entry(verbs: list[Verb], *, legacy: bool) -> Handler:
    def handle(call: ApiCall) -> Reply:
        if legacy:
            call.version = LOWEST
        project_id = call.parameters.get("project_id", "")
        if project_id and not call.context.has_role("admin"):
            _check_project(call, project_id)
        minor = minor_of(call)
        for verb in verbs:
            if verb.since <= minor <= verb.until:
                _check_query(call, verb, minor)
                return verb.handler(call)
        raise NotFound("The resource could not be found.")

    return handle


def _check_query(call: ApiCall, verb: Verb, minor: int) -> None:
    if verb.queries is None or minor < verb.strict_since:
        return
    for name, _ in call.query.pairs:
        if name not in verb.queries:
            raise BadRequest(
                f"Additional properties are not allowed ({name[:QUERY_SHOWN_MAX]!r}"
                " was unexpected)"
            )


def _check_project(call: ApiCall, project_id: str) -> None:
    if project_id != call.context.project_id:
        raise BadRequest(
            f"Malformed request URL: URL's project_id '{project_id}' doesn't match"
            f" Context's project_id '{call.context.project_id}'"
        )


def check_has_project(call: ApiCall) -> None:
    """``Forbidden`` for who asks in no project's name: things here belong to one."""
    if not call.context.project_id:
        raise Forbidden("A token with a project's scope is needed")


def api_base(call: ApiCall) -> str:
    """Where this call's version is: ``http://host/compute/v2.1[/<project id>]``."""
    version = call.request.path.split("/")[1]
    return f"{call.base_url}/{version}{_project(call)}"


def bookmark_base(call: ApiCall) -> str:
    """The same without version."""
    return call.base_url + _project(call)


def _project(call: ApiCall) -> str:
    project_id = call.parameters.get("project_id", "")
    return f"/{project_id}" if project_id else ""
