"""What is not there, or there already: in the words that Gnocchi's client knows."""

from __future__ import annotations

from typing import Any

from compute.core.errors import ApiError, Conflict, NotFound

SHOWN_CHARACTERS_MAX = 80


class TooMuch(ApiError):
    """More measures than one metric may hold, or one question look at."""

    status_default = 413
    kind_default = "TooMuch"


class Explained(ApiError):
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


def invalid_argument(reason: str, name: str) -> Explained:
    """400: this parameter of the query is not as it must be."""
    return Explained("Argument value error", reason, name)


class UnsupportedMediaType(ApiError):
    """The body is not in a form that is taken."""

    status_default = 415
    kind_default = "UnsupportedMediaType"


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
