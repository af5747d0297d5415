"""How each API family writes an error: the one table of error bodies.

Clients of the field look for these shapes to show the message to a person, so
they are exactly what OpenStack's services send.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import orjson

from objectstore.kernel.errors import Rejected
from objectstore.kernel.reply import Reply

# Nova names its error bodies after the fault, not the status phrase.
COMPUTE_FAULTS = {
    400: "badRequest",
    401: "unauthorized",
    403: "forbidden",
    404: "itemNotFound",
    405: "badMethod",
    409: "conflictingRequest",
    413: "overLimit",
    415: "badMediaType",
    429: "overLimit",
    500: "computeFault",
    501: "notImplemented",
    503: "serviceUnavailable",
}

Dialect = Callable[[Rejected], Any]
"""Gives the JSON value of an error's body."""


def title_of(status: int) -> str:
    """The status' phrase."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def identity_dialect(error: Rejected) -> Any:
    """Keystone's."""
    title = title_of(error.status)
    return {
        "error": {
            "code": error.status,
            "message": error.text or title,
            "title": title,
        }
    }


def compute_dialect(error: Rejected) -> Any:
    """Nova's."""
    fault = COMPUTE_FAULTS.get(error.status, "computeFault")
    message = error.text or title_of(error.status)
    return {fault: {"code": error.status, "message": message}}


def volume_dialect(error: Rejected) -> Any:
    """Cinder's: Nova's, and when to try again after a quota's refusal."""
    found = compute_dialect(error)
    for name, value in error.headers:
        if name == "Retry-After":
            for fault in found.values():
                fault["retryAfter"] = value
    return found


def network_dialect(error: Rejected) -> Any:
    """Neutron's."""
    kind = getattr(error, "kind", "") or title_of(error.status).replace(" ", "")
    message = error.text or title_of(error.status)
    return {"NeutronError": {"type": kind, "message": message, "detail": ""}}


def balancer_dialect(error: Rejected) -> Any:
    """Octavia's, which is that of WSME."""
    return {
        "faultcode": "Client" if error.status < 500 else "Server",
        "faultstring": error.text or title_of(error.status),
        "debuginfo": None,
    }


def alarm_dialect(error: Rejected) -> Any:
    """Aodh's: that of WSME, in a map."""
    return {"error_message": balancer_dialect(error)}


def orchestration_dialect(error: Rejected) -> Any:
    """Heat's."""
    title = title_of(error.status)
    message = error.text or title
    kind = getattr(error, "kind", "") or title.replace(" ", "")
    return {
        "code": error.status,
        "title": title,
        "explanation": message,
        "error": {"message": message, "type": kind, "traceback": None},
    }


def metric_dialect(error: Rejected) -> Any:
    """Gnocchi's: a text, or (``explanation``) a cause, its reason and the detail."""
    title = title_of(error.status)
    return {
        "code": error.status,
        "title": title,
        "description": getattr(error, "explanation", None) or error.text or title,
    }


def secret_dialect(error: Rejected) -> Any:
    """Barbican's."""
    title = title_of(error.status)
    return {
        "code": error.status,
        "title": title,
        "description": error.text or title,
    }


def image_dialect(error: Rejected) -> Any:
    """Glance's clients show whatever text they find; JSON serves them best."""
    title = title_of(error.status)
    return {
        "message": error.text or title,
        "code": f"{error.status} {title}",
        "title": title,
    }


def error_reply(error: Rejected, dialect: Dialect) -> Reply:
    """The reply that tells the caller what was wrong."""
    return Reply(
        error.status,
        orjson.dumps(dialect(error)),
        list(error.headers),
        "application/json",
    )
