"""Whether PUTs get dearer while they go on: python -m test.bench.steady

One store takes PUTs of 4 KiB for a minute, new names (or with ``--again`` the same
10,000 over and over), and each slice of three seconds is told by itself: PUTs a second,
latencies, the CPU of one PUT on the hub (each process's first thread) and on the native
threads beside it, and how long the hub was ready for each and had no processor.  What
grows with what is in the store shows as a slope.  A machine that slows down makes one
too: so the calibration (``test.bench.calibration``) runs around each slice, and the
last column is all of a PUT's CPU in its turns.
"""

from __future__ import annotations

import click
from rich.console import Console
from rich.table import Table

from test.bench.calibration import Calibration
from test.bench.processes import thread_seconds
from test.bench.store import Work, store

HEADINGS = (
    *("second", "PUT/s", "p50-ms", "p99-ms", "hub-us", "threads-us"),
    *("ready-us", "bad", "turn-us", "turns"),
)
NEW_NAMES = Work("put-4k", "PUT", "4k")
SAME_NAMES = Work("again-4k", "AGAIN", "4k")


@click.command()
@click.option("--seconds", default=60, show_default=True, help="In all.")
@click.option("--slice", "slice_seconds", default=3, show_default=True)
@click.option("--containers", default=4, show_default=True)
@click.option("--concurrency", default=16, show_default=True, help="Connections.")
@click.option("--again", is_flag=True, help="Put the same names over and over.")
def main(
    seconds: int, slice_seconds: int, containers: int, concurrency: int, again: bool
) -> None:
    """Print what a PUT costs, slice by slice."""
    work = SAME_NAMES if again else NEW_NAMES
    table = Table(title=f"{work.name}, {containers} containers")
    for heading in HEADINGS:
        table.add_column(heading, justify="right")
    calibration = Calibration()
    with store(1, containers) as bench:
        bench.seed(work)
        turn = calibration.microseconds_per_turn()
        for start in range(0, seconds, slice_seconds):
            before = thread_seconds(bench.pid)
            result = bench.run(work, slice_seconds, concurrency)
            used = thread_seconds(bench.pid).since(before)
            turn_before, turn = turn, calibration.microseconds_per_turn()
            share = 1e6 / result.operations
            table.add_row(
                str(start),
                f"{result.operations / result.seconds:,.0f}",
                f"{result.p50_ms:.1f}",
                f"{result.p99_ms:.1f}",
                f"{share * used.first:.0f}",
                f"{share * used.others:.0f}",
                f"{share * used.ready:.0f}",
                str(result.errors),
                f"{turn:.1f}",
                f"{share * 2 * (used.first + used.others) / (turn_before + turn):.1f}",
            )
    Console().print(table)


if __name__ == "__main__":
    main()
