"""Memory of a store that has nothing to do: python -m test.bench.idle_memory

An all-in-one store of four devices, empty, some seconds after its start; beside it
that of any other processes, named by their numbers (``--beside``).
"""

from __future__ import annotations

import time

import click

from test.bench.processes import family, proportional_mebibytes
from test.bench.store import store

SETTLE_SECONDS = 10


@click.command()
@click.option("--beside", multiple=True, type=int, help="A process of another store.")
def main(beside: tuple[int, ...]) -> None:
    """Print proportional set sizes, in MiB."""
    with store(1) as bench:
        time.sleep(SETTLE_SECONDS)
        each = [proportional_mebibytes([pid]) for pid in sorted(family(bench.pid))]
        click.echo(f"{sum(each):.0f} MiB ({', '.join(f'{one:.0f}' for one in each)})")
    if beside:
        other = proportional_mebibytes(beside)
        if not other:
            # bin/with-tests gives its command a process namespace of its own.
            raise click.BadParameter("none of these processes is to be seen from here")
        click.echo(f"{other:.0f} MiB beside it: {sum(each) / other:.2f}")


if __name__ == "__main__":
    main()
