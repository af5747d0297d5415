"""One run of the simulation, from a seed: build, disturb, heal, judge."""

from __future__ import annotations

import gc
import hashlib
import shutil
import tempfile
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random

from objectstore.kernel import concurrency
from objectstore.kernel.errors import RingstackError
from test.sim import census
from test.sim.checks import check_description, check_history, check_survivor
from test.sim.client import ACCOUNT, DESCRIBED_BY, Answer, Client, ask
from test.sim.cluster import Cluster
from test.sim.errors import program_errors
from test.sim.faults import AWAY_SECONDS, Weather, heal
from test.sim.history import DESCRIBES, GET, LIST, WRITES, History
from test.sim.hub import SimulatedHub, start
from test.sim.kinds import healthy
from test.sim.machine import Machine, Plant
from test.sim.pipeline import draw_identifiers
from test.sim.stories.accounts import GOING
from test.sim.telling import Telling

CLIENTS = 4
CONTAINERS = ("box", "chest")
NAMES = ("a", "b", "c", "d/e", "d/f", "ü")
STORM_SECONDS = 30.0
# The longest of the loops' own pauses after failures, twice: by then all is level.
REST_SECONDS_MAX = 150.0
LOOK_SECONDS = 4.0
# With filters: how many runs have clocks that differ by more than their clients pause.
WILD_CLOCKS_RATE = 0.3
# Longer than sweepers leave young things alone; and their rounds after that.
LATER_SECONDS = 7200.0
SWEEPING_SECONDS = 90.0
_IN_MEMORY = Path("/dev/shm")


@dataclass(slots=True)
class Outcome:
    """What a run showed."""

    seed: int
    wrong: list[str] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)
    ops: int = 0
    acknowledged: int = 0
    faults: int = 0
    steps: int = 0
    healing_seconds: float = 0.0

    def digest(self) -> str:
        """Equal for equal runs."""
        text = "\n".join([*self.trace, str(self.steps)])
        return hashlib.sha256(text.encode()).hexdigest()

    def report(self) -> str:
        """What a failing test prints: enough to follow, and to see it again."""
        return "\n".join(
            [
                f"seed {self.seed}: {len(self.wrong)} violations",
                *self.trace,
                *self.wrong,
                f"again: tox -e sim -- --seed {self.seed}",
                f"or: python -m test.sim --seed {self.seed} --trace --log",
            ]
        )


def run_seed(
    seed: int, plant: Plant | None = None, *, is_storm: bool | None = None
) -> Outcome:
    """The whole run.  It takes the process's hub over: give it a process.

    ``plant``, ``is_storm`` None: the seed decides.
    """
    gc.disable()  # nothing of a dead process may be unwound
    directory = Path(
        tempfile.mkdtemp(
            prefix="ringstack-sim-", dir=_IN_MEMORY if _IN_MEMORY.is_dir() else None
        )
    )
    try:
        return _Run(seed, start(), directory, plant or healthy(seed), is_storm).run()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


