"""Who holds which slot while a ring is rebalanced, and who lacks some.

A *slot* is one replica of one partition. The devices that hold too few wait in the
*pool*, once for each slot they lack; a slot draws from it at random until a device
fits, which also mixes devices well.

What may be touched is limited, because a moved replica is unavailable until its data
has followed: a partition that moved less than min_part_hours ago is *frozen*, and only
one replica of any partition moves in one pass. Losing a device overrides both, as the
data is gone anyway.
"""

from __future__ import annotations

import random
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ring.rules import Rules

# The id that means `no device`; it also bounds the ids that can be used.
UNASSIGNED = 0xFFFFFFFF

# Marks a partition that has a slot to fill: its other replicas must stay.
MOVE_PENDING = 255

# Draws from the pool before a slot is put aside. With half the pool unsuitable, twelve
# draws miss once in four thousand slots.
DRAWS_MAX = 12


@dataclass(slots=True)
class Slots:
    """All slots of a ring at work. `rows` are changed in place."""

    rows: Sequence[array[int]]
    rules: Rules
    quota: Sequence[int]
    frozen: bytearray
    rng: random.Random
    # A new ring has no data yet: its slots may be moved about freely.
    fresh: bool
    held: list[int] = field(init=False)
    pool: list[int] = field(init=False, default_factory=list)
    # For each partition 0, or 1 + the replica that moved in this pass, or MOVE_PENDING.
    moved: bytearray = field(init=False)
    order: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.held = [0] * len(self.quota)
        for row in self.rows:
            for device_id in row:
                if device_id != UNASSIGNED:
                    self.held[device_id] += 1
        self.moved = bytearray(len(self.rows[0]))
        self.order = list(range(len(self.rows[0])))
        self.rng.shuffle(self.order)

    # What is where.

    def others(self, partition: int, replica: int) -> list[int]:
        """The devices that hold the partition's other replicas."""
        found = []
        for number, row in enumerate(self.rows):
            if number != replica and partition < len(row):
                holder = row[partition]
                if holder != UNASSIGNED:
                    found.append(holder)
        return found

    def may_move(self, partition: int, replica: int) -> bool:
        """May this slot change hands in this pass?"""
        if self.fresh:
            return True
        moved = self.moved[partition]
        if moved:
            # Moving the same replica on costs nothing: its data has not gone anywhere.
            return moved == replica + 1
        return not self.frozen[partition]

    def movable(self, partition: int) -> bool:
        """May a replica of this partition start to move?"""
        return self.fresh or not (self.frozen[partition] or self.moved[partition])

    def put(self, partition: int, replica: int, device_id: int) -> None:
        """Give a slot to a device."""
        row = self.rows[replica]
        before = row[partition]
        if before != UNASSIGNED:
            self.held[before] -= 1
        row[partition] = device_id
        self.held[device_id] += 1
        self.moved[partition] = replica + 1

    # The pool.

    def fill_pool(self) -> None:
        """List each device once for each slot it lacks."""
        self.pool = [
            device_id
            for device_id, (quota, held) in enumerate(
                zip(self.quota, self.held, strict=True)
            )
            for _ in range(quota - held)
        ]

    def draw(self, others: Sequence[int], draws: int = DRAWS_MAX) -> int | None:
        """A random device that lacks slots and fits beside `others`."""
        pool, held, quota = self.pool, self.held, self.quota
        fits, uniform = self.rules.fits, self.rng.random
        while draws and pool:
            place = int(uniform() * len(pool))
            device_id = pool[place]
            usable = held[device_id] < quota[device_id]
            if usable and not fits(others, device_id):
                draws -= 1
                continue
            # Taken, or a leftover of a device that has been filled otherwise.
            pool[place] = pool[-1]
            pool.pop()
            if usable:
                return device_id
        return None

    def search(self, others: Sequence[int]) -> int | None:
        """Like draw, but looks at every device that lacks slots."""
        short = [
            device_id
            for device_id, (quota, held) in enumerate(
                zip(self.quota, self.held, strict=True)
            )
            if held < quota and self.rules.fits(others, device_id)
        ]
        return self.rng.choice(short) if short else None

    # Slots to be filled, and slots on the wrong device.

    def unassigned(self) -> list[tuple[int, int]]:
        """The (partition, replica) pairs without a device, in random order."""
        slots = []
        for replica, row in enumerate(self.rows):
            place = -1
            for _ in range(row.count(UNASSIGNED)):
                place = row.index(UNASSIGNED, place + 1)
                slots.append((place, replica))
                self.moved[place] = MOVE_PENDING
        self.rng.shuffle(slots)
        # One partition's slots together, in random order of partitions: the fewer
        # partitions are half placed, the easier the last ones are.
        first: dict[int, int] = {}
        for partition, _ in slots:
            first.setdefault(partition, len(first))
        return sorted(slots, key=lambda slot: first[slot[0]])

    def least_bad(self, others: Sequence[int]) -> int:
        """Any device with weight but not this partition; every slot gets a device."""
        candidates = [
            device_id
            for device_id, quota in enumerate(self.quota)
            if quota and device_id not in others
        ]
        if not candidates:
            candidates = [d for d, group in enumerate(self.rules.groups) if group >= 0]
        return min(
            candidates,
            key=lambda device_id: (
                device_id in others,
                not self.rules.fits(others, device_id),
                self.held[device_id] - self.quota[device_id],
                self.rng.random(),
            ),
        )

    def crowded_partitions(self) -> Iterator[int]:
        """The partitions that exceed a failure domain's cap somewhere."""
        crowded = self.rules.crowded
        split = len(self.rows[-1])
        for start, stop, rows in (
            (0, split, self.rows),
            (split, len(self.rows[0]), self.rows[:-1]),
        ):
            columns = zip(*(row[start:stop] for row in rows), strict=True)
            for partition, holders in enumerate(columns, start):
                if crowded(holders):
                    yield partition

    def crowded_now(self, partition: int) -> bool:
        """Does this partition exceed a failure domain's cap?"""
        return self.rules.crowded(self.others(partition, -1))

    def most_crowded(self, partition: int) -> int:
        """The replica to move: one too close to others, from the fullest device."""
        choices = []
        for replica, row in enumerate(self.rows):
            if partition < len(row):
                device_id = row[partition]
                close = not self.rules.fits(self.others(partition, replica), device_id)
                surplus = self.held[device_id] - self.quota[device_id]
                choices.append((close, surplus, self.rng.random(), replica))
        return max(choices)[3]

    def surplus(self) -> Iterator[tuple[int, int]]:
        """Movable slots of devices that hold too many, at most one a partition."""
        held, quota, rows = self.held, self.quota, self.rows
        for partition in self.order:
            if not self.movable(partition):
                continue
            for replica, row in enumerate(rows):
                if partition < len(row):
                    device_id = row[partition]
                    if held[device_id] > quota[device_id]:
                        yield partition, replica
                        if self.moved[partition]:
                            break
