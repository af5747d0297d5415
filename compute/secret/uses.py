"""How a consumer is named: by the service, and by the resource of it.  Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Use:
    """What uses a thing; ``resource_type`` "": of a container, by a name (the service)
    and a URL (the id)."""

    service: str
    resource_type: str
    resource_id: str


def container_use(use: Use) -> Use:
    """As containers know it."""
    return Use(use.service, "", f"{use.resource_type}/{use.resource_id}")
