"""How good an assignment is: balance and dispersion, the two figures operators watch.

*Balance* is how far, in percent, a device is from the share its weight deserves; the
ring's balance is its worst device's. *Dispersion* is the percentage of replicas that
share a failure domain which, by the number of domains alone, they would not have to
share. Zero is best for both, and weights or a shortage of devices can make either
unreachable.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ring.device import Device, Tier
from ring.plan import ideal_caps

# Shown for a device that holds partitions but has no weight: infinitely too many.
# Swift's tools use the same figure, and operators know it.
BALANCE_MAX = 999.99


@dataclass(frozen=True, slots=True)
class TierReport:
    """How one tier's partitions are spread: `counts[n]` have n replicas in it."""

    tier: Tier
    cap: int
    counts: tuple[int, ...]

    @property
    def placed(self) -> int:
        """How many replicas are in this tier."""
        return sum(count * number for number, count in enumerate(self.counts))

    @property
    def dispersion(self) -> float:
        """The percentage of this tier's replicas above its cap."""
        above = sum(
            count * (number - self.cap)
            for number, count in enumerate(self.counts)
            if number > self.cap
        )
        return 100.0 * above / self.placed if self.placed else 0.0


def held_counts(rows: Iterable[array[int]]) -> Counter[int]:
    """How many slots each device id has."""
    held: Counter[int] = Counter()
    for row in rows:
        held.update(row)
    return held


def balance_by_device(
    devices: Iterable[Device], held: Mapping[int, int], slots: float
) -> dict[int, float]:
    """Each device's distance from its deserved share, in percent."""
    known = list(devices)
    total_weight = sum(device.weight for device in known)
    balances = {}
    for device in known:
        have = held.get(device.id, 0)
        if device.weight > 0:
            deserved = device.weight / total_weight * slots
            balances[device.id] = 100.0 * have / deserved - 100.0
        else:
            balances[device.id] = BALANCE_MAX if have else 0.0
    return balances


def dispersion(
    devices: Sequence[Device], rows: Sequence[array[int]], replicas: float
) -> float:
    """The ring's dispersion: each replica counts once, at its worst tier."""
    caps = ideal_caps(devices, replicas)
    at_risk = 0
    for span in spans(rows):
        by_level = []
        for level in range(4):
            members, tiers = _members(devices, level)
            limits = [caps.get(tier, 0) for tier in tiers]
            columns = list(_columns(span, members))
            risks = {column: _excess(column, limits) for column in set(columns)}
            if any(risks.values()):
                by_level.append([risks[column] for column in columns])
        at_risk += sum(map(max, zip(*by_level, [0] * len(span[0]), strict=True)))
    slots = sum(map(len, rows))
    return 100.0 * at_risk / slots if slots else 0.0


def tier_reports(
    devices: Sequence[Device], rows: Sequence[array[int]], replicas: float
) -> list[TierReport]:
    """One report for each tier that holds something, in order."""
    caps = ideal_caps(devices, replicas)
    parts = len(rows[0]) if rows else 0
    reports = []
    for level in range(4):
        members, tiers = _members(devices, level)
        counts = [[0] * (len(rows) + 1) for _ in tiers]
        for span in spans(rows):
            for column, times in Counter(_columns(span, members)).items():
                for place, number in Counter(column).items():
                    counts[place][number] += times
        for tier, found in zip(tiers, counts, strict=True):
            if any(found):
                found[0] = parts - sum(found)
                reports.append(TierReport(tier, caps.get(tier, 0), tuple(found)))
    return sorted(reports, key=lambda report: tuple(map(str, report.tier)))


def spans(rows: Sequence[array[int]]) -> list[list[array[int]]]:
    """The rows cut where the last one ends, so that every piece is a full table."""
    if not rows:
        return []
    split = len(rows[-1])
    if split == len(rows[0]):
        return [list(rows)]
    return [[row[:split] for row in rows], [row[split:] for row in rows[:-1]]]


def _members(
    devices: Iterable[Device], level: int
) -> tuple[dict[int, int], list[Tier]]:
    """Number the tiers of one level; say for each device id which one it is in."""
    numbers: dict[Tier, int] = {}
    members = {
        device.id: numbers.setdefault(device.tiers[level], len(numbers))
        for device in devices
    }
    return members, list(numbers)


def _columns(
    span: Sequence[array[int]], members: Mapping[int, int]
) -> Iterator[tuple[int, ...]]:
    """For each partition, the tier number of each of its replicas."""
    return zip(*(map(members.__getitem__, row) for row in span), strict=True)


def _excess(column: tuple[int, ...], limits: Sequence[int]) -> int:
    # Most columns have no two alike; this test spares them the counting.
    if len(set(column)) == len(column):
        return 0
    return sum(
        max(0, number - max(1, limits[place]))
        for place, number in Counter(column).items()
    )
