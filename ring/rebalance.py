"""From the assignment there is to the one the plan wants, with few moves.

A pass first gives a device to every slot that has none (a new ring, a removed device,
more replicas), then moves slots out of crowded failure domains, then from devices that
hold too many to devices that hold too few. What it may touch is in `ring.slots`. The
pass is a function of its arguments; the same seed gives the same ring.
"""

from __future__ import annotations

import random
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ring.rules import Rules
from ring.slots import UNASSIGNED, Slots

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
    """One rebalance at work; see `rebalance`."""

    slots: Slots
    partners_left: int = field(init=False)

    def __post_init__(self) -> None:
        count = sum(map(len, self.slots.rows))
        self.partners_left = max(PARTNERS_ALWAYS, PARTNERS_PER_SLOT * count)

    def run(self) -> None:
        """The whole pass, in its order."""
        slots = self.slots
        slots.fill_pool()
        self.place_unassigned()
        slots.fill_pool()
        self.relieve_crowded()
        for _ in range(BALANCE_PASSES):
            slots.fill_pool()
            if not slots.pool or not self.even_out():
                break
        slots.fill_pool()
        self.trade()

    def place_unassigned(self) -> None:
        """Give every slot without a device one, come what may."""
        slots = self.slots
        leftover = []
        for partition, replica in slots.unassigned():
            others = slots.others(partition, replica)
            device_id = slots.draw(others)
            if device_id is None:
                leftover.append((partition, replica))
            else:
                slots.put(partition, replica, device_id)
        for partition, replica in leftover:
            others = slots.others(partition, replica)
            device_id = slots.search(others)
            if device_id is not None:
                slots.put(partition, replica, device_id)
            elif not self.exchange(partition, replica, None):
                slots.put(partition, replica, slots.least_bad(others))

    def exchange(self, partition: int, replica: int, giving: int | None) -> bool:
        """Find a slot elsewhere whose device fits here, and fill that slot instead.

        The other slot gets `giving`, or some device from the pool when that is None.
        """
        slots = self.slots
        if giving is None and not slots.pool:
            return False
        others = slots.others(partition, replica)
        rows, fits, uniform = slots.rows, slots.rules.fits, slots.rng.random
        limit = min(PARTNERS_MAX, self.partners_left)
        for tried in range(limit):
            row_number = int(uniform() * len(rows))
            row = rows[row_number]
            place = int(uniform() * len(row))
            device_id = row[place]
            if (
                place == partition
                or device_id in (UNASSIGNED, giving)
                or not slots.may_move(place, row_number)
                or not fits(others, device_id)
            ):
                continue
            beside = slots.others(place, row_number)
            if giving is None:
                substitute = slots.draw(beside, BALANCE_DRAWS_MAX)
            else:
                substitute = giving if fits(beside, giving) else None
            if substitute is None or substitute == device_id:
                continue
            self.partners_left -= tried + 1
            slots.put(place, row_number, substitute)
            slots.put(partition, replica, device_id)
            return True
        self.partners_left -= limit
        return False

    def relieve_crowded(self) -> None:
        """Move one replica of each partition that exceeds a failure domain's cap."""
        slots = self.slots
        crowded = [p for p in slots.crowded_partitions() if slots.movable(p)]
        slots.rng.shuffle(crowded)
        for partition in crowded:
            # An exchange for an earlier one may have moved or relieved it already.
            if not (slots.movable(partition) and slots.crowded_now(partition)):
                continue
            replica = slots.most_crowded(partition)
            others = slots.others(partition, replica)
            device_id = slots.draw(others)
            if device_id is None:
                device_id = slots.search(others)
            if device_id is not None:
                slots.put(partition, replica, device_id)
            elif not self.exchange(partition, replica, None):
                self.exchange(partition, replica, slots.rows[replica][partition])

    def even_out(self) -> bool:
        """Move slots from devices that hold too many straight to ones that lack."""
        slots = self.slots
        progress = False
        for partition, replica in slots.surplus():
            if not slots.pool:
                break
            device_id = slots.draw(slots.others(partition, replica), BALANCE_DRAWS_MAX)
            if device_id is not None:
                slots.put(partition, replica, device_id)
                progress = True
        return progress

    def trade(self) -> None:
        """Move surplus by way of a third device, where no straight move fits."""
        slots = self.slots
        for partition, replica in slots.surplus():
            if not slots.pool or self.partners_left <= 0:
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
    slots = _pass(rows, rules, quota, frozen, rng, fresh=fresh)
    if not fresh:
        return
    # In a small ring whose quotas fit exactly, the last slots can be stuck beside
    # their like. Nothing is stored yet, so the whole layout may be dealt again.
    count = sum(map(len, rows))
    for _ in range(min(DEALS_MAX, DEALT_SLOTS_MAX // count)):
        if next(slots.crowded_partitions(), None) is None:
            return
        for row, unassigned in zip(rows, empty, strict=True):
            row[:] = unassigned
        slots = _pass(rows, rules, quota, frozen, rng, fresh=fresh)


def _pass(
    rows: Sequence[array[int]],
    rules: Rules,
    quota: Sequence[int],
    frozen: bytearray,
    rng: random.Random,
    *,
    fresh: bool,
) -> Slots:
    slots = Slots(rows, rules, quota, frozen, rng, fresh)
    Pass(slots).run()
    return slots
