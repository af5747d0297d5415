"""The ring as the servers use it: who holds this partition, and who stands in.

A name's key picks a *partition*; each partition has a few *replicas*; the assignment
table says which device holds each. Row r of the table gives replica r of every
partition; with a fractional replica count the last row is shorter, so only the first
partitions have that replica. *Primaries* are the devices in the table, *handoffs* are
all the others, in the order in which they should stand in for a primary that is down.
"""

from __future__ import annotations

import hashlib
import json
import sys
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import cached_property
from itertools import islice

from ring.device import Device
from ring.errors import Damaged

# Remembering a partition's primaries costs about 200 bytes; 2^16 of them stay near
# 13 MB per process. Beyond that a lookup is computed, which costs about a microsecond.
REMEMBERED_PARTITIONS_MAX = 1 << 16

# Handoffs are found by sampling the table, so that they follow the weights. After this
# many samples per device, the few devices not met yet are simply listed.
HANDOFF_SAMPLES_PER_DEVICE = 8

PART_POWER_MAX = 32


class Ring:
    """An immutable assignment of partitions to devices."""

    def __init__(
        self,
        part_power: int,
        devices: Sequence[Device | None],
        rows: Sequence[array[int]],
        version: int = 0,
    ) -> None:
        if not 0 <= part_power <= PART_POWER_MAX:
            raise Damaged(f"part power {part_power} is not between 0 and 32")
        self.part_power = part_power
        self.partition_count = 1 << part_power
        self.devices: tuple[Device | None, ...] = tuple(devices)
        self.rows: tuple[array[int], ...] = tuple(rows)
        self.version = version
        self.replica_count = sum(map(len, self.rows)) / self.partition_count
        self._shift = 32 - part_power
        self._remembered: dict[int, tuple[Device, ...]] = {}
        self._check_rows()

    def _check_rows(self) -> None:
        """Refuse a table that names devices nobody knows or has holes in a row."""
        for replica, row in enumerate(self.rows):
            last = replica == len(self.rows) - 1
            if len(row) > self.partition_count or (
                len(row) < self.partition_count and not last
            ):
                raise Damaged(
                    f"replica {replica} has {len(row)} partitions, "
                    f"not {self.partition_count}"
                )
            for device_id in set(row):
                if device_id >= len(self.devices) or self.devices[device_id] is None:
                    raise Damaged(
                        f"replica {replica} is assigned to unknown device {device_id}"
                    )

    def partition(self, key: bytes) -> int:
        """The partition of a key: its first bits, as many as the part power."""
        return int.from_bytes(key[:4], "big") >> self._shift

    def primaries(self, partition: int) -> tuple[Device, ...]:
        """The distinct devices that hold this partition, in replica order."""
        found = self._remembered.get(partition)
        if found is None:
            found = self._look_up(partition)
            if len(self._remembered) < REMEMBERED_PARTITIONS_MAX:
                self._remembered[partition] = found
        return found

    def _look_up(self, partition: int) -> tuple[Device, ...]:
        if not 0 <= partition < self.partition_count:
            raise IndexError(f"partition {partition} is not in this ring")
        devices = self.devices
        rows = self.rows
        if rows and len(rows[-1]) <= partition:
            rows = rows[:-1]
        # A dict keeps the first of each and the order; duplicates appear only when
        # another program built a ring with more replicas than devices.
        ids = dict.fromkeys([row[partition] for row in rows])
        return tuple([devices[device_id] for device_id in ids])  # type: ignore[misc]

    def handoffs(self, partition: int) -> Iterator[Device]:
        """Every other device once, the ones that share the least with others first.

        Regions not in use for this partition come first, then zones, machines,
        processes (address and port), and last the devices that share even a process.
        """
        primaries = self.primaries(partition)
        taken = {device.id for device in primaries}
        used = [{_scopes(device)[i] for device in primaries} for i in range(SCOPES)]
        order = _Replay(self._sample(partition))
        for scope, present in enumerate(self._present_scopes):
            missing = len(present - used[scope])
            for device in order if missing else ():
                scopes = _scopes(device)
                if device.id in taken or scopes[scope] in used[scope]:
                    continue
                taken.add(device.id)
                for seen, value in zip(used, scopes, strict=True):
                    seen.add(value)
                yield device
                missing -= 1
                if not missing:
                    break
        # A device without weight is being emptied, so it stands in only when nobody
        # else is left, however far away from the others it is.
        for drained in self.devices:
            if drained is not None and drained.id not in taken:
                yield drained

    def _sample(self, partition: int) -> Iterator[Device]:
        """Every usable device once, in an order that belongs to this partition alone.

        It walks the assignment table from a place given by the partition's own hash,
        in steps that are odd and so visit every partition. Devices therefore appear
        about as early as their weight deserves, and most of the order survives a
        change of the ring. Devices without partitions come last, those without
        weight not at all.
        """
        seed = hashlib.md5(partition.to_bytes(4, "big"), usedforsecurity=False).digest()
        place = int.from_bytes(seed[:4], "big")
        step = int.from_bytes(seed[4:8], "big") | 1
        mask = self.partition_count - 1
        met: set[int] = set()
        for _ in range(HANDOFF_SAMPLES_PER_DEVICE * len(self.devices)):
            place = (place + step) & mask
            for row in self.rows:
                if place < len(row) and row[place] not in met:
                    met.add(row[place])
                    device = self.devices[row[place]]
                    if device is not None and device.weight > 0:
                        yield device
            if len(met) == self._assigned_count:
                break
        rest = [d for d in self._weighted if d.id not in met]
        start = place % len(rest) if rest else 0
        yield from rest[start:] + rest[:start]

    def partitions_of(self, device_id: int) -> Iterator[tuple[int, int]]:
        """Each (partition, replica) assigned to a device."""
        for replica, row in enumerate(self.rows):
            place = -1
            while True:
                # array.index searches at C speed; a Python loop here would take
                # tenths of a second for each device of a large ring.
                try:
                    place = row.index(device_id, place + 1)
                except ValueError:
                    break
                yield place, replica

    @cached_property
    def digest(self) -> str:
        """Equal on two nodes exactly when they place every name alike.

        The build version and the width of the ids in the file do not count.
        """
        header = {
            "part_power": self.part_power,
            "devices": [d and asdict(d) for d in self.devices],
            "lengths": [len(row) for row in self.rows],
        }
        hashed = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
        for row in self.rows:
            wide = array("I", row)
            if sys.byteorder == "little":
                wide.byteswap()
            hashed.update(wide)
        return hashed.hexdigest()

    @cached_property
    def _weighted(self) -> list[Device]:
        return [d for d in self.devices if d is not None and d.weight > 0]

    @cached_property
    def _present_scopes(self) -> list[set[object]]:
        return [{_scopes(d)[i] for d in self._weighted} for i in range(SCOPES)]

    @cached_property
    def _assigned_count(self) -> int:
        return len(set().union(*map(set, self.rows)))


SCOPES = 5


def _scopes(device: Device) -> tuple[object, ...]:
    """What a device shares with others, widest first: the order handoffs respect."""
    region, zone, ip = device.region, device.zone, device.ip
    return (
        region,
        (region, zone),
        (region, zone, ip),
        (region, zone, ip, device.port),
        device.id,
    )


class _Replay:
    """Several passes over one generator that is read only as far as needed."""

    def __init__(self, source: Iterator[Device]) -> None:
        self._source = source
        self._read: list[Device] = []

    def __iter__(self) -> Iterator[Device]:
        position = 0
        while True:
            if position == len(self._read):
                self._read.extend(islice(self._source, 1))
                if position == len(self._read):
                    return
            yield self._read[position]
            position += 1
