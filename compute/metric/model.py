"""Records of the metric room.

An *archive policy* says how finely and how long a metric's measures are kept; a *rule*
which policy a metric has that names none.  A *metric* is a series with an id; a
*resource* is a thing of the cloud, by its type, that has metrics by their names.
Optional texts are "", a moment that has not come is 0.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from compute.metric.series.plan import Plan, plan_of

GENERIC = "generic"
"""The type that has no attributes of its own; asked for, it means every type."""


@dataclass(frozen=True, slots=True)
class ArchivePolicy:
    """``definition``: (granularity in nanoseconds, points or ``ENDLESS``) each."""

    name: str
    back_window: int
    definition: list[list[int]]
    aggregation_methods: list[str]

    @property
    def plan(self) -> Plan:
        """As the arithmetic sees it."""
        return plan_of(
            ((granularity, points) for granularity, points in self.definition),
            self.back_window,
            self.aggregation_methods,
        )


@dataclass(frozen=True, slots=True)
class ArchivePolicyRule:
    """Metrics whose name matches the pattern have that policy."""

    name: str
    archive_policy_name: str
    metric_pattern: str


@dataclass(frozen=True, slots=True)
class ResourceType:
    """``attributes``: name -> what its values may be (``attributes.py``)."""

    name: str
    attributes: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Creator:
    """Who made something."""

    user_id: str
    project_id: str

    @property
    def text(self) -> str:
        """As Gnocchi writes it."""
        return f"{self.user_id}:{self.project_id}"


@dataclass(frozen=True, slots=True)
class Resource:
    """A thing that is measured; ``revision_start``: since when it is as it is."""

    id: str
    type: str
    original_id: str
    created_by_user_id: str
    created_by_project_id: str
    project_id: str
    user_id: str
    started_at: float
    ended_at: float
    revision_start: float
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Revision:
    """How a resource was until ``revision_end``."""

    resource: Resource
    revision_end: float


@dataclass(frozen=True, slots=True)
class Metric:
    """``resource_id``: "" for one of no resource; then its name may be "" too."""

    id: str
    resource_id: str
    name: str
    unit: str
    archive_policy_name: str
    created_by_user_id: str
    created_by_project_id: str
    created_at: float
