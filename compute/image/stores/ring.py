"""The ring: segments as objects in the account of the house's own service project.

Nobody else has rights there, so images are reached through the image API only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from compute.image.stores.segments import SegmentedStore
from objectstore.client.swift import NotFound, SwiftAccount
from objectstore.kernel.errors import Corrupt, Unavailable


class RingObjects:
    """``Objects`` in a Swift account: the name's first part is the container."""

    def __init__(self, account: Callable[[], SwiftAccount]) -> None:
        """``account`` is asked at each use: at start, identity may not be up yet."""
        self._account = account
        self._made: set[str] = set()  # containers that are known to be there

    def put(self, name: str, pieces: Iterable[bytes]) -> None:
        """See ``Objects.put``."""
        container, _, rest = name.partition("/")
        account = self._account()
        if container not in self._made:
            account.put_container(container)
            self._made.add(container)
        try:
            account.put(container, rest, pieces)
        except NotFound:
            self._made.discard(container)  # somebody removed it: the next try helps
            raise Unavailable(f"container {container} is gone") from None

    def get(self, name: str, first: int, last: int) -> Iterator[bytes]:
        """See ``Objects.get``."""
        container, _, rest = name.partition("/")
        try:
            answer = self._account().get(container, rest, first, last)
        except NotFound:
            raise Corrupt(f"{name} is missing") from None
        with answer:
            yield from answer

    def names(self, prefix: str) -> Iterator[str]:
        """See ``Objects.names``."""
        container, _, rest = prefix.partition("/")
        try:
            for listed in self._account().list_objects(container, rest):
                yield f"{container}/{listed.name}"
        except NotFound:
            return

    def delete(self, name: str) -> None:
        """See ``Objects.delete``."""
        container, _, rest = name.partition("/")
        self._account().delete(container, rest)


def ring_store(
    account: Callable[[], SwiftAccount], segment_bytes: int
) -> SegmentedStore:
    """The store ``ring``."""
    return SegmentedStore("ring", "ring", RingObjects(account), segment_bytes)
