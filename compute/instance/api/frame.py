"""How a route of this API is written, and what every call goes through.

A ``Verb`` has a path without version and project (``/servers/{server_id}``), and the
microversions in which it exists; outside of them it is not there.  Each is reached
under ``/v2.1`` and ``/v2.1/<project id>``, and under ``/v2``, which is 2.1 for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from compute.core.api import ApiCall, Handler, Route, json_reply
from compute.core.errors import BadRequest, NotFound
from compute.core.microversions import Microversion, VersionRange
from compute.core.schema import Schema
from objectstore.kernel.reply import Reply

LOWEST = Microversion(2, 1)
HIGHEST = Microversion(2, 96)
VERSIONS = VersionRange(
    "compute", LOWEST, HIGHEST, legacy_header="X-OpenStack-Nova-API-Version"
)
NEWEST = HIGHEST.minor


@dataclass(frozen=True, slots=True)
class Verb:
    """One route.  ``since`` and ``until`` are minor versions, both included."""

    method: str
    path: str
    handler: Handler
    since: int = 1
    until: int = NEWEST


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
                return verb.handler(call)
        raise NotFound("The resource could not be found.")

    return handle


def _check_project(call: ApiCall, project_id: str) -> None:
    if project_id != call.context.project_id:
        raise BadRequest(
            f"Malformed request URL: URL's project_id '{project_id}' doesn't match"
            f" Context's project_id '{call.context.project_id}'"
        )


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


def links(call: ApiCall, collection: str, key: str) -> list[dict[str, str]]:
    """``self`` and ``bookmark`` of one thing."""
    return [
        {"rel": "self", "href": f"{api_base(call)}/{collection}/{key}"},
        bookmark(call, collection, key),
    ]


def bookmark(call: ApiCall, collection: str, key: str) -> dict[str, str]:
    """The link that outlives versions."""
    return {"rel": "bookmark", "href": f"{bookmark_base(call)}/{collection}/{key}"}


def accepted(value: Any = None) -> Reply:
    """202, with or without a body."""
    return Reply(202, b"") if value is None else json_reply(202, value)


def ok(value: Any) -> Reply:
    """200 with a body."""
    return json_reply(200, value)


# ---- bodies ------------------------------------------------------------------

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One property of a body: its schema, and the versions that know it."""

    name: str
    schema: Document
    since: int = 1
    until: int = NEWEST
    required: bool = False


class Body:
    """The schema of a body, by microversion: ``{wrapper: {fields}}``, no other
    property allowed (in ``wrapper``; scheduler hints may stand beside it)."""

    def __init__(
        self,
        wrapper: str,
        fields: Iterable[Field],
        *,
        beside: Iterable[Field] = (),
        loose: bool = False,
    ) -> None:
        """``loose``: further properties are ignored, as the real one does."""
        self._wrapper = wrapper
        self._fields = tuple(fields)
        self._beside = tuple(beside)
        self._loose = loose
        self._compiled: dict[int, Schema] = {}

    def read(self, call: ApiCall) -> Any:
        """The checked body, whole."""
        return call.json(self.schema(minor_of(call)))

    def schema(self, minor: int) -> Schema:
        """For one version."""
        found = self._compiled.get(minor)
        if found is None:
            inner = object_schema(self._fields, minor, loose=self._loose)
            found = Schema(
                {
                    "type": "object",
                    "properties": {
                        self._wrapper: inner,
                        **_properties(self._beside, minor),
                    },
                    "required": [self._wrapper],
                    "additionalProperties": False,
                }
            )
            self._compiled[minor] = found
        return found


def object_schema(
    fields: Iterable[Field], minor: int, *, loose: bool = False
) -> dict[str, Any]:
    """An object of these fields in that version."""
    known = [each for each in fields if each.since <= minor <= each.until]
    return {
        "type": "object",
        "properties": {each.name: each.schema for each in known},
        "required": [each.name for each in known if each.required],
        "additionalProperties": loose,
    }


def _properties(fields: Iterable[Field], minor: int) -> dict[str, Any]:
    return {
        each.name: each.schema for each in fields if each.since <= minor <= each.until
    }


@dataclass(frozen=True, slots=True)
class View:
    """One key of a reply and the versions in which it is there."""

    key: str
    value: Callable[..., Any]
    since: int = 1
    until: int = NEWEST
    group: str = ""


def rendered(views: Iterable[View], minor: int, *arguments: Any) -> dict[str, Any]:
    """The keys of that version."""
    return {
        view.key: view.value(*arguments)
        for view in views
        if view.since <= minor <= view.until
    }
