"""The ``openstack`` command, as identity's tests call it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from test.functional.compute.house import RunningCloud


class Command:
    """Runs commands, as the administrator unless told otherwise."""

    def __init__(self, cloud: RunningCloud) -> None:
        self._cloud = cloud

    def __call__(
        self,
        *arguments: str,
        as_user: Mapping[str, str] | None = None,
        expected: int = 0,
    ) -> Any:
        """Its JSON when the command prints any; ``as_user``: ``OS_`` variables."""
        return self._cloud.openstack(*arguments, as_user=as_user, expected=expected)
