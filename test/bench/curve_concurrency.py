"""Throughput, p99 and CPU of an all-in-one store at 1 to 256 connections."""

from __future__ import annotations

from collections.abc import Callable

from test.bench.store import WORKS, store

CONNECTIONS = (1, 4, 16, 64, 256)


def measure(note: Callable[[dict[str, float]], None], seconds: int) -> None:
    """Tell ``note`` of each number of connections."""
    works = {work.name: work for work in WORKS}
    with store(workers=1) as bench:
        for name in ("put-4k", "get-4k"):
            bench.seed(works[name])
        for connections in CONNECTIONS:
            point: dict[str, float] = {"connections": connections}
            for verb in ("put", "get"):
                result = bench.run(works[f"{verb}-4k"], seconds, connections)
                count = max(1, result.operations)
                point[f"{verb}_per_second"] = result.operations / result.seconds
                point[f"{verb}_p99_ms"] = result.p99_ms
                point[f"{verb}_cpu_ms"] = 1000 * result.cpu_seconds / count
            note(point)
