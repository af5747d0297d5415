"""The same work through both public faces: python -m test.bench.faces

Requests are signed beforehand (SigV4, as SDKs sign over plain HTTP), so the figures
are the store's alone: CPU seconds per 1,000 operations, medians of the rounds, and
what S3 costs more.  The faces take turns in short slices, first one and then the other
beginning: a store's work grows with what is in it, and what one face wrote is flushed
and folded while the other has its turn.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from statistics import median
from typing import NamedTuple

import click
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from rich.console import Console
from rich.table import Table

from test.bench.driver import drive, request
from test.bench.processes import cpu_seconds
from test.bench.store import Bench, store

BODY = b"ringstack bench " * 256
ACCESS, SECRET, REGION = "test:tester", "testing", "us-east-1"
CONTAINER = "faces"
LISTED = 1000
SLICES = 12
CONNECTIONS = 16
HEADINGS = ("work", "Swift", "S3", "S3/Swift")


class Work(NamedTuple):
    """One kind of request; ``query`` by face where it needs any."""

    name: str
    method: str
    operations: int
    swift_query: str = ""
    s3_query: str = ""


WORKS = (
    Work("put-4k", "PUT", 3000),
    Work("get-4k", "GET", 3000),
    Work("head-4k", "HEAD", 3000),
    Work("list-1k", "GET", 240, f"?format=json&limit={LISTED}", "?list-type=2"),
    Work("delete-4k", "DELETE", 3000),
)


def swift_request(bench: Bench, work: Work, name: str) -> bytes:
    """A request with a token."""
    body = BODY if work.method == "PUT" else b""
    path = f"{bench.path}/{CONTAINER}{name}{work.swift_query}"
    return request(work.method, path, bench.token, body)


def s3_request(bench: Bench, work: Work, name: str) -> bytes:
    """A signed request."""
    body = BODY if work.method == "PUT" else b""
    path = f"/{CONTAINER}{name}{work.s3_query}"
    unsigned = AWSRequest(work.method, bench.endpoint + path, data=body)
    unsigned.headers["x-amz-content-sha256"] = hashlib.sha256(body).hexdigest()
    S3SigV4Auth(Credentials(ACCESS, SECRET), "s3", REGION).add_auth(unsigned)
    head = f"{work.method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{bench.port}\r\n"
    head += "".join(f"{key}: {value}\r\n" for key, value in unsigned.headers.items())
    if work.method == "PUT":
        head += f"Content-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


FACES: dict[str, Callable[[Bench, Work, str], bytes]] = {
    "Swift": swift_request,
    "S3": s3_request,
}


def measure(bench: Bench, work: Work, run: int) -> dict[str, float]:
    """CPU seconds per 1,000 operations of each face."""
    # What one round puts it reads and deletes itself.
    names = [
        "" if work.s3_query else f"-{run}-{number}" for number in range(work.operations)
    ]
    spent = dict.fromkeys(FACES, 0.0)
    for slice_number in range(SLICES):
        # A B, B A, A B ...: neither is always the second.
        turns = list(FACES) if slice_number % 2 else list(FACES)[::-1]
        for face in turns:
            requests = [
                FACES[face](bench, work, f"/{face}{name}" if name else "")
                for name in names[slice_number::SLICES]
            ]
            spent[face] += _cost(bench, requests, f"{face}'s {work.name}")
    return {face: 1000 * cost / work.operations for face, cost in spent.items()}


def _cost(bench: Bench, requests: list[bytes], what: str) -> float:
    before = cpu_seconds(bench.pid)
    outcome = drive(bench.port, requests, CONNECTIONS)
    if outcome.errors:
        raise click.ClickException(f"{outcome.errors} of {what} failed")
    return cpu_seconds(bench.pid) - before


@click.command()
@click.option("--rounds", default=3, show_default=True)
def main(rounds: int) -> None:
    """Print what the same work costs on each face."""
    table = Table(*HEADINGS)
    with store(1) as bench:
        setup = request("PUT", f"{bench.path}/{CONTAINER}", bench.token)
        drive(bench.port, [setup], 1)
        taken: dict[tuple[str, str], list[float]] = {}
        for run in range(rounds):
            for work in WORKS:
                for face, cost in measure(bench, work, run).items():
                    taken.setdefault((work.name, face), []).append(cost)
    for work in WORKS:
        swift, s3 = (median(taken[work.name, face]) for face in FACES)
        table.add_row(work.name, f"{swift:.3f}", f"{s3:.3f}", f"{s3 / swift:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
