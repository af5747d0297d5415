"""A request with headers of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from compute.orchestration.frame.work import Cloud
from objectstore.kernel.errors import Rejected, Unavailable


def post(
    cloud: Cloud, room: str, path: str, body: Any, headers: Mapping[str, str]
) -> Any:
    """The answer's document.  ``Rejected``, ``Unavailable``."""
    sent = {"Content-Type": "application/json", **headers}
    status, _, content = cloud.raw(room, "POST", path, sent, orjson.dumps(body))
    if status >= 500 and status != 501:
        raise Unavailable(f"{room} answered {status} to POST {path}")
    document = orjson.loads(content) if content else {}
    if status >= 400:
        raise Rejected(status, _sentence(document) or f"{room} rejected it")
    return document


def _sentence(document: Any) -> str:
    """Nova wraps it in a map that is called after the status."""
    while isinstance(document, dict):
        if isinstance(document.get("message"), str):
            return str(document["message"])
        document = next(iter(document.values()), "")
    return ""
