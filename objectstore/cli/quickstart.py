"""From a bare checkout to a running store with real data in it.

Run by ``bin/quickstart``, which prepares the virtual environment first.
"""

from __future__ import annotations

import shutil
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from typing import NoReturn

import click
import swiftclient
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from objectstore.cli import roundtrip
from objectstore.cli.layout import LOOPBACK, LaidOut, NodePlan, lay_out
from objectstore.cli.one_line import run_in_one_line
from objectstore.cli.process import ServerProcess, StartFailed, is_taken
from objectstore.cli.show import size

HOME = Path(__file__).resolve().parents[2]
NODE = "store"
DEVICES = ("d1", "d2", "d3", "d4")
# The port between workers and nodes stands this far above the public one.
NODE_PORT_OFFSET = 1000
USER, KEY = "test:tester", "testing"
# What devices keep free (``reserve`` and ``body_reserve``), and room for what is shown.
FREE_BYTES_MIN = 768 * 1024 * 1024

console = Console(stderr=True, highlight=False)

data_option = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=HOME / "run" / "quickstart",
    show_default="run/quickstart",
    help="Where everything is kept.",
)
port_option = click.option(
    "--port",
    type=click.IntRange(1024, 65535 - NODE_PORT_OFFSET),
    default=8080,
    show_default=True,
    help="The object store's port on loopback.",
)


@click.command(name="quickstart")
@click.option(
    "--check", is_flag=True, help="Stop after the comparison; exit 1 if it fails."
)
@data_option
@port_option
@click.option(
    "--workers",
    type=click.IntRange(1, len(DEVICES)),
    default=1,
    show_default=True,
    help="Processes that share the work.",
)
def main(check: bool, data: Path, port: int, workers: int) -> None:
    """Start a store on loopback and show that real files go in and out.

    Four devices in four zones, three replicas.  Uploads the sources of Python's
    standard library, lists and downloads them, compares every byte, then
    serves until Ctrl-C.  Data survives: the next run goes on with it.
    """
    data = data.absolute()
    refuse_taken((port, port + NODE_PORT_OFFSET), "--port")
    # Ended by somebody else: leave as on Ctrl-C, so that the store is stopped too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    plan = NodePlan(NODE, port, port + NODE_PORT_OFFSET, DEVICES, workers)
    try:
        refuse_full(data)
        place = lay_out(data, [plan], encrypts=True)
        log = place.log(NODE)
        # Killed hard, the command must not leave a store behind that holds the port.
        server = ServerProcess(place.settings_file(NODE), port, log, outlives_us=False)
        with server.running():
            console.print(f"store is up on {LOOPBACK}:{port} (data in {data})")
            intact = show(roundtrip.Account(f"http://{LOOPBACK}:{port}", USER, KEY))
            if check:
                sys.exit(0 if intact else 1)
            _tell_how_to_go_on(port)
            server.wait()
    except StartFailed as error:
        fail(str(error))
    except OSError as error:
        fail(f"{error.filename or data}: {error.strerror or error}")
    except swiftclient.ClientException as error:
        fail(f"{error} (the store's log: {log})")
    except KeyboardInterrupt:
        console.print("stopped; the data stays")


def fail(text: str) -> NoReturn:
    """Say why it cannot go on, and end."""
    console.print(f"quickstart: {text}", soft_wrap=True)
    sys.exit(1)


def refuse_taken(ports: Iterable[int], options: str) -> None:
    """End here if somebody listens already; ``options`` choose other ports."""
    for each in filter(is_taken, ports):
        fail(
            f"port {each} is in use by something else, another quickstart perhaps:"
            f" end it, or choose another {options}"
        )


def refuse_full(data: Path, wanted: int = FREE_BYTES_MIN) -> None:
    """End here if nothing is in ``data`` yet, and devices there would take nothing.

    Raises ``OSError``.
    """
    if LaidOut(data).is_laid_out:
        return  # what is there can be read
    existing = next(each for each in (data, *data.parents) if each.exists())
    free = shutil.disk_usage(existing).free
    if free < wanted:
        fail(f"{existing}: {size(free)} are free, and {size(wanted)} are needed")


def show(account: roundtrip.Account) -> bool:
    """Upload, list, download, compare; whether every byte was right."""
    tree = roundtrip.library_tree()
    with _bar("uploading", tree) as advance:
        sent = roundtrip.upload(account, tree, advance)
    if sent.files:
        console.print(f"uploaded    {sent}")
    else:
        console.print(f"uploaded    nothing: all {len(tree):,} files were there")
    console.print(f"listed      {len(roundtrip.listed(account)):,} names")
    with _bar("comparing", tree) as advance:
        read, different = roundtrip.compare(account, tree, advance)
    console.print(f"downloaded  {read}")
    for name in different[:10]:
        console.print(f"DIFFERENT   {name}")
    if different:
        console.print(f"{len(different):,} files differ")
    else:
        console.print("every byte is the same")
    return not different


@contextmanager
def _bar(title: str, tree: list[roundtrip.TreeFile]) -> Iterator[roundtrip.Progress]:
    """A progress bar over the tree's files."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("files"),
        TimeRemainingColumn(),
    )
    # Where nothing can be wiped away, its bars would be empty lines.
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task(title, total=len(tree))
        yield lambda _size: progress.advance(task)


def _tell_how_to_go_on(port: int) -> None:
    swift = quote(str(HOME / ".venv" / "bin" / "swift"))
    endpoint = f"http://{LOOPBACK}:{port}/auth/v1.0"
    console.print(
        f"\n  endpoint  {endpoint}\n  user      {USER}\n  key       {KEY}\n\n"
        f"  {swift} -A {endpoint} -U {USER} -K {KEY} list {roundtrip.CONTAINER}\n\n"
        "serving until Ctrl-C",
        # A command that is cut in two cannot be copied.
        soft_wrap=True,
    )


if __name__ == "__main__":
    run_in_one_line(main)
