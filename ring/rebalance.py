"""From the assignment there is to the one the plan wants, with few moves.

A *slot* is one replica of one partition. A pass first gives a device to every slot that
has none (a new ring, a removed device, more replicas), then moves slots out of crowded
failure domains, then from devices that hold too many to devices that hold too few. The
devices that hold too few wait in the *pool*, once for each slot they lack; a slot draws
from it at random until a device fits, which also mixes devices well.

What a pass may touch is limited, because a moved replica is unavailable until its data
has followed: a partition that moved less than min_part_hours ago is *frozen*, and only
one replica of any partition moves in one pass. Losing a device overrides both, as the
data is gone anyway. The pass is a function of its arguments; the same seed gives the
same ring.
"""

from __future__ import annotations

import random
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ring.rules import Rules

# The id that means `no device`; it also bounds the ids that can be used.
UNASSIGNED = 0xFFFFFFFF

# Marks a partition that has a slot to fill: its other replicas must stay.
MOVE_PENDING = 255

# Draws from the pool before a slot is put aside. With half the pool unsuitable, twelve
# draws miss once in four thousand slots.
DRAWS_MAX = 12
# While balancing, a slot that does not find a place can simply stay: try less hard.
BALANCE_DRAWS_MAX = 4
# Partners tried for an exchange of two slots. Exchanges repair what drawing left over,
# one slot in hundreds, so they may cost more; the limit bounds hopeless cases.
PARTNERS_MAX = 200
# Over the whole pass, exchanges are abandoned after this many partners per slot of the
# ring: a layout that cannot be met must not take minutes to say so. Small rings may try
# harder; a hundred thousand partners take about a tenth of a second.
PARTNERS_PER_SLOT = 2
PARTNERS_ALWAYS = 100_000
# A new ring that came out crowded is dealt again so often, until this many slots have
# been dealt: a small ring is cheap, and a large one has always found its way.
DEALS_MAX = 200
DEALT_SLOTS_MAX = 100_000
# Balance passes over all partitions; a second one places what the first one unblocked.
BALANCE_PASSES = 3


@dataclass(slots=True)
class Pass:
    """One rebalance at work. `rows` are changed in place; see `rebalance`."""

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
    partners_left: int = field(init=False)
    order: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.held = [0] * len(self.quota)
        for row in self.rows:
            for device_id in row:
                if device_id != UNASSIGNED:
                    self.held[device_id] += 1
        self.moved = bytearray(len(self.rows[0]))
        slots = sum(map(len, self.rows))
        self.partners_left = max(PARTNERS_ALWAYS, PARTNERS_PER_SLOT * slots)
        self.order = list(range(len(self.rows[0])))
        self.rng.shuffle(self.order)

    def run(self) -> None:
        """The whole pass, in its order."""
        self.fill_pool()
        self.place_unassigned()
        self.fill_pool()
        self.relieve_crowded()
        for _ in range(BALANCE_PASSES):
            self.fill_pool()
            if not self.pool or not self.even_out():
                break
        self.fill_pool()
        self.trade()

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

    # Slots without a device.

    def place_unassigned(self) -> None:
        """Give every slot without a device one, come what may."""
        leftover = []
        for partition, replica in self.unassigned_slots():
            others = self.others(partition, replica)
            device_id = self.draw(others)
            if device_id is None:
                leftover.append((partition, replica))
            else:
                self.put(partition, replica, device_id)
        for partition, replica in leftover:
            others = self.others(partition, replica)
            device_id = self.search(others)
            if device_id is not None:
                self.put(partition, replica, device_id)
            elif not self.exchange(partition, replica, None):
                self.put(partition, replica, self.least_bad(others))

    def unassigned_slots(self) -> list[tuple[int, int]]:
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

    def exchange(self, partition: int, replica: int, giving: int | None) -> bool:
        """Find a slot elsewhere whose device fits here, and fill that slot instead.

        The other slot gets `giving`, or some device from the pool when that is None.
        """
        if giving is None and not self.pool:
            return False
        others = self.others(partition, replica)
        rows, fits, uniform = self.rows, self.rules.fits, self.rng.random
        limit = min(PARTNERS_MAX, self.partners_left)
        for tried in range(limit):
            row_number = int(uniform() * len(rows))
            row = rows[row_number]
            place = int(uniform() * len(row))
            device_id = row[place]
            if (
                place == partition
                or device_id in (UNASSIGNED, giving)
                or not self.may_move(place, row_number)
                or not fits(others, device_id)
            ):
                continue
            beside = self.others(place, row_number)
            if giving is None:
                substitute = self.draw(beside, BALANCE_DRAWS_MAX)
            else:
                substitute = giving if fits(beside, giving) else None
            if substitute is None or substitute == device_id:
                continue
            self.partners_left -= tried + 1
            self.put(place, row_number, substitute)
            self.put(partition, replica, device_id)
            return True
        self.partners_left -= limit
        return False

    # Slots on the wrong device.

    def relieve_crowded(self) -> None:
        """Move one replica of each partition that exceeds a failure domain's cap."""
        crowded = [p for p in self.crowded_partitions() if self.movable(p)]
        self.rng.shuffle(crowded)
        for partition in crowded:
            # An exchange for an earlier one may have moved or relieved it already.
            if not (self.movable(partition) and self.crowded_now(partition)):
                continue
            replica = self.most_crowded(partition)
            others = self.others(partition, replica)
            device_id = self.draw(others)
            if device_id is None:
                device_id = self.search(others)
            if device_id is not None:
                self.put(partition, replica, device_id)
            elif not self.exchange(partition, replica, None):
                self.exchange(partition, replica, self.rows[replica][partition])

    def movable(self, partition: int) -> bool:
        """May a replica of this partition start to move?"""
        return self.fresh or not (self.frozen[partition] or self.moved[partition])

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

    def surplus_slots(self) -> Iterator[tuple[int, int]]:
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

    def even_out(self) -> bool:
        """Move slots from devices that hold too many straight to ones that lack."""
        progress = False
        for partition, replica in self.surplus_slots():
            if not self.pool:
                break
            device_id = self.draw(self.others(partition, replica), BALANCE_DRAWS_MAX)
            if device_id is not None:
                self.put(partition, replica, device_id)
                progress = True
        return progress

    def trade(self) -> None:
        """Move surplus by way of a third device, where no straight move fits."""
        for partition, replica in self.surplus_slots():
            if not self.pool or self.partners_left <= 0:
                break
            self.exchange(partition, replica, None)


def rebalance(
    rows: Sequence[array[int]],
    rules: Rules,
    quotas: Mapping[int, int],
    frozen: bytearray,
    rng: random.Random,
    *,
    fresh: bool,
) -> None:
    """Change `rows` in place so that they follow the quotas and the rules.

    Slots to be filled hold `UNASSIGNED`. Afterwards none does, whatever the quotas say.
    """
    quota = [quotas.get(device_id, 0) for device_id in range(len(rules.groups))]
    empty = [array(row.typecode, row) for row in rows] if fresh else []
    work = Pass(rows, rules, quota, frozen, rng, fresh)
    work.run()
    if not fresh:
        return
    # In a small ring whose quotas fit exactly, the last slots can be stuck beside
    # their like. Nothing is stored yet, so the whole layout may be dealt again.
    slots = sum(map(len, rows))
    for _ in range(min(DEALS_MAX, DEALT_SLOTS_MAX // slots)):
        if next(work.crowded_partitions(), None) is None:
            return
        for row, unassigned in zip(rows, empty, strict=True):
            row[:] = unassigned
        work = Pass(rows, rules, quota, frozen, rng, fresh)
        work.run()
