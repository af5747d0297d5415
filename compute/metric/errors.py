"""What is not there, or there already: in the words that Gnocchi's client knows."""

from __future__ import annotations

from compute.core.errors import ApiError, Conflict, NotFound

SHOWN_CHARACTERS_MAX = 80


class TooMuch(ApiError):
    """More measures than one metric may hold, or one question look at."""

    status_default = 413
    kind_default = "TooMuch"


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
