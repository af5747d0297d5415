"""Closed periods as objects in the house's own account of the ring.

An object is written once, under a name of its own, and never changed: who has read its
name in SQL finds exactly those periods.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from objectstore.client.swift import NotFound, SwiftAccount
from objectstore.kernel.errors import Unavailable

CONTAINER = "metrics"
OBJECT_BYTES_MAX = 64 * 1024 * 1024


class Missing(Unavailable):
    """There is no such object (any more)."""


class Objects(Protocol):
    """Where chunks are kept."""

    def put(self, name: str, data: bytes) -> None:
        """Write a new one."""

    def get(self, name: str) -> bytes:
        """All of it.  ``Missing``."""

    def delete(self, name: str) -> None:
        """Fine when it is not there."""


class RingObjects:
    """``Objects`` in a container of a Swift account."""

    def __init__(self, account: Callable[[], SwiftAccount]) -> None:
        """``account`` is asked at each use: at start, identity may not be up yet."""
        self._account = account
        self._is_made = False

    def put(self, name: str, data: bytes) -> None:
        """See ``Objects.put``."""
        account = self._account()
        if not self._is_made:
            account.put_container(CONTAINER)
            self._is_made = True
        try:
            account.put(CONTAINER, name, data)
        except NotFound:
            self._is_made = False  # somebody removed it: the next try helps
            raise Unavailable(f"container {CONTAINER} is gone") from None

    def get(self, name: str) -> bytes:
        """See ``Objects.get``."""
        try:
            answer = self._account().get(CONTAINER, name)
        except NotFound:
            raise Missing(f"{name} is missing in the ring") from None
        with answer:
            return answer.read(OBJECT_BYTES_MAX)

    def delete(self, name: str) -> None:
        """See ``Objects.delete``."""
        self._account().delete(CONTAINER, name)
