"""There is one form: JSON.  Who says that he takes only others is told so (406)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from compute.core.api.frame import ApiCall, Handler, Route
from compute.metric.errors import NotAcceptable
from objectstore.kernel.reply import Reply

_RANGES = frozenset({"application/json", "application/*", "*/*"})
# More than any client sends.
_RANGES_MAX = 100


def as_json(routes: Iterable[Route]) -> list[Route]:
    """The routes, for who takes JSON."""
    return [replace(each, handler=_checked(each.handler)) for each in routes]


def _checked(handler: Handler) -> Handler:
    def checked(call: ApiCall) -> Reply:
        accepted = call.request.environ.get("HTTP_ACCEPT", "")
        if accepted.strip() and not takes_json(accepted):
            raise NotAcceptable("There is application/json only.")
        return handler(call)

    return checked


def takes_json(accepted: str) -> bool:
    """Whether an Accept header lets it in; one of its ranges does, and none more
    specific refuses it (``q=0``)."""
    weights: dict[str, float] = {}
    for item in accepted.split(",", _RANGES_MAX)[:_RANGES_MAX]:
        media_range, *parameters = [part.strip().lower() for part in item.split(";")]
        if media_range in _RANGES:
            weights[media_range] = _weight(parameters)
    for media_range in ("application/json", "application/*", "*/*"):
        if media_range in weights:
            return weights[media_range] > 0
    return False


def _weight(parameters: list[str]) -> float:
    for each in parameters:
        name, _, value = each.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 1.0
    return 1.0
