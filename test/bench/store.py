"""Measure an all-in-one store with wrk: operations, latency, CPU per operation.

    python -m test.bench.store [--seconds N] [--concurrency N] [WORK ...]

Work: put, get, head, delete, mixed of 4 KiB; put and get of 64 KiB, 1 MiB and
1 GiB (one stream); list-10k (default: all but 1 GiB).  Starts a store of its own in a
temporary directory (four devices, four zones, three replicas, every default), seeds
what is read, loads it with wrk or, where wrk cannot, with ``driver``, and prints a
table.  The memory is the most that the server has held so far, its CPU that of
all its processes.  Absolute operations per second drift on a shared machine; CPU per
operation does so less.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import click
import swiftclient
from rich.console import Console
from rich.table import Table

from objectstore.cli.layout import NodePlan, lay_out
from objectstore.cli.process import ServerProcess
from test.bench.driver import drive, request, stream_down, stream_up
from test.bench.processes import cpu_seconds, peak_megabytes

SCRIPT = Path(__file__).with_name("requests.lua")
CONTAINERS = 16
SEEDED = {"4k": 10_000, "64k": 2000, "1m": 200, "1g": 1}
SIZES = {"4k": 4096, "64k": 1 << 16, "1m": 1 << 20, "1g": 1 << 30}
LISTED = 10_000
SEEDING_CONNECTIONS = 16
HEADINGS = (
    *("work", "ops/s", "MB/s", "p50-ms", "p99-ms"),
    *("errors", "CPU-s/1000", "peak-MB"),
)


@dataclass(frozen=True, slots=True)
class Work:
    """One kind of request."""

    name: str
    verb: str
    size: str  # "" for listings


@dataclass(frozen=True, slots=True)
class Result:
    """What a run of wrk gave."""

    operations: int
    megabytes: float
    seconds: float
    p50_ms: float
    p99_ms: float
    errors: int
    cpu_seconds: float
    peak_megabytes: float


WORKS = [
    Work("put-4k", "PUT", "4k"),
    Work("get-4k", "GET", "4k"),
    Work("head-4k", "HEAD", "4k"),
    Work("delete-4k", "DELETE", "4k"),
    Work("mixed-4k", "MIXED", "4k"),
    Work("put-64k", "PUT", "64k"),
    Work("get-64k", "GET", "64k"),
    Work("put-1m", "PUT", "1m"),
    Work("get-1m", "GET", "1m"),
    Work("list-10k", "LIST", ""),
    Work("put-1g", "PUT", "1g"),
    Work("get-1g", "GET", "1g"),
]


def free_port() -> int:
    """A TCP port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Bench:
    """A running store and what is needed to load it."""

    def __init__(
        self, port: int, pid: int, directory: Path, containers: int = CONTAINERS
    ) -> None:
        self.pid = pid
        self.containers = containers
        self.directory = directory
        self.port = port
        self.endpoint = f"http://127.0.0.1:{port}"
        self.url, self.token = swiftclient.get_auth(
            f"{self.endpoint}/auth/v1.0", "test:tester", "testing"
        )
        self.path = self.url.removeprefix(self.endpoint)
        self.seeded: set[str] = set()

    def seed(self, work: Work) -> None:
        """Put what the work reads, once."""
        what = work.size or "list"
        again = work.verb == "DELETE"
        for number in range(self.containers):
            swiftclient.put_container(self.url, self.token, f"{what}-{number}")
        if work.verb == "PUT" or (what in self.seeded and not again):
            return
        self.seeded.add(what)
        if what == "1g":
            stream_up(self.port, self._big_path("s0"), self.token, SIZES[what])
            return
        count = LISTED if what == "list" else SEEDED[what]
        containers = 1 if what == "list" else self.containers
        body = b"x" * (0 if what == "list" else SIZES[what])
        requests = (
            request("PUT", self._path(what, number % containers, number), token, body)
            for token in [self.token]
            for number in range(count)
        )
        drive(self.port, requests, SEEDING_CONNECTIONS)

    def _path(self, what: str, container: int, number: int) -> str:
        return f"{self.path}/{what}-{container}/s{number}"

    def _big_path(self, name: str) -> str:
        return f"{self.path}/1g-0/{name}"

    def run(self, work: Work, seconds: int, concurrency: int) -> Result:
        """Run one kind of work."""
        before = cpu_seconds(self.pid)
        if work.size == "1g":
            operations, elapsed, times = self._stream(work, seconds)
            errors = 0
        elif work.verb == "HEAD":
            operations, elapsed, times, errors = self._heads(seconds, concurrency)
        else:
            return self._wrk(work, seconds, concurrency)
        size = SIZES[work.size] if work.size == "1g" else 0
        return Result(
            operations,
            operations * size / 1e6,
            elapsed,
            times[0],
            times[1],
            errors,
            cpu_seconds(self.pid) - before,
            peak_megabytes(self.pid),
        )

    def _heads(
        self, seconds: int, concurrency: int
    ) -> tuple[int, float, tuple[float, float], int]:
        random = Random(1)
        count = SEEDED["4k"]

        def requests() -> Iterator[bytes]:
            while True:
                number = random.randrange(count)
                path = self._path("4k", number % CONTAINERS, number)
                yield request("HEAD", path, self.token)

        outcome = drive(self.port, requests(), concurrency, seconds)
        times = (outcome.percentile(0.5), outcome.percentile(0.99))
        return len(outcome.seconds), outcome.elapsed, times, outcome.errors

    def _stream(
        self, work: Work, seconds: int
    ) -> tuple[int, float, tuple[float, float]]:
        taken: list[float] = []
        while sum(taken) < seconds:
            size = SIZES[work.size]
            if work.verb == "PUT":
                path = self._big_path(f"p{len(taken) % 2}")
                taken.append(stream_up(self.port, path, self.token, size))
            else:
                path = self._big_path("s0")
                taken.append(stream_down(self.port, path, self.token, size))
        ordered = sorted(taken)
        times = (1000 * ordered[len(taken) // 2], 1000 * ordered[-1])
        return len(taken), sum(taken), times

    def _wrk(self, work: Work, seconds: int, concurrency: int) -> Result:
        what = work.size or "list"
        environment = os.environ | {
            "VERB": work.verb,
            "BASE": f"{self.path}/{what}-",
            "CONTAINERS": str(self.containers),
            "SIZE": str(SIZES.get(work.size, 0)),
            "SEEDED": str(SEEDED.get(work.size, 1)),
            "TOKEN": self.token,
            "RUN": str(time.monotonic_ns()),
            "THREADS": "1",
        }
        before = cpu_seconds(self.pid)
        output = subprocess.run(
            [
                *("wrk", "-t1", f"-c{concurrency}", f"-d{seconds}s"),
                *("--timeout", "30s", "-s", str(SCRIPT), self.endpoint),
            ],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        cpu = cpu_seconds(self.pid) - before
        numbers = output.rsplit("@@", 1)[1].split()
        operations, size, microseconds = (int(text) for text in numbers[:3])
        return Result(
            operations,
            operations * SIZES[work.size] / 1e6 if work.verb == "PUT" else size / 1e6,
            microseconds / 1e6,
            float(numbers[3]),
            float(numbers[4]),
            int(numbers[5]),
            cpu,
            peak_megabytes(self.pid),
        )


@contextmanager
def store(workers: int, containers: int = CONTAINERS) -> Iterator[Bench]:
    """A store of its own, gone afterwards."""
    directory = Path(tempfile.mkdtemp(prefix="ringstack-bench-"))
    try:
        port, devices = free_port(), ("d1", "d2", "d3", "d4")
        plan = NodePlan("store", port, free_port(), devices, workers)
        place = lay_out(directory, [plan])
        server = ServerProcess(
            place.settings_file("store"), port, place.log("store"), outlives_us=False
        )
        with server.running():
            yield Bench(port, server.pid, directory, containers)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def table_of(results: list[tuple[Work, Result]]) -> Table:
    """The figures for people."""
    table = Table()
    for heading in HEADINGS:
        table.add_column(heading, justify="right")
    for work, result in results:
        rate = result.operations / result.seconds
        table.add_row(
            work.name,
            f"{rate:,.0f}",
            f"{result.megabytes / result.seconds:,.1f}",
            f"{result.p50_ms:.2f}",
            f"{result.p99_ms:.2f}",
            str(result.errors),
            f"{1000 * result.cpu_seconds / max(1, result.operations):.3f}",
            f"{result.peak_megabytes:.0f}",
        )
    return table


@click.command()
@click.option("--seconds", default=8, show_default=True, help="Of each run.")
@click.option("--concurrency", default=16, show_default=True, help="Connections.")
@click.option("--workers", default=1, show_default=True, help="Of the store.")
@click.argument("works", nargs=-1)
def main(seconds: int, concurrency: int, workers: int, works: tuple[str, ...]) -> None:
    """Print operations per second, latencies and CPU seconds per 1,000 operations."""
    unknown = set(works) - {work.name for work in WORKS}
    if unknown:
        raise click.BadParameter(f"no such work: {', '.join(sorted(unknown))}")
    chosen = [
        work for work in WORKS if (work.name in works if works else work.size != "1g")
    ]
    results = []
    with store(workers) as bench:
        for work in chosen:
            bench.seed(work)
            results.append((work, bench.run(work, seconds, concurrency)))
    Console().print(table_of(results))


if __name__ == "__main__":
    main()
