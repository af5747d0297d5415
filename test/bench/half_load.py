"""How long requests take when the store is half busy: python -m test.bench.half_load

First as many requests as it takes (wrk), then half of that rate, evenly spaced and
sent whether the ones before are answered or not (``test.bench.pacing``).  A request's
time counts from when it was due; *late* is how long after that it left, at p99.
Wanted: p99 within three times p50.  For GETs the same follows with a loop that does
nothing but use as much CPU (``test.bench.busy_server``), at the rates that were: what
of these figures any server would have whose requests cost as much, on this machine.
Where nginx is installed, the same with 4 KiB from nginx: what is the generator's.

With ``--closed`` instead half as many connections, each asking again when it is
answered.  A mixture is told as a whole and by its verbs: a median of GETs says nothing
about the tail of PUTs, which wait for disks.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import deque
from collections.abc import Iterator
from itertools import islice, repeat
from pathlib import Path
from random import Random

import click
from rich.console import Console
from rich.table import Table

from test.bench.busy_server import busy_server
from test.bench.driver import Outcome, drive, request
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
FULL_CONNECTIONS = 16  # of those who ask again when they are answered
# So many PUTs later an object of a mixture may be deleted: it is surely there.
LAG = 200
MIXTURE = (b"GET", b"PUT", b"DELETE")
TABLE_COLUMNS = 100  # of characters, also where there is no terminal
NAMES = ("put-4k", "get-4k", "delete-4k", "mixed-4k")


def requests_of(bench: Bench, work: Work, run: int) -> Iterator[bytes]:
    """What to send, without end (DELETE: each seeded object once).  A mixture has
    70 % GET, 25 % PUT and 5 % DELETE."""
    random, number = Random(run), 0
    written: deque[str] = deque()
    base, body = f"{bench.path}/{work.size}-", b"x" * SIZES[work.size]
    while True:
        number += 1
        dice = random.random()
        seeded = random.randrange(SEEDED[work.size])
        if work.verb == "DELETE":
            yield _one(bench, "DELETE", f"{base}{number % CONTAINERS}/s{number}")
        elif work.verb == "MIXED" and dice >= 0.95 and len(written) > LAG:
            yield _one(bench, "DELETE", written.popleft())
        elif work.verb == "PUT" or (work.verb == "MIXED" and dice >= 0.7):
            path = f"{base}{number % CONTAINERS}/half-{run}-{number}"
            written.append(path)
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


def measure_closed(
    bench: Bench, work: Work, seconds: int, share: float, run: int
) -> tuple[Outcome, float]:
    """What a share of the connections gave, each asking again when it is answered,
    and the seconds of CPU of each request."""
    bench.seed(work)
    before = cpu_seconds(bench.pid)
    connections = round(FULL_CONNECTIONS * share)
    requests = requests_of(bench, work, run)
    if work.verb == "DELETE":
        requests = islice(requests, SEEDED[work.size] - 1)
        bench.seeded.discard(work.size)  # the next one reads them
    outcome = drive(bench.port, requests, connections, seconds)
    return outcome, (cpu_seconds(bench.pid) - before) / len(outcome.seconds)


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


def add_rows(
    table: Table, work: Work, full: float | None, outcome: Outcome, cost: float
) -> None:
    """The figures of one run; of a mixture also those of each verb."""
    add_row(table, work.name, full, outcome, cost)
    for verb in MIXTURE if work.verb == "MIXED" else ():
        add_row(table, f"its {verb.decode()}", None, outcome.of(verb))


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
        f"{outcome.lateness(0.99):.2f}" if outcome.late else "",
        str(outcome.errors),
        f"{1000 * cost:.3f}" if cost is not None else "",
    )


@click.command()
@click.option("--seconds", default=4, show_default=True, help="Of each run.")
@click.option("--rounds", default=3, show_default=True)
@click.option("--share", default=0.5, show_default=True, help="Of the full rate.")
@click.option("--closed", is_flag=True, help="A share of the connections, not rate.")
@click.argument("works", nargs=-1, type=click.Choice(NAMES))
def main(
    seconds: int, rounds: int, share: float, closed: bool, works: tuple[str, ...]
) -> None:
    """Print latencies at a share of the load that the store can take."""
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
                if closed:
                    outcome, cost = measure_closed(bench, work, seconds, share, run)
                    add_rows(table, work, None, outcome, cost)
                    continue
                full, outcome, cost = measure(bench, work, seconds, share, run)
                rates.setdefault(work.name, []).append(full * share)
                if work.verb == "GET":
                    costs.setdefault(work.name, []).append(cost)
                add_rows(table, work, full, outcome, cost)
    if not closed:
        beside_a_loop(rates, costs, seconds, table)
        beside_nginx(rates, seconds, table)
    Console(width=TABLE_COLUMNS).print(table)


if __name__ == "__main__":
    main()
