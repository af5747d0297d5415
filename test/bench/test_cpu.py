"""CPU per operation must not creep up: compared with ``baseline.json``.

    tox -e bench

Fixed numbers of requests go to a store of its own, in slices, with the calibration
loop before each.  Neighbours only ever add to the CPU time of either, so the cheapest
slice of all rounds is divided by the cheapest loop of all rounds; that may be 30 % over
the baseline.  Nothing is asserted about elapsed time.  It ends with the first round
that shows all to be well, and begins no round after ``SECONDS_MAX``.  After a change
that is meant to cost, or that saves much, run ``python -m test.bench.test_cpu`` and
commit what it writes.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from pathlib import Path

from test.bench.calibration import microseconds_per_turn
from test.bench.driver import drive, request
from test.bench.processes import cpu_seconds
from test.bench.store import CONTAINERS, WORKS, Bench, store

BASELINE = Path(__file__).with_name("baseline.json")
ALLOWED = 1.30
# A quiet machine needs one or two.
ROUNDS = 10
# A round takes 6 s on a quiet machine and 30 s on a crowded one: 120 s in all.
SECONDS_MAX = 75.0
CONNECTIONS = 16
REQUESTS = {"PUT": 1500, "GET": 3000, "HEAD": 3000, "DELETE": 1500}
# Of each kind and round; short enough to fall between two bursts of the neighbours,
# long enough for the 10 ms that CPU time is counted in.
SLICES = 3
BODY = b"x" * 4096


class Cheapest:
    """The least that was ever needed: for a turn of the loop, and for a request of
    each kind, in microseconds."""

    def __init__(self) -> None:
        self._turn = math.inf
        self._requests = dict.fromkeys(REQUESTS, math.inf)

    def measure(self, bench: Bench, round_number: int) -> None:
        """One round."""
        for method, count in REQUESTS.items():
            for part in range(SLICES):
                self._turn = min(self._turn, microseconds_per_turn())
                names = range(part * count // SLICES, (part + 1) * count // SLICES)
                spent = self._slice(bench, method, names, round_number)
                self._requests[method] = min(self._requests[method], spent)

    @staticmethod
    def _slice(bench: Bench, method: str, names: range, number: int) -> float:
        before = cpu_seconds(bench.pid)
        asked = requests(bench, method, names, number)
        outcome = drive(bench.port, asked, CONNECTIONS)
        assert outcome.errors == 0, f"{outcome.errors} of {names} {method} failed"
        return (cpu_seconds(bench.pid) - before) / len(names) * 1e6

    def costs(self) -> dict[str, float]:
        """In turns of the loop."""
        return {method: spent / self._turn for method, spent in self._requests.items()}


def requests(bench: Bench, method: str, names: range, number: int) -> Iterator[bytes]:
    """GET, HEAD and DELETE ask for what PUT has made in the same round."""
    made = REQUESTS["PUT"]
    body = BODY if method == "PUT" else b""
    for each in names:
        name = f"4k-{each % made % CONTAINERS}/{number}-{each % made}"
        yield request(method, f"{bench.path}/{name}", bench.token, body)


def best_of_rounds(limits: dict[str, float]) -> dict[str, float]:
    """What a request of each kind costs, by all rounds, or by those until none is
    over its limit."""
    cheapest = Cheapest()
    began = time.monotonic()
    with store(workers=1) as bench:
        bench.seed(next(work for work in WORKS if work.name == "put-4k"))
        for number in range(ROUNDS):
            if number and time.monotonic() - began > SECONDS_MAX:
                break
            cheapest.measure(bench, number)
            costs = cheapest.costs()
            if limits and all(costs[method] <= limits[method] for method in REQUESTS):
                break
    return cheapest.costs()


def test_cpu_per_operation_has_not_grown() -> None:
    baseline = json.loads(BASELINE.read_text())
    limits = {method: ALLOWED * baseline[method] for method in REQUESTS}
    costs = best_of_rounds(limits)
    grown = {
        method: f"{cost:.2f} turns, {cost / baseline[method] - 1:+.0%}"
        for method, cost in costs.items()
        if cost > limits[method]
    }
    assert not grown, f"against {BASELINE.name}: {grown}"


def main() -> None:
    """Write the baseline anew."""
    costs = {method: round(cost, 2) for method, cost in best_of_rounds({}).items()}
    BASELINE.write_text(json.dumps(costs, indent=1) + "\n")
    print(costs)


if __name__ == "__main__":
    main()
