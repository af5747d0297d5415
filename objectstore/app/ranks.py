"""A device's place among the primaries of a key: who acts first."""

from __future__ import annotations

from collections.abc import Callable

from objectstore.app.rings import RingSet
from ring.device import Device
from ring.ring import Ring

Rank = Callable[[bytes], int]


class Ranks:
    """Ranks by the rings as they are when asked."""

    def __init__(
        self, rings: Callable[[], RingSet], is_here: Callable[[Device], bool]
    ) -> None:
        self._rings = rings
        self._is_here = is_here

    def object(self, policy: int, name: str) -> Rank:
        """Of objects of a policy, for this machine's device of that name."""
        return lambda key: self._rank(self._rings().objects.get(policy), name, key)

    def container(self, name: str) -> Rank:
        """The same of containers."""
        return lambda key: self._rank(self._rings().container, name, key)

    def account(self, name: str) -> Rank:
        """The same of accounts."""
        return lambda key: self._rank(self._rings().account, name, key)

    def _rank(self, ring: Ring | None, name: str, key: bytes) -> int:
        """0 for the first primary; a handoff comes after all of them."""
        if ring is None:
            return 0
        primaries = ring.primaries(ring.partition(key))
        for rank, device in enumerate(primaries):
            if device.device == name and self._is_here(device):
                return rank
        return len(primaries)
