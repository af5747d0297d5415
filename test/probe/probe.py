"""One probe: a cluster, a load, faults, and the reckoning afterwards."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from objectstore.cli.layout import NodePlan
from test.functional.harness.ports import free_ports
from test.functional.harness.store import Store
from test.functional.harness.users import LINES
from test.probe.faults import Fault
from test.probe.inspection import Inspection
from test.probe.ledger import Ledger
from test.probe.workload import Workload

NODES, DEVICES_PER_NODE = 3, 2
# Load before, between and after faults.
CALM_SECONDS = 2.0
# A minute on a quiet machine; other tests may leave it little of one.
HEAL_SECONDS_MAX = 300.0
LOOK_AGAIN_SECONDS = 0.5
FAULTS_SHOWN = 10


def plan(number: int) -> NodePlan:
    """Node ``number``: its devices are a zone."""
    public, node = free_ports(2)
    names = tuple(f"d{number}{letter}" for letter in "ab"[:DEVICES_PER_NODE])
    return NodePlan(f"node{number}", public, node, names, zone=number)


@dataclass(slots=True)
class Report:
    """What a probe found."""

    faults: list[str] = field(default_factory=list)
    acknowledged: int = 0
    refused: int = 0
    wrong: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    heal_seconds: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.acknowledged:,} writes acknowledged, {self.refused:,} refused, "
            f"{len(self.faults)} faults ({', '.join(self.faults)}), "
            f"{len(self.wrong)} wrong reads, {len(self.lost)} replicas wrong, "
            f"healed in {self.heal_seconds:.1f} s"
        )


class Probe:
    """A cluster of three nodes under load."""

    def __init__(self, directory: Path, seed: int) -> None:
        self.seed = seed
        self.rng = random.Random(seed)
        plans = [plan(number + 1) for number in range(NODES)]
        self.store = Store(directory, plans, f"probe, seed {seed}", LINES)
        self.ledger = Ledger()
        # What faults leave to be undone when the servers have ended.
        self.at_end: list[Callable[[], None]] = []

    def run(self, faults: list[Fault], seconds: float = 0.0) -> Report:
        """Load and one fault after another, at least ``seconds`` long; then wait
        until every replica is right."""
        report = Report()
        self.store.start()
        inspection = Inspection(self.store)
        try:
            endpoints = [self.store.endpoint(number) for number in range(NODES)]
            begun = time.monotonic()
            with Workload(endpoints, self.ledger, self.seed) as load:
                time.sleep(CALM_SECONDS)
                while True:
                    for fault in faults:
                        fault(self)
                        report.faults.append(fault.__name__)
                        time.sleep(CALM_SECONDS)
                    if time.monotonic() - begun >= seconds:
                        break
            ended = time.monotonic()
            report.lost = self._heal(inspection, load.containers)
            report.heal_seconds = time.monotonic() - ended
        finally:
            inspection.close()
            self.store.stop()
            for undo in self.at_end:
                undo()
        report.acknowledged = self.ledger.acknowledged
        report.refused = self.ledger.refused
        report.wrong = self.ledger.wrong
        return report

    def _heal(self, inspection: Inspection, containers: list[str]) -> list[str]:
        """What is still not right when the time is up."""
        last = time.monotonic() + HEAL_SECONDS_MAX
        while faults := inspection.faults(self.ledger, containers):
            if time.monotonic() > last:
                break
            time.sleep(LOOK_AGAIN_SECONDS)
        return faults

    def pick_node(self) -> int:
        """One of the first nodes; later ones have just joined."""
        return self.rng.randrange(NODES)

    def pick_device(self, number: int) -> Path:
        plan = self.store.plans[number]
        return self.store.place.devices(plan) / self.rng.choice(plan.devices)

    def new_plan(self) -> NodePlan:
        """The next node."""
        return plan(len(self.store.plans) + 1)
