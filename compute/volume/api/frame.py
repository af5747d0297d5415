"""How a route of this API is written, and what every call goes through.

A ``Verb`` has a path without version and project (``/volumes/{volume_id}``) and the
microversion since which it exists; before that it is not there.  Each is reached under
``/v3`` and ``/v3/<project id>``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from compute.core.api.frame import ApiCall, Handler, Route, json_reply
from compute.core.api.microversions import Microversion, VersionRange
from compute.core.api.schema import Schema
from compute.core.errors import BadRequest, NotFound
from objectstore.kernel.reply import Reply

LOWEST = Microversion(3, 0)
HIGHEST = Microversion(3, 71)
# Clients in Go, Terraform among them, send the type by which they found us.
OTHER_TYPES = ("volumev3", "block-storage", "block-store")
VERSIONS = VersionRange("volume", LOWEST, HIGHEST, other_types=OTHER_TYPES)


@dataclass(frozen=True, slots=True)
class Verb:
    """One route; ``since``: a minor version."""

    method: str
    path: str
    handler: Handler
    since: int = 0


def minor_of(call: ApiCall) -> int:
    """The microversion's second number."""
    assert call.version is not None
    return call.version.minor


def routes_of(verbs: Iterable[Verb]) -> list[Route]:
    """Every verb under both of its prefixes."""
    return [
        Route(verb.method, prefix + verb.path, _entry(verb))
        for verb in verbs
        for prefix in ("/v3", "/v3/{project_id}")
    ]


def _entry(verb: Verb) -> Handler:
    def handle(call: ApiCall) -> Reply:
        project_id = call.parameters.get("project_id", "")
        context = call.context
        may_anywhere = context.has_role("admin") or context.has_role("service")
        if project_id and project_id != context.project_id and not may_anywhere:
            raise BadRequest("Malformed request url")
        if minor_of(call) < verb.since:
            raise NotFound("The resource could not be found.")
        return verb.handler(call)

    return handle


def api_base(call: ApiCall) -> str:
    """``http://host/volume/v3[/<project id>]``."""
    return f"{call.base_url}/v3{_project(call)}"


def links(call: ApiCall, collection: str, key: str) -> list[dict[str, str]]:
    """``self`` and ``bookmark`` of one thing."""
    place = f"{collection}/{key}"
    return [
        {"rel": "self", "href": f"{api_base(call)}/{place}"},
        {"rel": "bookmark", "href": f"{call.base_url}{_project(call)}/{place}"},
    ]


def _project(call: ApiCall) -> str:
    project_id = call.parameters.get("project_id", "")
    return f"/{project_id}" if project_id else ""


def accepted(value: Any = None) -> Reply:
    """202, with or without a body."""
    return Reply(202, b"") if value is None else json_reply(202, value)


def ok(value: Any = None) -> Reply:
    """200, with or without a body."""
    return Reply(200, b"") if value is None else json_reply(200, value)


# ---- bodies ------------------------------------------------------------------

UUID = {"type": "string", "format": "uuid"}
NAME = {"type": ["string", "null"], "maxLength": 255}
DESCRIPTION = {"type": ["string", "null"], "maxLength": 255}
FLAG: Mapping[str, Any] = {
    "enum": [True, False, "true", "false", "True", "False", "1", "0", 1, 0, "on", "off"]
}
_TEXT_OR_NUMBER = {"type": ["string", "integer", "boolean", "number"], "maxLength": 255}
METADATA: Mapping[str, Any] = {
    "type": ["object", "null"],
    "propertyNames": {"minLength": 1, "maxLength": 255},
    "additionalProperties": {"type": "string", "maxLength": 255},
}
SPECS: Mapping[str, Any] = {
    "type": "object",
    "minProperties": 1,
    "propertyNames": {"pattern": r"^[a-zA-Z0-9\-_:. ]{1,255}$"},
    "additionalProperties": _TEXT_OR_NUMBER,
}


def is_true(value: Any) -> bool:
    """What clients mean by a flag."""
    return str(value).lower() in ("true", "1", "on")


def body_of(
    wrapper: str,
    properties: Mapping[str, Any],
    required: Iterable[str] = (),
    *,
    loose: bool = False,
    beside: Mapping[str, Any] | None = None,
) -> Schema:
    """The schema of ``{wrapper: {properties}}``.  ``loose``: others are ignored."""
    inner = {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": loose,
    }
    return Schema(
        {
            "type": "object",
            "properties": {wrapper: inner, **(beside or {})},
            "required": [wrapper],
            "additionalProperties": False,
        }
    )


METADATA_BODY = Schema(
    {
        "type": "object",
        "properties": {"metadata": {**METADATA, "type": "object"}},
        "required": ["metadata"],
        "additionalProperties": False,
    }
)
META_BODY = Schema(
    {
        "type": "object",
        "properties": {
            "meta": {
                **METADATA,
                "type": "object",
                "minProperties": 1,
                "maxProperties": 1,
            }
        },
        "required": ["meta"],
        "additionalProperties": False,
    }
)
# What administrators do to snapshots and backups.
STATUS_OR_DELETION = Schema(
    {
        "type": "object",
        "properties": {
            "os-reset_status": {
                "type": "object",
                "properties": {"status": {"type": "string", "maxLength": 32}},
                "required": ["status"],
            },
            "os-force_delete": {"type": ["object", "null"]},
        },
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
    }
)
