"""How long requests take when the store is half busy: python -m test.bench.half_load

First as many requests as it takes (wrk), then half of that rate, evenly spaced and
sent whether the ones before are answered or not (``test.bench.pacing``).  A request's
time counts from when it was due; *late* is how long after that it left, at p99.
Wanted: p99 within three times p50.  Where nginx is installed, the same follows with
4 KiB from nginx at the rates that were: what of these figures is the generator's and
the machine's.
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

from test.bench.driver import Outcome, request
from test.bench.limits import nginx
from test.bench.pacing import pace
from test.bench.store import CONTAINERS, SEEDED, SIZES, WORKS, Bench, Work, store

HEADINGS = (
    *("work", "full/s", "half/s", "p50-ms", "p99-ms", "p99/p50", "max-ms"),
    *("late-ms", "bad"),
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
) -> tuple[float, Outcome]:
    """The full rate in requests a second, and what the share of it gave."""
    bench.seed(work)
    result = bench.run(work, seconds, 16)
    full = result.operations / result.seconds
    if work.verb == "DELETE":
        bench.seed(work)
    outcome = measure_at(bench, work, seconds, full * share, run)
    if work.verb == "DELETE":
        bench.seeded.discard(work.size)  # the next one reads them
    return full, outcome


def measure_at(
    bench: Bench, work: Work, seconds: int, rate: float, run: int
) -> Outcome:
    """What so many requests a second give."""
    count = int(rate * seconds)
    if work.verb == "DELETE":
        count = min(count, SEEDED[work.size] - 1)
    return pace(bench.port, requests_of(bench, work, run), CONNECTIONS, rate, count)


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


def add_row(table: Table, name: str, full: float | None, outcome: Outcome) -> None:
    """One line of figures."""
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
    with store(1) as bench:
        for run in range(rounds):
            for work in WORKS:
                if work.name not in (works or NAMES):
                    continue
                full, outcome = measure(bench, work, seconds, share, run)
                rates.setdefault(work.name, []).append(full * share)
                add_row(table, work.name, full, outcome)
    beside_nginx(rates, seconds, table)
    Console(width=TABLE_COLUMNS).print(table)


if __name__ == "__main__":
    main()
