"""The catalogue that a token carries: services, and where this project finds them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from compute.core.errors import BadRequest
from compute.identity.model import Endpoint, Service

_SUBSTITUTION = re.compile(r"[$%]\((\w+)\)s")
# What an endpoint's URL may hold; tenant_id is the old name of project_id.
NAMES = frozenset({"project_id", "tenant_id", "user_id"})


def check_url(url: str) -> None:
    """Raise ``BadRequest`` when it holds something that is never known."""
    for name in _SUBSTITUTION.findall(url):
        if name not in NAMES:
            raise BadRequest(f"Invalid endpoint url: unknown substitution {name}")
    rest = _SUBSTITUTION.sub("", url)
    if "$(" in rest or "%(" in rest:
        raise BadRequest("Invalid endpoint url: a substitution is malformed")


def catalogue(
    services: Iterable[Service],
    endpoints: Iterable[Endpoint],
    known: Mapping[str, str],
) -> list[dict[str, Any]]:
    """The enabled services with their enabled endpoints.

    An endpoint whose URL needs what this token has not (a project) is left out.
    """
    entries: dict[str, dict[str, Any]] = {}
    for service in services:
        if service.enabled:
            entries[service.id] = {
                "id": service.id,
                "type": service.type,
                "name": service.name,
                "endpoints": [],
            }
    for endpoint in endpoints:
        entry = entries.get(endpoint.service_id)
        if entry is None or not endpoint.enabled:
            continue
        url = substituted(endpoint.url, known)
        if url is not None:
            entry["endpoints"].append(
                {
                    "id": endpoint.id,
                    "interface": endpoint.interface,
                    "region_id": endpoint.region_id or None,
                    "region": endpoint.region_id or None,
                    "url": url,
                }
            )
    return list(entries.values())


def substituted(url: str, known: Mapping[str, str]) -> str | None:
    """The URL for this token; None when it needs something that is not known."""
    missing = False

    def value(match: re.Match[str]) -> str:
        nonlocal missing
        found = known.get(match.group(1), "")
        missing |= not found
        return found

    text = _SUBSTITUTION.sub(value, url)
    return None if missing else text
