"""What everything in the room works with, and what the caller may."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from compute.core.identifiers import Identifiers
from compute.core.policy import Policy, Target
from compute.core.sql.database import Database
from compute.core.sql.room_database import RoomDatabase
from compute.metric.keeping.folding import Folding
from compute.metric.keeping.reading import Reading
from compute.metric.model import Metric, Resource
from compute.metric.settings import MetricSettings
from objectstore.kernel.clock import Clock


def _nobody(metric_id: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Parts(RoomDatabase):
    """Made once.  ``hurry``: much is pending of that metric."""

    database: Database
    clock: Clock
    identifiers: Identifiers
    policy: Policy
    settings: MetricSettings
    reading: Reading
    folding: Folding
    hurry: Callable[[str], None] = field(default=_nobody)


def target_of_resource(resource: Resource) -> Target:
    """What rules compare of a resource."""
    return {
        "project_id": resource.project_id,
        "user_id": resource.user_id,
        "created_by_project_id": resource.created_by_project_id,
        "created_by_user_id": resource.created_by_user_id,
    }


def target_of_metric(metric: Metric, resource: Resource | None) -> Target:
    """What rules compare of a metric: it is its resource's owner's, too."""
    return {
        "project_id": resource.project_id if resource else "",
        "user_id": resource.user_id if resource else "",
        "created_by_project_id": metric.created_by_project_id,
        "created_by_user_id": metric.created_by_user_id,
    }