class _Run:
    def __init__(
        self,
        seed: int,
        hub: SimulatedHub,
        directory: Path,
        plant: Plant,
        is_storm: bool | None,
    ) -> None:
        self.outcome = Outcome(seed)
        self._hub = hub
        self._random = Random(f"{seed} run")
        count = self._random.choice([4, 5, 6, 6])
        self._is_storm = self._random.random() < 0.5
        if is_storm is not None:
            self._is_storm = is_storm
        self._cluster = Cluster(count, hub, str(seed), directory, self._trace, plant)
        self._history = History()
        self._telling: Telling | None = None
        self._has_wild_clocks = True
        if plant.has_filters:
            self._has_wild_clocks = self._random.random() < WILD_CLOCKS_RATE
            draw_identifiers(Random(f"{seed} identifiers"))
            self._telling = Telling(
                seed,
                hub,
                self._cluster.machines,
                self._trace,
                is_ordered=not self._has_wild_clocks,
                only=plant.story,
            )
        self._names = [(box, name) for box in CONTAINERS for name in NAMES]

    def _trace(self, text: str) -> None:
        self.outcome.trace.append(f"{self._hub.now:10.4f} {text}")

    def run(self) -> Outcome:
        """See ``run_seed``."""
        with program_errors() as errors:
            self._cluster.start()
            self._make_containers()
            if self._telling is not None:
                self._telling.begin()
            self._disturb()
            self._come_to_rest()
            self.outcome.wrong += check_history(self._history)
            self._check_rest()
            if self._telling is not None:
                self._check_stories(self._telling)
        self.outcome.wrong += errors
        for where, error, text in self._hub.broken:
            if not isinstance(error, RingstackError):
                self.outcome.wrong.append(f"a greenlet of {where} broke: {text}")
        ops = self._history.ops
        self.outcome.ops = len(ops)
        self.outcome.acknowledged = sum(op.is_acknowledged for op in ops)
        if self._telling is not None:
            self.outcome.acknowledged += self._telling.acknowledged
        self.outcome.steps = self._hub.steps
        return self.outcome

    def _make_containers(self) -> None:
        machine = self._cluster.machines[0]
        for container in CONTAINERS:
            answer = machine.perform(
                partial(_create, machine, f"/v1/{ACCOUNT}/{container}")
            ).wait(60.0)
            assert answer.status == 201, answer

    def _client(self, number: int) -> Client:
        return Client(
            number,
            self._hub,
            self._cluster.machines,
            Random(f"{self.outcome.seed} client {number}"),
            self._history,
            lambda: self._cluster.epoch,
            self._cluster.is_backed,
            self._trace,
        )

    def _disturb(self) -> None:
        until = self._hub.now + STORM_SECONDS
        weather = Weather(
            self._cluster,
            self._random,
            is_storm=self._is_storm,
            has_wild_clocks=self._has_wild_clocks,
            until=until,
        )
        tasks = [concurrency.spawn(weather.run)]
        if self._telling is not None:
            tasks += self._telling.tell(until)
        else:
            clients = [self._client(number) for number in range(CLIENTS)]
            tasks += [
                concurrency.spawn(each.run, self._names, until) for each in clients
            ]
        for task in tasks:
            concurrency.wait_task(task)
        self.outcome.faults = weather.count

    def _come_to_rest(self) -> None:
        self._trace("all is well")
        heal(self._cluster)
        concurrency.sleep(AWAY_SECONDS[1])  # faults under way end
        self._cluster.start()
        if self._telling is not None:
            self._telling.settle()
        self._level()

    def _level(self) -> None:
        healed = self._hub.now
        while unlevel := self._unlevel():
            if self._hub.now > healed + REST_SECONDS_MAX:
                self.outcome.wrong += [f"never level: {each}" for each in unlevel]
                break
            concurrency.sleep(LOOK_SECONDS)
        self.outcome.healing_seconds = self._hub.now - healed
        self._trace(f"level after {self.outcome.healing_seconds:.1f} s")

    def _unlevel(self) -> list[str]:
        names = list(self._history.objects())
        found = self._cluster.unlevel(names)
        if not found and self._telling is not None:
            found = census.unlevel(self._cluster)
        return found

    # ---- after the rest --------------------------------------------------------

    def _check_rest(self) -> None:
        cluster, wrong = self._cluster, self.outcome.wrong
        newest: dict[tuple[str, str], str] = {}
        for container, name in self._history.objects():
            state = cluster.newest(container, name)
            timestamp = 0
            if state is not None:
                timestamp = max(state.timestamp, state.deleted_timestamp)
            etag = state.etag if state is not None and state.exists else ""
            newest[container, name] = etag
            ops = self._history.of(container, name)
            writes = [op for op in ops if op.kind in WRITES]
            wrong += check_survivor(f"{container}/{name}", writes, timestamp, etag)
            if state is not None and state.exists:
                wrong += check_description(
                    f"{container}/{name}",
                    [op for op in ops if op.kind in DESCRIBES],
                    state.metadata_timestamp,
                    int(state.metadata[DESCRIBED_BY]),
                )
        self._check_answers(newest)

    def _check_stories(self, telling: Telling) -> None:
        """What stories find at once, and hours later; and that nobody's objects differ
        from listings."""
        telling.check()
        self.outcome.wrong += census.disagreeing(self._cluster)
        self._cluster.let_pass(LATER_SECONDS)
        self._trace("hours later")
        concurrency.sleep(SWEEPING_SECONDS)
        self._level()
        telling.check_late()
        # Of a deleted account its proxies show nothing, reaped or not.
        self.outcome.wrong += census.left_in(self._cluster, GOING)
        self.outcome.wrong += census.disagreeing(self._cluster)
        self.outcome.wrong += telling.wrong

    def _check_answers(self, newest: dict[tuple[str, str], str]) -> None:
        """Every proxy shows the newest of all objects, and lists exactly those."""
        client, wrong = self._client(CLIENTS), self.outcome.wrong
        for machine in self._cluster.machines:
            for (container, name), etag in newest.items():
                op = client.one(GET, container, name, machine)
                if op is None or (op.status, op.seen) != (200 if etag else 404, etag):
                    wrong.append(f"after the rest: {op} instead of {etag or 'nothing'}")
            for container in CONTAINERS:
                listed = client.one(LIST, container, "", machine)
                there = {
                    name: etag
                    for (box, name), etag in newest.items()
                    if box == container and etag
                }
                if listed is None or listed.listed != there:
                    shown = {} if listed is None else listed.listed
                    differ = dict(shown.items() ^ there.items())
                    wrong.append(f"after the rest: {listed} does not agree on {differ}")


def _create(machine: Machine, path: str) -> Answer:
    assert machine.life is not None
    return ask(machine.life, "PUT", path, {}, b"", [])
