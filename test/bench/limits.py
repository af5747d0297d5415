"""One large stream beside what the machine itself gives: python -m test.bench.limits

Down: 1 GiB from the store beside the same bytes from nginx, on the same disk, in turns;
*cold* (what was cached of either is dropped before) and *warm* (all of it is read into
the cache before).  Up: 1 GiB into the store beside MD5's speed on one core (the ETag
needs it) and what the disk takes from three writers side by side, each copy synced; the
lower of these is the limit.  (A disk that gives a burst, and less when it is used up,
gave it to whoever came first: then the store goes ahead of the disk's rate.)  Medians
of the rounds; nginx must be installed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import click
from rich.console import Console
from rich.table import Table

from test.bench.driver import stream_down, stream_up
from test.bench.store import SIZES, Bench, Work, free_port, store

SIZE = SIZES["1g"]
COPIES = 3
HASHED_BYTES = 256 * 1024 * 1024
PIECE_BYTES = 1024 * 1024
START_SECONDS = 10.0
HEADINGS = ("work", "store MB/s", "limit MB/s", "of it", "the limit is")
NGINX = """
daemon off; master_process off; pid {place}/pid; error_log {place}/errors;
events {{}}
http {{
  access_log off; sendfile on; sendfile_max_chunk 1m; tcp_nopush on;
  keepalive_requests 1000000;
  client_body_temp_path {place}/t1; proxy_temp_path {place}/t2;
  fastcgi_temp_path {place}/t3; uwsgi_temp_path {place}/t4; scgi_temp_path {place}/t5;
  server {{ listen 127.0.0.1:{port}; root {place}; }}
}}
"""


@contextmanager
def nginx(place: Path) -> Iterator[int]:
    """nginx on a port of its own, serving ``place``."""
    port = free_port()
    settings = place / "nginx.conf"
    settings.write_text(NGINX.format(place=place, port=port))
    process = subprocess.Popen(["nginx", "-c", str(settings)])
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            stream_down(port, "/small", "", 1)
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise click.ClickException("nginx does not start")


def forget(place: Path) -> None:
    """Have nothing of the files below ``place`` in the page cache."""
    for path in place.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fdatasync(descriptor)
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(descriptor)


def remember(place: Path) -> None:
    """Have all large files below ``place`` in the page cache."""
    buffer = bytearray(PIECE_BYTES)
    for path in place.rglob("*"):
        if path.is_file() and path.stat().st_size >= SIZE:
            with path.open("rb", buffering=0) as file:
                while file.readinto(buffer):
                    pass


def md5_rate() -> float:
    """Megabytes a second of MD5 on one core."""
    piece = memoryview(bytes(PIECE_BYTES))
    digest = hashlib.md5(usedforsecurity=False)
    began = time.perf_counter()
    for _ in range(HASHED_BYTES // PIECE_BYTES):
        digest.update(piece)
    return HASHED_BYTES / (time.perf_counter() - began) / 1e6


def disk_rate(place: Path) -> float:
    """Megabytes a second that each of three synced copies gets, side by side."""
    count = SIZE // PIECE_BYTES
    began = time.perf_counter()
    writers = [
        subprocess.Popen(
            [
                *("dd", "if=/dev/zero", f"of={place}/copy{number}"),
                *(f"bs={PIECE_BYTES}", f"count={count}"),
                *("oflag=direct", "conv=fdatasync", "status=none"),
            ]
        )
        for number in range(COPIES)
    ]
    for writer in writers:
        writer.wait()
    seconds = time.perf_counter() - began
    for number in range(COPIES):
        (place / f"copy{number}").unlink()
    return SIZE / seconds / 1e6


def measure(
    bench: Bench, port: int, place: Path, rates: dict[str, list[float]]
) -> None:
    """One round of everything, each thing beside its limit.

    The body is a new one in each round: one that were read from the disk a second time
    would be brought into the page cache behind the next measurement.
    """
    big = f"{bench.path}/1g-0/s0"

    def note(name: str, seconds: float) -> None:
        rates.setdefault(name, []).append(SIZE / seconds / 1e6)

    note("put", stream_up(bench.port, big, bench.token, SIZE))
    rates.setdefault("disk", []).append(disk_rate(place))
    rates.setdefault("md5", []).append(md5_rate())
    for kind in ("cold", "warm"):
        prepare = forget if kind == "cold" else remember
        prepare(bench.directory)
        note(f"get {kind}", stream_down(bench.port, big, bench.token, SIZE))
        prepare(place)
        note(f"nginx {kind}", stream_down(port, "/big", "", SIZE))


@click.command()
@click.option("--rounds", default=3, show_default=True)
def main(rounds: int) -> None:
    """Print the store's rates and what share of the machine's they are."""
    place = Path(tempfile.mkdtemp(prefix="ringstack-limits-"))
    # nginx gives up root where it is started by it.
    place.chmod(0o755)
    rates: dict[str, list[float]] = {}
    try:
        (place / "small").write_bytes(b"x")
        with (place / "big").open("wb") as file:
            for _ in range(SIZE // PIECE_BYTES):
                file.write(os.urandom(PIECE_BYTES))
        with store(1) as bench, nginx(place) as port:
            bench.seed(Work("put-1g", "PUT", "1g"))
            for _ in range(rounds):
                measure(bench, port, place, rates)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    middle = {name: median(taken) for name, taken in rates.items()}
    table = Table(*HEADINGS)
    for work, limit in (
        ("get cold", "nginx cold"),
        ("get warm", "nginx warm"),
        ("put", "md5"),
        ("put", "disk"),
    ):
        share = middle[work] / middle[limit]
        table.add_row(
            work, f"{middle[work]:,.0f}", f"{middle[limit]:,.0f}", f"{share:.0%}", limit
        )
    Console().print(table)


if __name__ == "__main__":
    main()
