"""Metrics and resources as clients see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from compute.metric.model import ArchivePolicy, Creator, Metric, Resource
from compute.metric.search.query import shown_moment
from compute.metric.series.moments import iso, seconds
from compute.metric.service import policies
from compute.metric.service.measures import Point

View = dict[str, Any]


def metric_view(metric: Metric, policy: ArchivePolicy) -> View:
    """As in lists."""
    creator = Creator(metric.created_by_user_id, metric.created_by_project_id)
    return {
        "id": metric.id,
        "name": metric.name or None,
        "unit": metric.unit or None,
        "resource_id": metric.resource_id or None,
        "archive_policy": policies.view(policy),
        "archive_policy_name": policy.name,
        "created_by_user_id": creator.user_id,
        "created_by_project_id": creator.project_id,
        "creator": creator.text,
    }


def whole_metric_view(
    metric: Metric, policy: ArchivePolicy, resource: Resource | None
) -> View:
    """With its resource."""
    shown = None if resource is None else resource_view(resource)
    return {**metric_view(metric, policy), "resource": shown}


def resource_view(
    resource: Resource,
    metrics: Mapping[str, str] | None = None,
    *,
    revision_end: float = 0.0,
    details: bool = True,
) -> View:
    """One resource; ``details``: with what its type has."""
    creator = Creator(resource.created_by_user_id, resource.created_by_project_id)
    view: View = {
        "id": resource.id,
        "original_resource_id": resource.original_id,
        "type": resource.type,
        "project_id": resource.project_id or None,
        "user_id": resource.user_id or None,
        "creator": creator.text,
        "created_by_user_id": creator.user_id,
        "created_by_project_id": creator.project_id,
        "started_at": shown_moment(resource.started_at),
        "ended_at": _moment(resource.ended_at),
        "revision_start": shown_moment(resource.revision_start),
        "revision_end": _moment(revision_end),
    }
    if metrics is not None:
        view["metrics"] = dict(metrics)
    if details:
        view.update(resource.attributes)
    return view


def _moment(at: float) -> str | None:
    return shown_moment(at) if at else None


def points_view(points: Iterable[Point]) -> list[list[Any]]:
    """Measures."""
    return [
        [iso(at), it if isinstance(it, str) else seconds(it), value]
        for at, it, value in points
    ]
