"""Giving the assignment as many slots as the replica count asks for.

Row r holds replica r of every partition; a fractional count makes the last row short.
More replicas add unassigned slots. Fewer replicas drop, of each partition, the ones
that matter least: those that crowd a failure domain, then those on the fullest devices.
What remains then needs few moves or none.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence

from ring.rules import Rules
from ring.slots import UNASSIGNED


def row_lengths(parts: int, replicas: float) -> list[int]:
    """How many partitions each replica covers: 3.25 is three full rows, one short."""
    full = int(replicas)
    partial = int(parts * (replicas - full))
    return [parts] * full + ([partial] if partial else [])


def resize(
    rows: Sequence[array[int]],
    lengths: Sequence[int],
    rules: Rules,
    quotas: Mapping[int, int],
) -> list[array[int]]:
    """Return rows of the given lengths, keeping all the replicas that may stay."""
    before = [len(row) for row in rows]
    kept = [array("I", row) for row in rows]
    if sum(before) > sum(lengths):
        _drop_least_useful(kept, lengths, rules, quotas)
    for replica, length in enumerate(lengths):
        if replica == len(kept):
            kept.append(array("I"))
        row = kept[replica]
        del row[length:]
        row.extend([UNASSIGNED] * (length - len(row)))
    del kept[len(lengths) :]
    return kept


def _drop_least_useful(
    rows: Sequence[array[int]],
    lengths: Sequence[int],
    rules: Rules,
    quotas: Mapping[int, int],
) -> None:
    """Reorder each partition's replicas so that those to be dropped come last."""
    surplus: dict[int, int] = {UNASSIGNED: 0}
    for row in rows:
        for device_id in row:
            surplus[device_id] = surplus.get(device_id, 0) + 1
    for device_id in surplus:
        surplus[device_id] -= quotas.get(device_id, 0)
    for partition in range(len(rows[0])):
        holders = [row[partition] for row in rows if partition < len(row)]
        remaining = sum(partition < length for length in lengths)
        while len(holders) > remaining:
            worst = min(
                (_usefulness(holders, i, rules, surplus), i)
                for i in range(len(holders))
            )[1]
            surplus[holders[worst]] -= 1
            # The last replica takes the place of the dropped one, so that the others
            # keep theirs.
            holders[worst] = holders[-1]
            rows[worst][partition] = holders.pop()


def _usefulness(
    holders: list[int], position: int, rules: Rules, surplus: Mapping[int, int]
) -> tuple[bool, bool, int]:
    device_id = holders[position]
    if device_id == UNASSIGNED:
        return False, False, 0
    others = holders[:position] + holders[position + 1 :]
    others = [other for other in others if other != UNASSIGNED]
    return True, rules.fits(others, device_id), -surplus[device_id]
