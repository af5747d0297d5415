"""What goes wrong, when and for how long: drawn from the seed.

``Weather`` decides how bad it gets.  In *calm* weather one machine at a time is away,
slow or cut off, as the contract's middle column assumes; in a *storm* anything goes.
Every fault ends by itself; ``heal`` ends all of them at once.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from objectstore.kernel import concurrency
from test.sim.cluster import Cluster
from test.sim.machine import Machine
from test.sim.rings import REPLICA_COUNTS

BETWEEN_SECONDS = (0.2, 4.0)
AWAY_SECONDS = (0.1, 15.0)
CHANGES_BEFORE_DEATH = 60
WILD_SKEWS_SECONDS = (0.02, 0.5, 20.0)
TAME_SKEWS_SECONDS = (0.0, 0.02)
# Of runs that meet full and rotten disks, and rings that gain and lose.
RARER_RATE = 0.5


class Weather:
    """Brings faults over a cluster until told to stop."""

    def __init__(
        self,
        cluster: Cluster,
        random: Random,
        *,
        is_storm: bool,
        until: float,
        has_wild_clocks: bool = True,
    ) -> None:
        self.count = 0
        self._cluster = cluster
        self._random = random
        self._is_storm = is_storm
        self._skews = WILD_SKEWS_SECONDS if has_wild_clocks else TAME_SKEWS_SECONDS
        self._until = until
        self._busy: set[int] = set()  # machines with a fault
        self._erased = False
        self._faults: list[tuple[int, Callable[[Machine], None]]] = [
            (6, self._crash),
            (4, self._die_at_disk),
            (2, self._restart),
            (4, self._pause),
            (4, self._isolate),
            (3, self._slow_disk),
            (2, self._failing_disk),
            (2, self._skew),
            (2, self._roll),
            (1, self._erase),
        ]
        if is_storm:
            self._faults += [
                (4, self._bad_wires),
                (8, self._split),
                (3, self._blackout),
                (2, self._reweigh),
            ]
        # The rarer ones in half of the runs, lest they crowd out the others.
        if random.random() < RARER_RATE:
            self._faults += [(2, self._fill), (2, self._flip)]
            if is_storm:
                self._faults += [(1, self._remove_or_add), (1, self._change_replicas)]

    def run(self) -> None:
        """One fault after the other."""
        hub, random = self._cluster.hub, self._random
        while hub.now < self._until:
            concurrency.sleep(random.uniform(*BETWEEN_SECONDS))
            free = [m for m in self._cluster.machines if m.number not in self._busy]
            if not free or (self._busy and not self._is_storm):
                continue
            weights = [weight for weight, _ in self._faults]
            _, fault = random.choices(self._faults, weights)[0]
            self.count += 1
            concurrency.spawn(self._one, fault, random.choice(free))

    def _one(self, fault: Callable[[Machine], None], machine: Machine) -> None:
        self._busy.add(machine.number)
        self._say(f"{fault.__name__.strip('_')} {machine.name}")
        try:
            fault(machine)
        finally:
            self._say(f"{machine.name} is well again")
            self._busy.discard(machine.number)

    def _say(self, text: str) -> None:
        self._cluster.trace(text)

    def _wait(self, longest: float = AWAY_SECONDS[1]) -> None:
        concurrency.sleep(self._random.uniform(AWAY_SECONDS[0], longest))

    def _start(self, machine: Machine) -> None:
        if machine.life is None:
            machine.start().wait(60.0)

    # ---- one machine -----------------------------------------------------------

    def _crash(self, machine: Machine) -> None:
        machine.crash(breaks_connections=self._random.random() < 0.5)
        self._wait()
        self._start(machine)

    def _die_at_disk(self, machine: Machine) -> None:
        machine.disk.dies_after(self._random.randrange(CHANGES_BEFORE_DEATH))
        self._wait()
        if machine.life is not None:
            machine.crash()
        self._start(machine)

    def _restart(self, machine: Machine) -> None:
        if machine.is_up:
            machine.stop().wait(120.0)
        self._wait(1.0)
        self._start(machine)

    def _pause(self, machine: Machine) -> None:
        life = machine.life
        if life is not None:
            life.realm.is_paused = True
            self._wait()
            self._cluster.hub.resume(life.realm)

    def _isolate(self, machine: Machine) -> None:
        network = self._cluster.network
        others = [each for each in self._cluster.machines if each is not machine]
        if self._is_storm:
            others = self._random.sample(others, self._random.randint(1, len(others)))
        for other in others:
            network.cut(machine.name, other.name)
        self._wait()
        for other in others:
            network.mend(machine.name, other.name)

    def _slow_disk(self, machine: Machine) -> None:
        machine.disk.slow_seconds = self._random.choice([0.05, 0.3, 1.0])
        self._wait()
        machine.disk.slow_seconds = 0.0

    def _failing_disk(self, machine: Machine) -> None:
        machine.disk.error_rate = self._random.choice([0.05, 0.3, 1.0])
        self._wait()
        machine.disk.error_rate = 0.0

    def _skew(self, machine: Machine) -> None:
        limit = self._random.choice(self._skews)
        machine.skew_seconds = self._random.uniform(-limit, limit)

    def _roll(self, machine: Machine) -> None:
        """Segments end, so that compaction has something to do."""
        if machine.life is not None:
            machine.roll()

    def _fill(self, machine: Machine) -> None:
        """Others fill its disk, to the last byte or nearly."""
        machine.disk.leave_room(self._random.choice([0, 5000, 2_000_000]))
        self._wait()
        machine.disk.leave_room(None)

    def _flip(self, machine: Machine) -> None:
        """A bit of what it has kept turns over.  That copy is lost, so what is said of
        ``_erase`` holds."""
        if not self._erased and machine.disk.flip_bit():
            self._erased = True
            self._cluster.epoch += 1

    def _erase(self, machine: Machine) -> None:
        """Its disk dies and is swapped, once in a run: a second one could take the
        last copy of a write before the first is filled again."""
        if self._erased:
            return
        self._erased = True
        machine.crash()
        machine.erase()
        self._cluster.epoch += 1
        self._wait()
        self._start(machine)

    # ---- everybody --------------------------------------------------------------

    def _bad_wires(self, _: Machine) -> None:
        network, random = self._cluster.network, self._random
        network.loss_rate = random.choice([0.01, 0.05, 0.2])
        network.repeat_rate = random.choice([0.0, 0.1])
        network.lag_seconds = random.choice([0.0, 0.1, 2.0])
        self._wait()
        network.loss_rate = network.repeat_rate = network.lag_seconds = 0.0

    def _split(self, _: Machine) -> None:
        """Two machines on their own: enough for writes, mostly to handoffs."""
        machines = list(self._cluster.machines)
        self._random.shuffle(machines)
        pairs = [
            (one.name, other.name) for one in machines[:2] for other in machines[2:]
        ]
        for pair in pairs:
            self._cluster.network.cut(*pair)
        self._wait()
        for pair in pairs:
            self._cluster.network.mend(*pair)

    def _blackout(self, _: Machine) -> None:
        """Power fails for all at the same moment."""
        for machine in self._cluster.machines:
            machine.crash()
        self._wait(2.0)
        for machine in self._cluster.machines:
            self._start(machine)

    def _reweigh(self, machine: Machine) -> None:
        """A device takes more, less, or nothing any more."""
        weight = self._random.choice([0.0, 0.5, 1.0, 2.0])
        self._cluster.rings.reweight(machine.number, weight)
        self._cluster.follow_rings()

    def _remove_or_add(self, machine: Machine) -> None:
        """A device leaves the rings with all that it holds, or comes back."""
        self._cluster.rings.remove_or_add(machine.number)
        self._cluster.follow_rings()

    def _change_replicas(self, machine: Machine) -> None:
        """There are more replicas of some partitions, or fewer."""
        if not machine.plant.policies:
            self._cluster.rings.set_replicas(self._random.choice(REPLICA_COUNTS))
            self._cluster.follow_rings()


def heal(cluster: Cluster) -> None:
    """All is well from here on: wires mended, everybody on."""
    network = cluster.network
    network.mend_all()
    network.loss_rate = network.repeat_rate = network.lag_seconds = 0.0
    for machine in cluster.machines:
        machine.disk.slow_seconds = machine.disk.error_rate = 0.0
        machine.disk.leave_room(None)
