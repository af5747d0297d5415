"""Views and reports on the wire: JSON with the version of what its fields mean.

Agents and control planes of this version and of those before understand each other
(``view_versions``): an agent says which it has when it asks, and reports as it was last
spoken to.
"""

from __future__ import annotations

from typing import Any

import orjson

from compute.network.records import decode_record
from compute.network.report import AgentReport
from compute.network.view import HostView
from compute.network.view_versions import (
    VERSIONS,
    VIEW_VERSION,
    as_before,
    as_now,
)
from objectstore.kernel.errors import Corrupt


class Untold(Exception):
    """Something in a view has no words in the version that was asked for."""


def encode_view(view: HostView, version: int = VIEW_VERSION) -> bytes:
    """The view as JSON; ``Untold``."""
    content = _encode(view, VIEW_VERSION)
    if version == VIEW_VERSION:
        return content
    assert version in VERSIONS, f"no view of version {version}"
    document = orjson.loads(content)
    missing = as_before(document["value"], version)
    if missing:
        raise Untold(missing)
    return orjson.dumps({**document, "version": version})


def decode_view(data: bytes) -> HostView:
    """The view that ``encode_view`` wrote; ``Corrupt`` for anything else."""
    return read_view(data)[1]


def read_view(data: bytes) -> tuple[int, HostView]:
    """The same, with the version that it came in."""
    version, value = _decode(data)
    try:
        as_now(value, version)
    except (KeyError, TypeError):
        raise Corrupt(f"not a view of version {version}") from None
    return version, decode_record(HostView, value)


def encode_report(report: AgentReport, version: int = VIEW_VERSION) -> bytes:
    """The report as JSON; it is the same in all versions."""
    return _encode(report, version)


def decode_report(data: bytes) -> AgentReport:
    """The report that ``encode_report`` wrote; ``Corrupt`` for anything else."""
    return decode_record(AgentReport, _decode(data)[1])


def _encode(record: Any, version: int) -> bytes:
    # As ``encode_record`` would have it, by C: views may have ten thousands of records.
    return orjson.dumps({"version": version, "value": record})


def _decode(data: bytes) -> tuple[int, Any]:
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Corrupt(f"not JSON: {error}") from None
    if not isinstance(document, dict) or document.keys() != {"version", "value"}:
        raise Corrupt("neither a view nor a report")
    version = document["version"]
    if type(version) is not int or version not in VERSIONS:
        known = " or ".join(map(str, VERSIONS))
        raise Corrupt(
            f"version {version!r} is not {known}: the other side is of another release"
        )
    return version, document["value"]
