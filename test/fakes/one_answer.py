"""A service that answers every question alike, and remembers the last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from objectstore.client.caller import Answer, Content


class OneAnswer:
    """See the module."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status, self.body = status, body
        self.asked: tuple[Any, ...] = ()
        self.is_closed = False

    def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: Content = b"",
        *,
        timeout: float | None = None,
    ) -> Answer:
        self.asked = (method, path, dict(headers or {}), body, timeout)

        def close() -> None:
            self.is_closed = True

        return Answer(self.status, {}, [self.body] if self.body else [], close)
