"""What is not there, or there already: in the words that Gnocchi's client knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from compute.core.errors import ApiError, BadRequest, Conflict, NotFound

SHOWN_CHARACTERS_MAX = 80


class TooMuch(ApiError):
    """More than one metric may hold, or one question look at."""

    status_default = 413
    kind_default = "TooMuch"


class NotAcceptable(ApiError):
    """The caller takes no JSON, and there is nothing else."""

    status_default = 406


class Explained(BadRequest):
    """An error that is told in parts: its cause, why so, and what it is about."""

    def __init__(
        self, cause: str, reason: str, detail: Any = None, status: int = 400
    ) -> None:
        super().__init__(f"{cause}: {reason}", status=status)
        found = {"cause": cause, "reason": reason, "detail": detail}
        self.explanation = {name: it for name, it in found.items() if it is not None}


def invalid_input(reason: str, *path: str | int) -> Explained:
    """400: this place of the body is not as it must be."""
    return Explained("Invalid input", reason, [str(each) for each in path])


def invalid_value(reason: str, *path: str | int) -> Explained:
    """400: the value that stands there is not as it must be."""
    place = "".join(f"[{each!r}]" for each in path)
    return invalid_input(f"{reason} for dictionary value @ data{place}", *path)


def invalid_argument(reason: str, name: str) -> Explained:
    """400: this parameter of the query is not as it must be."""
    return Explained("Argument value error", reason, name)


class UnsupportedMediaType(ApiError):
    """The body is not in a form that is taken."""

    status_default = 415
    kind_default = "UnsupportedMediaType"


LISTED_MAX = 10


def unknown_metrics(ids: Sequence[str]) -> Explained:
    """404."""
    shown = [_shown(each) for each in ids[:LISTED_MAX]]
    reason = f"Metric {', '.join(shown)} does not exist"
    return Explained("Unknown metrics", reason, shown, 404)


def unknown_aggregation(metric_id: str, method: str) -> Explained:
    """404: the metric's archive policy has no such method."""
    cause = "Aggregation method does not exist for this metric"
    detail = {"metric": metric_id, "aggregation_method": _shown(method)}
    return Explained(cause, f"Aggregation method {_shown(method)!r}", detail, 404)


def not_aggregable(reason: str, detail: Sequence[Any]) -> Explained:
    """400: these series cannot stand side by side."""
    shown = list(detail[:LISTED_MAX])
    return Explained("Metrics cannot be aggregated", reason, shown)


def no_metric(name: str) -> NotFound:
    """404."""
    return NotFound(f"Metric {_shown(name)} does not exist")


def no_resource(name: str) -> NotFound:
    """404."""
    return NotFound(f"Resource {_shown(name)} does not exist")


def no_resource_type(name: str) -> NotFound:
    """404."""
    return NotFound(f"Resource type {_shown(name)} does not exist")


def no_policy(name: str) -> NotFound:
    """404."""
    return NotFound(f"Archive policy {_shown(name)} does not exist")


def no_rule(name: str) -> NotFound:
    """404."""
    return NotFound(f"Archive policy rule {_shown(name)} does not exist")


def metric_there(name: str) -> Conflict:
    """409."""
    return Conflict(f"Named metric {_shown(name)} already exists")


def resource_there(name: str) -> Conflict:
    """409."""
    return Conflict(f"Resource {_shown(name)} already exists")


def _shown(name: str) -> str:
    return name[:SHOWN_CHARACTERS_MAX]
