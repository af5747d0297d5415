"""The nodes that hold one partition, and in which order they are asked."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import islice
from typing import Generic, TypeVar

from objectstore.proxy.rounds.quorum import majority

N = TypeVar("N")

# Stand-ins per primary: beyond twice the replicas, more devices are down than
# any write should hide from its client.
HANDOFFS_PER_PRIMARY = 2
# With fewer replicas so many are asked all the same before absence is believed.
ASKED_HANDOFFS_MIN = 3


class Group(Generic[N]):
    """The nodes of one partition.

    ``primaries`` are in ring order, the same for every proxy (locks are taken
    in this order); ``read_order`` has a near one first, then one of each other owner.
    ``device_ids`` are the primaries' ids in the ring, for telling others of them.
    """

    __slots__ = (
        "_are_shared",
        "_find_handoffs",
        "_handoffs",
        "device_ids",
        "majority",
        "owners",
        "primaries",
        "read_order",
    )

    def __init__(
        self,
        primaries: Iterable[N],
        near: Iterable[bool],
        find_handoffs: Callable[[], Iterable[N]],
        device_ids: Iterable[int] = (),
        owners: Iterable[Hashable] | None = None,
    ) -> None:
        """``owners``: of the primaries; None: they are all different."""
        self.primaries: tuple[N, ...] = tuple(primaries)
        places = range(len(self.primaries))
        owned = places if owners is None else tuple(owners)
        order = _read_order(tuple(near), tuple(owned))
        self.read_order: tuple[N, ...] = tuple(self.primaries[at] for at in order)
        self.owners: tuple[Hashable, ...] = tuple(owned)
        self._are_shared = 1 < len(set(self.owners)) < len(self.owners)
        self.device_ids = tuple(device_ids)
        self.majority = majority(len(self.primaries))
        self._find_handoffs = find_handoffs
        self._handoffs: tuple[N, ...] | None = None

    def are_of_one_owner(self, nodes: Iterable[N]) -> bool:
        """Whether these primaries, more than one, are, where the others are not."""
        if not self._are_shared:  # as in most clusters; each read asks
            return False
        asked = {id(node) for node in nodes}
        pairs = zip(self.primaries, self.owners, strict=True)
        owners = {owner for node, owner in pairs if id(node) in asked}
        return len(owners) == 1

    @property
    def are_shared(self) -> bool:
        """Whether some of the primaries, and not all, are of one owner."""
        return self._are_shared

    def are_unheard(self, away: Sequence[N]) -> bool:
        """Whether without these nobody is heard but devices of one owner, or none."""
        missing = {id(node) for node in away}
        pairs = zip(self.primaries, self.owners, strict=True)
        return len({owner for node, owner in pairs if id(node) not in missing}) < 2

    @property
    def handoffs(self) -> tuple[N, ...]:
        """The nodes that stand in for primaries, in that order."""
        if self._handoffs is None:
            count = HANDOFFS_PER_PRIMARY * len(self.primaries)
            count = max(count, ASKED_HANDOFFS_MIN)
            self._handoffs = tuple(islice(self._find_handoffs(), count))
        return self._handoffs

    @property
    def asked_handoffs(self) -> tuple[N, ...]:
        """Those that are asked what the primaries know nothing of."""
        return self.handoffs[: max(len(self.primaries), ASKED_HANDOFFS_MIN)]


def _read_order(near: Sequence[bool], owners: Sequence[Hashable]) -> list[int]:
    """Places: near ones first, but all owners before the second device of any.

    A process that has been away missed the same writes on all of its devices: those
    of two owners are asked, one of whom was there.
    """
    nearest = sorted(range(len(near)), key=lambda place: not near[place])
    before: list[Hashable] = []
    turns: list[tuple[int, int]] = []
    for place in nearest:
        turns.append((before.count(owners[place]), place))
        before.append(owners[place])
    return [place for _, place in sorted(turns, key=lambda turn: turn[0])]
