"""A simulated cluster: machines, wires, rings, and the all-seeing eye of the test."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from objectstore.kernel import concurrency
from objectstore.wire.merge import merge_states
from objectstore.wire.records import ObjectState
from ring.hashing import hash_path
from test.sim.client import ACCOUNT
from test.sim.history import Op
from test.sim.hub import SimulatedHub
from test.sim.machine import Machine, Plant
from test.sim.network import Network
from test.sim.rings import Rings

HASH_SUFFIX = b"simulated"


class Cluster:
    """See the module.  ``epoch`` counts changes of who holds what: what was promised
    by one set of replicas is not asked of the next before all have levelled."""

    def __init__(
        self,
        count: int,
        hub: SimulatedHub,
        seed: str,
        directory: Path,
        trace: Callable[[str], None],
        plant: Plant,
    ) -> None:
        self.hub = hub
        self.trace = trace
        self.epoch = 0
        self.network = Network(hub, Random(f"{seed} network"))
        self.rings = Rings(count, Random(f"{seed} rings"))
        by_address: dict[Any, Machine] = {}
        self.machines = [
            Machine(
                number,
                hub,
                self.network,
                Random(f"{seed} machine {number}"),
                directory,
                by_address,
                lambda: self.rings.current,
                plant,
            )
            for number in range(count)
        ]
        by_address.update((machine.address, machine) for machine in self.machines)

    def start(self) -> None:
        """Switch all of them on, and wait."""
        started = [each.start() for each in self.machines if each.life is None]
        concurrency.wait_until(started, lambda: False, 60.0)
        for promise in started:
            promise.result()

    def follow_rings(self) -> None:
        """New rings reach every machine: each follows a little later."""
        self.epoch += 1
        rings = self.rings.current
        for machine in self.machines:
            life = machine.life
            if life is not None:
                self.hub.call_later(
                    life.realm,
                    self.network.delay(),
                    partial(life.follow, rings),
                )

    def let_pass(self, seconds: float) -> None:
        """All wall clocks go on by that much at once."""
        for machine in self.machines:
            machine.skew_seconds += seconds

    # ---- the all-seeing eye ---------------------------------------------------

    def key(self, container: str, name: str) -> bytes:
        """The object's key."""
        return hash_path(ACCOUNT, container, name, prefix=b"", suffix=HASH_SUFFIX)

    def state_at(self, machine: Machine, key: bytes) -> ObjectState | None:
        """What a machine holds of an object."""
        node = self._node(machine)
        held = node.store.held(key) if node is not None else None
        return held.state if held is not None else None

    def _node(self, machine: Machine) -> Any:
        life = machine.life
        if life is None:
            return None
        return life.devices.nodes.objects.get((0, machine.device_names[0]))

    def primaries(self, key: bytes) -> list[Machine]:
        """The machines that are to hold it."""
        ring = self.rings.current.objects[0]
        return [self.machines[each.id] for each in ring.primaries(ring.partition(key))]

    def is_backed(self, op: Op) -> bool:
        """Whether a majority of the primaries holds this write, or newer."""
        key = self.key(op.container, op.name)
        states = [self.state_at(machine, key) for machine in self.primaries(key)]
        have = sum(
            state is not None and state.newest >= op.timestamp for state in states
        )
        return have > len(states) // 2

    def newest(self, container: str, name: str) -> ObjectState | None:
        """The object by all that anybody holds."""
        key = self.key(container, name)
        merged: ObjectState | None = None
        for machine in self.machines:
            state = self.state_at(machine, key)
            if state is not None:
                merged = merge_states(merged, state)
        return merged

    def unlevel(self, names: Collection[tuple[str, str]]) -> list[str]:
        """Where the replicas of these objects and their containers still differ, or
        something is owed, or kept where it does not belong."""
        found: list[str] = []
        for machine in self.machines:
            node = self._node(machine)
            if node is None:
                found.append(f"{machine.name} has no open device")
            elif node.store.index.owed.items:
                found.append(f"{machine.name} owes rows")
        if found:
            return found
        for container, name in names:
            key = self.key(container, name)
            states = {
                machine.name: self.state_at(machine, key) for machine in self.machines
            }
            found += self._unlevel(f"{container}/{name}", key, states)
        for container in sorted({container for container, _ in names}):
            key = hash_path(ACCOUNT, container, prefix=b"", suffix=HASH_SUFFIX)
            digests = {
                machine.name: self._row_digest(machine, key)
                for machine in self.machines
            }
            found += self._unlevel(container, key, digests)
        return found

    def _row_digest(self, machine: Machine, key: bytes) -> str | None:
        assert machine.life is not None
        node: Any = machine.life.devices.nodes.containers[machine.device_names[0]]
        info = node.info(key).result()
        return None if info is None else str(info.row_digest)

    def _unlevel(self, what: str, key: bytes, held: dict[str, Any]) -> list[str]:
        primaries = [held.pop(machine.name) for machine in self.primaries(key)]
        found = []
        if any(each != primaries[0] for each in primaries):
            found.append(f"{what}: the primaries hold {primaries}")
        found += [
            f"{what}: {name} keeps a handoff copy"
            for name, each in held.items()
            if each is not None
        ]
        return found
