"""What the operator wants of a ring, what it is now, and the step between them.

A builder keeps more than the ring it draws: devices marked for removal, when each
partition last moved, the overload factor. Changes are only noted; `rebalance` makes
them take effect, once for all of them. Time and randomness come in as arguments.
"""

from __future__ import annotations

import math
import random
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ring import balance as measure
from ring import layout
from ring.device import Device, Tier, check_device
from ring.errors import Refused
from ring.moves import moved_since, never, stamp_moves, without_devices
from ring.plan import Plan, make_plan
from ring.quota import make_quotas
from ring.rebalance import rebalance
from ring.resize import resize, row_lengths
from ring.ring import PART_POWER_MAX, Ring
from ring.rules import Rules

SECONDS_PER_HOUR = 3600

# A new id is the first free one, so ids stay dense; this bounds what an explicit id may
# cost, as every id below it takes room in the files.
DEVICE_ID_MAX = 0xFFFFFF

# Wide erasure codes use some 20 fragments; the rebalancer counts them in a byte.
REPLICAS_MAX = 100


@dataclass(frozen=True, slots=True)
class Rebalanced:
    """What one rebalance did."""

    moved: int
    removed: int
    balance: float
    dispersion: float


class Builder:
    """The state of one `.builder` file, and every change an operator can make to it."""

    def __init__(self, part_power: int, replicas: float, min_part_hours: int) -> None:
        if not 0 <= part_power <= PART_POWER_MAX:
            raise Refused(f"part power must be 0 to 32, not {part_power}")
        self.part_power = part_power
        self.parts = 1 << part_power
        self.replicas = _checked_replicas(replicas)
        self.min_part_hours = _checked_hours(min_part_hours)
        self.overload = 0.0
        self.devices: list[Device | None] = []
        self.removing: set[int] = set()
        self.rows: list[array[int]] = []
        # Unix time at which each partition last moved; 0 is long ago. Empty until the
        # first rebalance.
        self.moved_at: array[int] = array("I")
        self.version = 0
        self.id = ""  # given when the builder is first saved, for good
        # Whether devices or replicas changed since the last rebalance: such a change is
        # worth a new ring even when few partitions move.
        self.changed = False
        self.dispersion: float | None = None

    # Devices.

    def known_devices(self) -> Iterator[Device]:
        """Every device, those marked for removal included."""
        return (device for device in self.devices if device is not None)

    def device(self, device_id: int) -> Device:
        """The device with this id."""
        if 0 <= device_id < len(self.devices):
            device = self.devices[device_id]
            if device is not None:
                return device
        raise Refused(f"there is no device {device_id}")

    def add(self, device: Device, *, keep_id: bool = False) -> Device:
        """Add a device under the first free id, or under its own with `keep_id`."""
        device_id = device.id if keep_id else self._free_id()
        if not 0 <= device_id <= DEVICE_ID_MAX:
            raise Refused(f"device id must be 0 to {DEVICE_ID_MAX}, not {device_id}")
        if device_id < len(self.devices) and self.devices[device_id] is not None:
            raise Refused(f"device id {device_id} is already in use")
        device = replace(device, id=device_id)
        self._check(device)
        self.devices.extend([None] * (device_id + 1 - len(self.devices)))
        self.devices[device_id] = device
        self._note_change()
        return device

    def remove(self, device_id: int) -> None:
        """Mark a device for removal; the next rebalance gives its partitions away."""
        device = self.device(device_id)
        if device_id in self.removing:
            return
        if all(
            d.id == device_id or d.id in self.removing for d in self.known_devices()
        ):
            raise Refused("the last device of a ring cannot be removed")
        self.devices[device_id] = replace(device, weight=0.0)
        self.removing.add(device_id)
        self._note_change()

    def set_weight(self, device_id: int, weight: float) -> Device:
        """Let a device have more or fewer partitions; 0 empties it."""
        return self._place(device_id, replace(self.device(device_id), weight=weight))

    def set_region(self, device_id: int, region: int) -> Device:
        """Say that a device is in another region."""
        return self._place(device_id, replace(self.device(device_id), region=region))

    def set_zone(self, device_id: int, zone: int) -> Device:
        """Say that a device is in another zone."""
        return self._place(device_id, replace(self.device(device_id), zone=zone))

    def set_info(self, changed: Device) -> Device:
        """Replace a device's addresses, name and meta; placement is not affected.

        A new address does make a new server of it for the next rebalance.
        """
        self.device(changed.id)
        self._check(changed)
        self.devices[changed.id] = changed
        self.version += 1
        return changed

    def _place(self, device_id: int, changed: Device) -> Device:
        if device_id in self.removing:
            raise Refused(f"device {device_id} is marked for removal")
        self._check(changed)
        self.devices[device_id] = changed
        self._note_change()
        return changed

    def _free_id(self) -> int:
        for device_id, device in enumerate(self.devices):
            if device is None:
                return device_id
        return len(self.devices)

    def _check(self, device: Device) -> None:
        check_device(device)
        for other in self.known_devices():
            if other.id != device.id and (other.ip, other.port, other.device) == (
                device.ip,
                device.port,
                device.device,
            ):
                raise Refused(
                    f"device {other.id} already uses "
                    f"{other.ip}:{other.port}/{other.device}"
                )

    def _note_change(self) -> None:
        self.changed = True
        self.version += 1

    # The ring as a whole.

    def set_replicas(self, replicas: float) -> None:
        """Ask for another number of replicas, fractions allowed."""
        replicas = _checked_replicas(replicas)
        if row_lengths(self.parts, replicas) != row_lengths(self.parts, self.replicas):
            self.changed = True
        self.replicas = replicas

    def set_overload(self, overload: float) -> None:
        """Say how far weights may be exceeded for dispersion; 0.1 is 10 %."""
        if not (math.isfinite(overload) and overload >= 0):
            raise Refused(f"overload must be 0 or more, not {overload}")
        self.overload = overload

    def set_min_part_hours(self, hours: int) -> None:
        """Set how long a partition rests after it moved."""
        self.min_part_hours = _checked_hours(hours)

    def pretend_min_part_hours_passed(self) -> None:
        """Forget when partitions moved, so that the next rebalance may move any."""
        self.moved_at = never(len(self.moved_at))

    def min_part_seconds_left(self, now: int) -> int:
        """Seconds until every partition may move again."""
        latest = max(self.moved_at, default=0)
        return max(0, latest + self.min_part_hours * SECONDS_PER_HOUR - now)

    def plan(self) -> Plan:
        """What the devices should hold, by the settings as they are now."""
        return make_plan(self.known_devices(), self.replicas, self.overload)

    # Rebalancing.

    def rebalance(self, rng: random.Random, now: int) -> Rebalanced:
        """Assign every slot anew where needed; see `ring.rebalance` for the rules."""
        plan = self.plan()
        id_count = len(self.devices)
        rules = Rules(plan, self.known_devices(), id_count)
        lengths = row_lengths(self.parts, self.replicas)
        before, fresh = self.rows, not self.rows
        if fresh:
            rows = layout.lay_out(plan, lengths, rng)
            quotas = make_quotas(plan, sum(lengths), self._held_by_tier(rows))
        else:
            rows = without_devices(before, self.removing)
            quotas = make_quotas(plan, sum(lengths), self._held_by_tier(rows))
            rows = resize(rows, lengths, rules, quotas)
        rebalance(rows, rules, quotas, self._frozen(now), rng, fresh=fresh)
        if not self.moved_at:
            self.moved_at = never(self.parts)
        moved = stamp_moves(self.moved_at, before, rows, now)
        self.rows = rows
        removed = self._forget_removed()
        self.changed = False
        self.dispersion = self.measure_dispersion()
        self.version += 1
        return Rebalanced(moved, removed, self.balance(), self.dispersion)

    def _held_by_tier(self, rows: Iterable[array[int]]) -> dict[Tier, int]:
        held: dict[Tier, int] = {}
        counts = measure.held_counts(rows)
        for device in self.known_devices():
            for tier in device.tiers:
                held[tier] = held.get(tier, 0) + counts.get(device.id, 0)
        return held

    def _frozen(self, now: int) -> bytearray:
        """One byte per partition: did it move less than min_part_hours ago?"""
        if not self.moved_at:
            return bytearray(self.parts)
        return moved_since(self.moved_at, now - self.min_part_hours * SECONDS_PER_HOUR)

    def _forget_removed(self) -> int:
        gone = len(self.removing)
        while self.removing:
            self.devices[self.removing.pop()] = None
        return gone

    # The result.

    def held(self) -> dict[int, int]:
        """How many partition replicas each device id holds."""
        return dict(measure.held_counts(self.rows))

    def balance_by_device(self) -> dict[int, float]:
        """Each device's distance from its weight, in percent."""
        return measure.balance_by_device(
            self.known_devices(), self.held(), self.parts * self.replicas
        )

    def balance(self) -> float:
        """The worst device's distance from its weight, in percent."""
        return max(map(abs, self.balance_by_device().values()), default=0.0)

    def measure_dispersion(self) -> float:
        """The percentage of replicas that share a failure domain needlessly."""
        devices = list(self.known_devices())
        return measure.dispersion(devices, self.rows, self.replicas)

    def tier_reports(self) -> list[measure.TierReport]:
        """How partitions are spread over every failure domain."""
        devices = list(self.known_devices())
        return measure.tier_reports(devices, self.rows, self.replicas)

    def ring(self) -> Ring:
        """The ring as it is now, for the servers."""
        code = "H" if len(self.devices) <= 0xFFFF else "I"
        rows = [array(code, row) for row in self.rows]
        return Ring(self.part_power, self.devices, rows, self.version)

    @classmethod
    def from_ring(cls, ring: Ring, min_part_hours: int) -> Builder:
        """A builder for a ring whose own was lost; when partitions moved is unknown."""
        builder = cls(ring.part_power, ring.replica_count or 1.0, min_part_hours)
        builder.devices = list(ring.devices)
        builder.rows = [array("I", row) for row in ring.rows]
        if builder.rows:
            builder.moved_at = never(builder.parts)
        builder.version = ring.version
        return builder


def _checked_replicas(replicas: float) -> float:
    if not 1 <= replicas <= REPLICAS_MAX:
        raise Refused(f"replica count must be 1 to {REPLICAS_MAX}, not {replicas:g}")
    return float(replicas)


def _checked_hours(hours: int) -> int:
    if hours < 0:
        raise Refused(f"min_part_hours must be 0 or more, not {hours}")
    return hours
