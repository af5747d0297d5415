"""May this device take a replica of that partition? The question asked most.

A rebalance asks it several million times, so the plan's caps are boiled down first. In
most clusters some tier of each device has a cap of one: then it is enough to know that
tier, its *group*, and no other replica may be in it. Only tiers with a cap above one
and below the replica count need counting.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from ring.device import Device, Tier
from ring.plan import Plan


class Rules:
    """The plan's caps, by device id, for devices numbered up to a largest id."""

    def __init__(self, plan: Plan, devices: Iterable[Device], id_count: int) -> None:
        self.groups = [-1] * id_count
        self.counted: list[tuple[list[int], list[int]]] = []
        numbers: dict[Tier, int] = {}
        known = list(devices)
        for device in known:
            group = next(
                tier for tier in device.tiers if len(tier) == 4 or plan.cap(tier) == 1
            )
            self.groups[device.id] = numbers.setdefault(group, len(numbers))
        for level in range(3):
            members = [-1] * id_count
            caps: list[int] = []
            places: dict[Tier, int] = {}
            for device in known:
                tier = device.tiers[level]
                if tier not in places:
                    places[tier] = len(places)
                    caps.append(plan.cap(tier))
                members[device.id] = places[tier]
            if any(1 < cap < math.ceil(plan.replicas) for cap in caps):
                self.counted.append((members, caps))

    def fits(self, others: Sequence[int], candidate: int) -> bool:
        """May `candidate` hold a partition whose other replicas are on `others`?"""
        groups = self.groups
        group = groups[candidate]
        for other in others:
            if groups[other] == group:
                return False
        for members, caps in self.counted:
            tier = members[candidate]
            together = 0
            for other in others:
                if members[other] == tier:
                    together += 1
            if together >= caps[tier]:
                return False
        return True

    def crowded(self, holders: Sequence[int]) -> bool:
        """Do these replicas of one partition exceed a cap somewhere?"""
        groups = self.groups
        if len({groups[holder] for holder in holders}) < len(holders):
            return True
        for members, caps in self.counted:
            tiers = [members[holder] for holder in holders]
            if len(set(tiers)) < len(tiers) and any(
                tiers.count(tier) > caps[tier] for tier in tiers
            ):
                return True
        return False
