"""A launch template, and the versions of what is ordered by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Of a project; and of a template, each of at most ``data.DATA_BYTES_MAX``.
TEMPLATES_MAX = 200
VERSIONS_MAX = 500
# How a request may name a version instead of by its number.
LATEST = "$Latest"
DEFAULT = "$Default"

Data = Mapping[str, Any]
"""What is ordered, as ``Parameters`` has it: names as in ``RunInstances``."""


@dataclass(frozen=True, slots=True)
class Template:
    """``created_by``: an ARN; ``client_token``: of the order that made it;
    ``latest_version`` is there, ``last_number`` was the last one to be given."""

    id: str
    project_id: str
    name: str
    default_version: int
    latest_version: int
    last_number: int
    tags: Mapping[str, str]
    client_token: str
    created_by: str
    created_at: float


@dataclass(frozen=True, slots=True)
class Version:
    """Never changed."""

    template_id: str
    number: int
    description: str
    data: Data
    client_token: str
    created_by: str
    created_at: float
