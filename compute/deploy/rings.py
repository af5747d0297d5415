"""The next step of each ring towards the inventory.  Pure.

A step changes weights by ``weight_step`` percent at most and rebalances once: one
replica of a partition moves, and rests for ``min_part_hours``.  Devices are known by
their host's name (the ring's ``meta``) and their own, so that addresses may change.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from random import Random

from compute.deploy.inventory import Inventory
from compute.deploy.model import Host, Part
from compute.deploy.store_policies import coded_by_ring, replicas_of
from ring.builder import Builder
from ring.device import Device

# Better by less than this is not worth moving data for.
BALANCE_GAIN_MIN = 1.0
POLICY_RING = "object"


class RingRefused(Exception):
    """The inventory asks for what would lose data; the message says what to do."""


@dataclass(frozen=True, slots=True)
class RingStep:
    """A ring after its next step."""

    builder: Builder
    # What was done, a line each; nothing: it stays as it is.
    done: tuple[str, ...]
    # What is to be done later, and why.
    left: tuple[str, ...]


def ring_names(inventory: Inventory) -> list[str]:
    """Every ring of the store."""
    policies = range(1, len(inventory.store.policies))
    return ["account", "container", POLICY_RING, *(f"object-{n}" for n in policies)]


def first_ring(inventory: Inventory, ring: str = POLICY_RING) -> Builder:
    """The ring of that name where there was none: all weights at once."""
    store = inventory.store
    replicas = float(replicas_of(store, ring))
    builder = Builder(store.part_power, replicas, store.min_part_hours)
    for host, device in _wished(inventory):
        if not _is_drained(host, device):
            builder.add(device)
    builder.rebalance(Random(0), now=0)
    return builder


def next_step(
    before: Builder,
    inventory: Inventory,
    now: int,
    forget: Collection[str] = (),
    ring: str = POLICY_RING,
) -> RingStep:
    """One step of the ring of that name.  ``forget``: hosts that are lost for good,
    whatever they held.

    Raises ``RingRefused``.
    """
    store = inventory.store
    if before.part_power != store.part_power:
        raise RingRefused(
            f"part_power is {before.part_power} for ever, not {store.part_power}"
        )
    replicas = replicas_of(store, ring)
    if ring in coded_by_ring(store) and before.replicas != replicas:
        raise RingRefused(
            f"the policy's data and parity are {before.replicas:g} fragments for ever, "
            f"not {replicas}"
        )
    builder = copy.deepcopy(before)
    done = [*_follow_settings(builder, inventory)]
    # Addresses only: nothing moves.
    done += _follow_places(builder, inventory)
    waits = builder.min_part_seconds_left(now)
    moves = [*_leave(builder, inventory, set(forget))]
    if waits and not moves and not _is_settled(builder, inventory, replicas):
        return RingStep(
            builder, tuple(done), (f"partitions rest for {waits} s (min_part_hours)",)
        )
    if not forget:
        # Otherwise what is lost comes first, and nothing else moves with it.
        moves += _copy(builder, replicas)
        moves += _join(builder, inventory)
        moves += _weigh(builder, inventory)
    settled = copy.deepcopy(builder)
    result = builder.rebalance(Random(builder.version), now)
    gain = before.balance() - result.balance
    emptying = sum(_held_by_drained(settled, inventory).values())
    worth = moves or done or emptying or gain >= BALANCE_GAIN_MIN
    if not worth or not (moves or done or result.moved):
        builder = settled
    else:
        done += [*moves, f"{result.moved} partitions move"]
    return RingStep(builder, tuple(done), tuple(_left(builder, inventory, replicas)))


def _wished(inventory: Inventory) -> Iterator[tuple[Host, Device]]:
    port = inventory.store.node_port
    for host in inventory.playing(Part.STORE):
        for disk in host.devices:
            yield (
                host,
                Device(
                    0,
                    host.region,
                    host.zone,
                    host.address,
                    port,
                    disk.name,
                    disk.weight,
                    meta=host.name,
                ),
            )


def _key(device: Device) -> tuple[str, str]:
    return device.meta, device.device


def _known(builder: Builder) -> dict[tuple[str, str], Device]:
    return {_key(device): device for device in builder.known_devices()}


def _follow_settings(builder: Builder, inventory: Inventory) -> Iterator[str]:
    store = inventory.store
    if builder.min_part_hours != store.min_part_hours:
        builder.set_min_part_hours(store.min_part_hours)
        yield f"min_part_hours {store.min_part_hours}"


def _copy(builder: Builder, replicas: int) -> Iterator[str]:
    """One replica more or less: never are two of a partition given up at once."""
    before, wished = builder.replicas, float(replicas)
    if before != wished:
        builder.set_replicas(max(before - 1, wished) if before > wished else wished)
        yield f"replicas {before:g} -> {builder.replicas:g}"


def _follow_places(builder: Builder, inventory: Inventory) -> Iterator[str]:
    known = _known(builder)
    for _, wish in _wished(inventory):
        device = known.get(_key(wish))
        if device is None:
            continue
        moved = replace(
            device,
            ip=wish.ip,
            port=wish.port,
            replication_ip=wish.ip,
            replication_port=wish.port,
        )
        if moved != device:
            builder.set_info(moved)
            yield f"{wish.meta}/{wish.device} is at {wish.ip}:{wish.port}"
        if (device.region, device.zone) != (wish.region, wish.zone):
            builder.set_region(device.id, wish.region)
            builder.set_zone(device.id, wish.zone)
            yield f"{wish.meta}/{wish.device} is in zone {wish.zone}"


def _leave(builder: Builder, inventory: Inventory, forget: set[str]) -> Iterator[str]:
    """Devices that are absent from the inventory."""
    wished = {_key(device) for _, device in _wished(inventory)}
    held = builder.held()
    for key, device in _known(builder).items():
        if key in wished:
            continue
        count = held.get(device.id, 0)
        if count and device.meta not in forget:
            raise RingRefused(
                f"{device.meta}/{device.device} is not in the inventory, but holds "
                f"{count} partitions: put it back, drained (state = drained, or "
                f"'{device.device} {device.weight:g} drained' of its devices), and "
                f"apply until it is empty; if its host is lost for good: "
                f"--forget {device.meta}"
            )
        builder.remove(device.id)
        yield f"-{device.meta}/{device.device}"


def _join(builder: Builder, inventory: Inventory) -> Iterator[str]:
    known = _known(builder)
    for host, device in _wished(inventory):
        if _key(device) not in known and not _is_drained(host, device):
            builder.add(replace(device, weight=0.0))
            yield f"+{device.meta}/{device.device}"


def _weigh(builder: Builder, inventory: Inventory) -> Iterator[str]:
    known = _known(builder)
    for host, wish in _wished(inventory):
        device = known.get(_key(wish))
        if device is None:
            continue
        target = _target(host, wish)
        weight = step_weight(
            device.weight, target, wish.weight, inventory.store.weight_step
        )
        if weight != device.weight:
            builder.set_weight(device.id, weight)
            yield f"{wish.meta}/{wish.device} weight {device.weight:g} -> {weight:g}"


def step_weight(now: float, target: float, full: float, percent: int) -> float:
    """The next weight on the way: not further than ``percent`` of the greater one."""
    step = max(now, full) * percent / 100
    if abs(target - now) <= step:
        return target
    return now + step if target > now else now - step


def _target(host: Host, wish: Device) -> float:
    return 0.0 if _is_drained(host, wish) else wish.weight


def _is_drained(host: Host, wish: Device) -> bool:
    return wish.device not in [disk.name for disk in host.staying]


def _held_by_drained(builder: Builder, inventory: Inventory) -> dict[str, int]:
    known, held = _known(builder), builder.held()
    return {
        f"{wish.meta}/{wish.device}": held.get(known[_key(wish)].id, 0)
        for host, wish in _wished(inventory)
        if _is_drained(host, wish) and _key(wish) in known
    }


def empty(builders: Iterable[Builder], inventory: Inventory) -> list[str]:
    """Drained devices that no ring gives anything any more."""
    held: dict[str, int] = {}
    for builder in builders:
        for name, count in _held_by_drained(builder, inventory).items():
            held[name] = held.get(name, 0) + count
    return [name for name, count in held.items() if not count]


def _is_settled(builder: Builder, inventory: Inventory, replicas: int) -> bool:
    return not list(_left(builder, inventory, replicas))


def _left(builder: Builder, inventory: Inventory, replicas: int) -> Iterator[str]:
    known = _known(builder)
    if builder.replicas != replicas:
        yield f"replicas {builder.replicas:g}, not {replicas}"
    for host, wish in _wished(inventory):
        device = known.get(_key(wish))
        if device is None:
            if not _is_drained(host, wish):
                yield f"{wish.meta}/{wish.device} joins"
        elif device.weight != _target(host, wish):
            target = _target(host, wish)
            yield f"{wish.meta}/{wish.device} weight {device.weight:g}, not {target:g}"
    for name, count in _held_by_drained(builder, inventory).items():
        if count:
            yield f"{name} still holds {count} partitions"
