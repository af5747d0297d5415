"""Views and reports on the wire: JSON with the version of what its fields mean."""

from __future__ import annotations

from typing import Any

import orjson

from compute.network.records import decode_record
from compute.network.report import AgentReport
from compute.network.view import HostView
from objectstore.kernel.errors import Corrupt

# Raised when a field is added, removed or gets another meaning.
VIEW_VERSION = 8


def encode_view(view: HostView) -> bytes:
    """The view as JSON."""
    return _encode(view)


def decode_view(data: bytes) -> HostView:
    """The view that ``encode_view`` wrote; ``Corrupt`` for anything else."""
    return decode_record(HostView, _decode(data))


def encode_report(report: AgentReport) -> bytes:
    """The report as JSON."""
    return _encode(report)


def decode_report(data: bytes) -> AgentReport:
    """The report that ``encode_report`` wrote; ``Corrupt`` for anything else."""
    return decode_record(AgentReport, _decode(data))


def _encode(record: Any) -> bytes:
    # As ``encode_record`` would have it, by C: views may have ten thousands of records.
    return orjson.dumps({"version": VIEW_VERSION, "value": record})


def _decode(data: bytes) -> Any:
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Corrupt(f"not JSON: {error}") from None
    if not isinstance(document, dict) or document.keys() != {"version", "value"}:
        raise Corrupt("neither a view nor a report")
    if document["version"] != VIEW_VERSION:
        raise Corrupt(f"version {document['version']!r} is not {VIEW_VERSION}")
    return document["value"]
