"""What all proxies have in common: the versions that know them, and their bodies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from compute.core.api.frame import ApiCall, Handler
from compute.core.errors import BadRequest
from compute.instance.frame.routes import Verb

# From 2.36 on, clients ask the services themselves.
UNTIL = 35


def proxied(
    table: Iterable[tuple[str, str, Handler]], until: int = UNTIL
) -> list[Verb]:
    """The routes of proxies: method, path, handler."""
    return [Verb(method, path, handler, until=until) for method, path, handler in table]


def key_of(call: ApiCall, name: str = "key") -> str:
    """What the path names, to stand in the path of another service."""
    return quote(call.parameters[name], safe="")


def inner_of(call: ApiCall, name: str) -> Mapping[str, Any]:
    """The object that the body holds under ``name``; ``BadRequest``."""
    body = call.json()
    if not (isinstance(body, dict) and isinstance(body.get(name), dict)):
        raise BadRequest(f"The body needs an object {name}")
    inner: Mapping[str, Any] = body[name]
    return inner
