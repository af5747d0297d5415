"""Measure an all-in-one store with wrk: operations, latency, CPU per operation.

    python -m test.bench.store [--seconds N] [--concurrency N] [WORK ...]

Work: put-4k get-4k head-4k delete-4k put-1m get-1m list-10k (default: all).  Starts
a store of its own in a temporary directory (four devices, four zones, three
replicas, every default), seeds what is read, runs wrk against it and prints a
table.  CPU is that of the server's processes alone, from /proc.  Absolute
operations per second drift on a shared machine; CPU per operation does so less.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
import swiftclient
from rich.console import Console
from rich.table import Table

from objectstore.cli.layout import NodePlan, lay_out
from objectstore.cli.process import ServerProcess

SCRIPT = Path(__file__).with_name("requests.lua")
CONTAINERS = 16
SEEDED = {"4k": 20_000, "1m": 200}
SIZES = {"4k": 4096, "1m": 1 << 20}
LISTED = 10_000
HEADINGS = ("work", "ops/s", "MB/s", "p50-ms", "p99-ms", "errors", "CPU-s/1000")
TICKS = os.sysconf("SC_CLK_TCK")


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


WORKS = [
    Work("put-4k", "PUT", "4k"),
    Work("get-4k", "GET", "4k"),
    Work("head-4k", "HEAD", "4k"),
    Work("delete-4k", "DELETE", "4k"),
    Work("put-1m", "PUT", "1m"),
    Work("get-1m", "GET", "1m"),
    Work("list-10k", "LIST", ""),
]


def free_port() -> int:
    """A TCP port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Bench:
    """A running store and what is needed to load it."""

    def __init__(self, port: int, pid: int) -> None:
        self.pid = pid
        self.endpoint = f"http://127.0.0.1:{port}"
        self.url, self.token = swiftclient.get_auth(
            f"{self.endpoint}/auth/v1.0", "test:tester", "testing"
        )
        self.seeded: set[str] = set()

    def seed(self, work: Work) -> None:
        """Put what the work reads, once."""
        what = work.size or "list"
        again = work.verb == "DELETE"
        if work.verb == "PUT" or (what in self.seeded and not again):
            self._make_containers(what)
            return
        self._make_containers(what)
        self.seeded.add(what)
        count = LISTED if what == "list" else SEEDED[what]
        containers = 1 if what == "list" else CONTAINERS
        body = b"x" * (0 if what == "list" else SIZES[what])

        def put(share: int) -> None:
            connection = swiftclient.http_connection(self.url)
            for number in range(share, count, 8):
                swiftclient.put_object(
                    self.url,
                    self.token,
                    f"{what}-{number % containers}",
                    f"s{number}",
                    body,
                    http_conn=connection,
                )

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(put, range(8)))

    def _make_containers(self, what: str) -> None:
        for number in range(CONTAINERS):
            swiftclient.put_container(self.url, self.token, f"{what}-{number}")

    def run(self, work: Work, seconds: int, concurrency: int) -> Result:
        """Run wrk once."""
        what = work.size or "list"
        path = self.url.removeprefix(self.endpoint)
        environment = os.environ | {
            "VERB": work.verb,
            "BASE": f"{path}/{what}-",
            "CONTAINERS": str(CONTAINERS),
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
        )


def cpu_seconds(pid: int) -> float:
    """CPU time of a process and all its descendants, so far."""
    total, family = 0.0, {pid}
    rows = sorted(_processes(), key=lambda row: row[0])
    for own, parent, ticks in rows:
        if own in family or parent in family:
            family.add(own)
            total += ticks / TICKS
    return total


def _processes() -> Iterator[tuple[int, int, int]]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            yield int(entry.name), int(fields[1]), int(fields[11]) + int(fields[12])


@contextmanager
def store(workers: int) -> Iterator[Bench]:
    """A store of its own, gone afterwards."""
    directory = Path(tempfile.mkdtemp(prefix="ringstack-bench-"))
    try:
        port, devices = free_port(), ("d1", "d2", "d3", "d4")
        plan = NodePlan("store", port, free_port(), devices, workers)
        place = lay_out(directory, [plan])
        server = ServerProcess(place.settings_file("store"), port, place.log("store"))
        with server.running():
            yield Bench(port, server.pid)
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
    chosen = [work for work in WORKS if not works or work.name in works]
    results = []
    with store(workers) as bench:
        for work in chosen:
            bench.seed(work)
            results.append((work, bench.run(work, seconds, concurrency)))
    Console().print(table_of(results))


if __name__ == "__main__":
    main()
