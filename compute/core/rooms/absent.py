"""A service that this cloud does not have: whoever calls it hears just that."""

from __future__ import annotations

from collections.abc import Mapping

from objectstore.client.caller import Answer, Content
from objectstore.kernel.errors import Unavailable


class ServiceAbsent(Unavailable):
    """It is not away for a moment: this cloud has none."""


class AbsentService:
    """A ``Caller`` that reaches nobody."""

    def __init__(self, name: str) -> None:
        self._name = name

    def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: Content = b"",
        *,
        timeout: float | None = None,
    ) -> Answer:
        """``ServiceAbsent``."""
        raise ServiceAbsent(f"There is no {self._name} service here")
