"""Storage policies as the inventory names them: pure.

``NAME`` keeps copies, as many as ``replicas`` says; ``NAME:4+2`` keeps four fragments
of data and two of parity (the store's ``doc/erasure-coding.md``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from compute.deploy.options import StoreWish

_WISH = re.compile(
    r"(?P<name>[A-Za-z0-9-]{1,64})(?::(?P<data>\d{1,2})\+(?P<parity>\d{1,2}))?\Z"
)
# As the store's own settings have it.
DATA_MIN = 2
FRAGMENTS_MAX = 32
OBJECT_RING = "object"


@dataclass(frozen=True, slots=True)
class StorePolicy:
    """One policy; ``data`` 0: of copies."""

    name: str
    data: int = 0
    parity: int = 0

    @property
    def is_coded(self) -> bool:
        """Whether it keeps fragments."""
        return self.data > 0

    @property
    def settings(self) -> dict[str, str]:
        """What its section of ``cluster.conf`` says of that."""
        if not self.is_coded:
            return {}
        return {
            "type": "erasure",
            "data": str(self.data),
            "parity": str(self.parity),
        }


def parse_policy(text: str) -> StorePolicy:
    """Raises ``ValueError`` saying what is wrong."""
    match = _WISH.match(text)
    if match is None:
        raise ValueError(
            f"{text!r}: letters, digits and - only; NAME:4+2 for fragments"
        )
    if match["data"] is None:
        return StorePolicy(match["name"])
    data, parity = int(match["data"]), int(match["parity"])
    if data < DATA_MIN or not 1 <= parity <= data or data + parity > FRAGMENTS_MAX:
        raise ValueError(
            f"{text!r}: data is {DATA_MIN} at least, parity 1 to data, "
            f"and both together {FRAGMENTS_MAX} at most"
        )
    return StorePolicy(match["name"], data, parity)


def policies_of(store: StoreWish) -> list[StorePolicy]:
    """By index, of an inventory that was checked."""
    return [parse_policy(text) for text in store.policies]


def coded_by_ring(store: StoreWish) -> dict[str, StorePolicy]:
    """Those of fragments, by the names of their rings."""
    return {
        f"{OBJECT_RING}-{index}" if index else OBJECT_RING: policy
        for index, policy in enumerate(policies_of(store))
        if policy.is_coded
    }


def replicas_of(store: StoreWish, ring: str) -> int:
    """How many a ring has."""
    policy = coded_by_ring(store).get(ring)
    return store.replicas if policy is None else policy.data + policy.parity


def replicas_max(store: StoreWish) -> int:
    """Of whichever ring has most: as many devices, at least, there must be."""
    coded = coded_by_ring(store).values()
    return max(store.replicas, *(each.data + each.parity for each in coded), 0)
