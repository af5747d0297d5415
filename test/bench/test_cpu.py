"""CPU per operation must not creep up: compared with ``baseline.json``.

    tox -e bench

Fixed numbers of requests go to a store of its own; the CPU time of its processes for
one of them, in turns of the calibration loop that ran in the same seconds, may be
30 % over the baseline.  Nothing is asserted about elapsed time.  The best of up to
six rounds counts, since neighbours only ever add; it ends with the first that shows
all to be well.  After a change that is meant to cost, or that saves much, run
``python -m test.bench.test_cpu`` and commit what it writes.
"""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterator
from pathlib import Path

from test.bench.calibration import microseconds_per_turn
from test.bench.driver import drive, request
from test.bench.processes import cpu_seconds
from test.bench.store import CONTAINERS, WORKS, Bench, store

BASELINE = Path(__file__).with_name("baseline.json")
ALLOWED = 1.30
# A quiet machine needs one or two.
ROUNDS = 6
CONNECTIONS = 16
REQUESTS = {"PUT": 1500, "GET": 3000, "HEAD": 3000, "DELETE": 1500}
BODY = b"x" * 4096


def measure(bench: Bench, round_number: int) -> dict[str, float]:
    """Turns of the loop that one request of each kind costs."""
    costs = {}
    for method, count in REQUESTS.items():
        turns = [microseconds_per_turn()]
        before = cpu_seconds(bench.pid)
        outcome = drive(
            bench.port, requests(bench, method, count, round_number), CONNECTIONS
        )
        spent = (cpu_seconds(bench.pid) - before) / count * 1e6
        turns.append(microseconds_per_turn())
        assert outcome.errors == 0, f"{outcome.errors} of {count} {method} failed"
        costs[method] = spent / statistics.fmean(turns)
    return costs


def requests(bench: Bench, method: str, count: int, number: int) -> Iterator[bytes]:
    """GET, HEAD and DELETE ask for what PUT has made in the same round."""
    made = REQUESTS["PUT"]
    body = BODY if method == "PUT" else b""
    for each in range(count):
        name = f"4k-{each % made % CONTAINERS}/{number}-{each % made}"
        yield request(method, f"{bench.path}/{name}", bench.token, body)


def best_of_rounds(limits: dict[str, float]) -> dict[str, float]:
    """The least that each kind of request has cost: of all rounds, or of those until
    none is over its limit."""
    best = dict.fromkeys(REQUESTS, math.inf)
    with store(workers=1) as bench:
        bench.seed(next(work for work in WORKS if work.name == "put-4k"))
        for number in range(ROUNDS):
            costs = measure(bench, number)
            best = {method: min(best[method], costs[method]) for method in REQUESTS}
            if limits and all(best[method] <= limits[method] for method in REQUESTS):
                break
    return best


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
