"""How long requests take when the store is half busy: python -m test.bench.half_load

First as many requests as it takes (wrk), then half of that rate, evenly spaced and
sent whether the ones before are answered or not.  A request's time counts from when it
was due.  Wanted: p99 within three times p50.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import click
from rich.console import Console
from rich.table import Table

from test.bench.driver import Outcome, pace, request
from test.bench.store import CONTAINERS, SEEDED, SIZES, WORKS, Bench, Work, store

HEADINGS = ("work", "full/s", "half/s", "p50-ms", "p99-ms", "p99/p50", "max-ms", "bad")
# Enough that one is nearly always free at half load.
CONNECTIONS = 64
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
    count = int(full * share * seconds)
    if work.verb == "DELETE":
        bench.seed(work)
        count = min(count, SEEDED[work.size] - 1)
    requests = requests_of(bench, work, run)
    return full, pace(bench.port, requests, CONNECTIONS, full * share, count)


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
    with store(1) as bench:
        for run in range(rounds):
            for work in WORKS:
                if work.name not in (works or NAMES):
                    continue
                full, outcome = measure(bench, work, seconds, share, run)
                p50, p99 = outcome.percentile(0.5), outcome.percentile(0.99)
                table.add_row(
                    work.name,
                    f"{full:,.0f}",
                    f"{len(outcome.seconds) / outcome.elapsed:,.0f}",
                    f"{p50:.2f}",
                    f"{p99:.2f}",
                    f"{p99 / p50:.1f}",
                    f"{outcome.percentile(1):.1f}",
                    str(outcome.errors),
                )
    Console().print(table)


if __name__ == "__main__":
    main()
