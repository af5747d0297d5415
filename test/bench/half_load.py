"""How long requests take when the store is half busy: python -m test.bench.half_load

First as many requests as it takes (wrk), then half of that rate, evenly spaced and
sent whether the ones before are answered or not (``test.bench.pacing``).  A request's
time counts from when it was due; *late* is how long after that it left, at p99.
Wanted: p99 within three times p50.  For GETs the same follows with a loop that does
nothing but use as much CPU (``test.bench.busy_server``), at the rates that were: what
of these figures any server would have whose requests cost as much, on this machine.
Where nginx is installed, the same with 4 KiB from nginx: what is the generator's.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path
from random import Random

import click
from rich.console import Console
from rich.table import Table

from test.bench.busy_server import busy_server
from test.bench.driver import Outcome, request
from test.bench.limits import nginx
from test.bench.pacing import pace
from test.bench.processes import cpu_seconds
from test.bench.store import CONTAINERS, SEEDED, SIZES, WORKS, Bench, Work, store

HEADINGS = (
    *("work", "full/s", "half/s", "p50-ms", "p99-ms", "p99/p50", "max-ms"),
    *("late-ms", "bad", "cpu-ms"),
)
# Enough that one is nearly always free at half load.
CONNECTIONS = 64
TABLE_COLUMNS = 100  # of characters, also where there is no terminal
NAMES = ("put-4k", "get-4k", "delete-4k", "mixed-4k")


def requests_of(bench: Bench, work: Work, run: int) -> Iterator[bytes]:
    """What to send, without end (DELETE: each seeded object once)."""
    random, number = Random(run), 0
    base, body = f"{bench.path}/{work.size}-", b"x" * SIZES[work.size]
    while True:
        number += 1
        dice = random.random()
        seeded = random.randrange(SEEDED[work.size])
        if work.verb == "DELETE":
            yield _one(bench, "DELETE", f"{base}{number % CONTAINERS}/s{number}")
        elif work.verb == "PUT" or (work.verb == "MIXED" and dice >= 0.7):
            path = f"{base}{number % CONTAINERS}/half-{run}-{number}"
            yield _one(bench, "PUT", path, body)
        else:
            yield _one(bench, "GET", f"{base}{seeded % CONTAINERS}/s{seeded}")


def _one(bench: Bench, verb: str, path: str, body: bytes = b"") -> bytes:
    return request(verb, path, bench.token, body)


def measure(
    bench: Bench, work: Work, seconds: int, share: float, run: int
) -> tuple[float, Outcome, float]:
    """The full rate in requests a second, what the share of it gave, and the seconds
    of CPU that each request took then."""
    bench.seed(work)
    result = bench.run(work, seconds, 16)
    full = result.operations / result.seconds
    if work.verb == "DELETE":
        bench.seed(work)
    before = cpu_seconds(bench.pid)
    outcome = measure_at(bench, work, seconds, full * share, run)
    cost = (cpu_seconds(bench.pid) - before) / len(outcome.seconds)
    if work.verb == "DELETE":
        bench.seeded.discard(work.size)  # the next one reads them
    return full, outcome, cost


def measure_at(
    bench: Bench, work: Work, seconds: int, rate: float, run: int
) -> Outcome:
    """What so many requests a second give."""
    count = int(rate * seconds)
    if work.verb == "DELETE":
        count = min(count, SEEDED[work.size] - 1)
    return pace(bench.port, requests_of(bench, work, run), CONNECTIONS, rate, count)


def beside_a_loop(
    rates: dict[str, list[float]],
    costs: dict[str, list[float]],
    seconds: int,
    table: Table,
) -> None:
    """The same with a server that only takes as much CPU, at the means of these rates
    and costs (seconds a request), as often."""
    asked = request("GET", "/", "")
    for name, each in costs.items():
        rate = sum(rates[name]) / len(rates[name])
        cost = sum(each) / len(each)
        with busy_server(cost) as port:
            for _ in each:
                count = int(rate * seconds)
                outcome = pace(port, repeat(asked), CONNECTIONS, rate, count)
                add_row(table, f"loop: {name}", None, outcome, cost)


def beside_nginx(rates: dict[str, list[float]], seconds: int, table: Table) -> None:
    """The same with a file from nginx, at the means of these rates."""
    if shutil.which("nginx") is None:
        return
    with tempfile.TemporaryDirectory(prefix="ringstack-bench-") as directory:
        place = Path(directory)
        for name in ("small", "file"):
            (place / name).write_bytes(b"x" * SIZES["4k"])
        asked = request("GET", "/file", "")
        with nginx(place) as port:
            for name, each in rates.items():
                rate = sum(each) / len(each)
                count = int(rate * seconds)
                outcome = pace(port, repeat(asked), CONNECTIONS, rate, count)
                add_row(table, f"nginx: {name}", None, outcome)


def add_row(
    table: Table,
    name: str,
    full: float | None,
    outcome: Outcome,
    cost: float | None = None,
) -> None:
    """One line of figures; ``cost`` in seconds of CPU a request."""
    p50, p99 = outcome.percentile(0.5), outcome.percentile(0.99)
    table.add_row(
        name,
        f"{full:,.0f}" if full is not None else "",
        f"{len(outcome.seconds) / outcome.elapsed:,.0f}",
        f"{p50:.2f}",
        f"{p99:.2f}",
        f"{p99 / p50:.1f}",
        f"{outcome.percentile(1):.1f}",
        f"{outcome.lateness(0.99):.2f}",
        str(outcome.errors),
        f"{1000 * cost:.3f}" if cost is not None else "",
    )


@click.command()
@click.option("--seconds", default=4, show_default=True, help="Of each run.")
@click.option("--rounds", default=3, show_default=True)
@click.option("--share", default=0.5, show_default=True, help="Of the full rate.")
@click.argument("works", nargs=-1, type=click.Choice(NAMES))
def main(seconds: int, rounds: int, share: float, works: tuple[str, ...]) -> None:
    """Print latencies at a share of the rate that the store can take."""
    table = Table()
    for heading in HEADINGS:
        table.add_column(heading, justify="right")
    rates: dict[str, list[float]] = {}
    costs: dict[str, list[float]] = {}
    with store(1) as bench:
        for run in range(rounds):
            for work in WORKS:
                if work.name not in (works or NAMES):
                    continue
                full, outcome, cost = measure(bench, work, seconds, share, run)
                rates.setdefault(work.name, []).append(full * share)
                if work.verb == "GET":
                    costs.setdefault(work.name, []).append(cost)
                add_row(table, work.name, full, outcome, cost)
    beside_a_loop(rates, costs, seconds, table)
    beside_nginx(rates, seconds, table)
    Console(width=TABLE_COLUMNS).print(table)


if __name__ == "__main__":
    main()
