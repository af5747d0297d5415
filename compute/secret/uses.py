"""How a consumer is named: by the service, and by the resource of it.  Pure."""

from __future__ import annotations

from dataclasses import dataclass

from compute.core.errors import BadRequest
from compute.secret.model import CERTIFICATE


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


def check_entrustable(kind: str) -> None:
    """``BadRequest`` for containers that are no certificates: what is in others
    changes, and is perhaps not for whoever let them be used."""
    if kind != CERTIFICATE:
        raise BadRequest(f"A container of type {kind} is no certificate")
