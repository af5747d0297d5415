"""``objectstore cluster``: several nodes as separate processes on loopback.

Each node is an all-in-one process with devices of its own in a zone of its own;
they reach each other's devices over HTTP.  For trying things out and for
tests; a real cluster runs one such process on each machine.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import click

from objectstore.cli.layout import LOOPBACK, LaidOut, NodePlan, lay_out
from objectstore.cli.process import (
    POLL_SECONDS,
    STOP_SECONDS_MAX,
    ServerProcess,
    StartFailed,
    answers,
)

NODES = 3
PORT = 8180
# Ports of nodes stand behind the public ones: 8180.. public, 8190.. between nodes.
NODE_PORT_OFFSET = 10
HOME = Path(__file__).resolve().parents[2]

data_option = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=HOME / "run" / "cluster",
    show_default="run/cluster",
    help="Where everything is kept.",
)
port_option = click.option(
    "--port",
    type=click.IntRange(1024, 65000),
    default=PORT,
    show_default=True,
    help="The first node's public port; the others follow.",
)


def plans(port: int) -> list[NodePlan]:
    """The three nodes, one device each."""
    return [
        NodePlan(
            f"node{number + 1}",
            port + number,
            port + NODE_PORT_OFFSET + number,
            (f"d{number + 1}",),
        )
        for number in range(NODES)
    ]


@click.group()
def cluster() -> None:
    """Start, stop and look at a three-node cluster on loopback."""


@cluster.command()
@data_option
@port_option
def up(data: Path, port: int) -> None:
    """Start every node that is not running."""
    nodes = plans(port)
    place = lay_out(data.absolute(), nodes)
    for plan in nodes:
        if _running(place, plan.name) is not None:
            click.echo(f"{plan.name}: is running")
            continue
        server = ServerProcess(
            place.settings_file(plan.name), plan.public_port, place.log(plan.name)
        )
        try:
            server.start()
        except StartFailed as error:
            click.echo(f"{plan.name}: {error}", err=True)
            sys.exit(1)
        _pid_file(place, plan.name).write_text(f"{server.pid}\n", "ascii")
        click.echo(f"{plan.name}: http://{LOOPBACK}:{plan.public_port}/auth/v1.0")
    click.echo("user test:tester, key testing")


@cluster.command()
@data_option
def down(data: Path) -> None:
    """Stop every node."""
    place = LaidOut(data.absolute())
    for plan in plans(PORT):
        pid = _running(place, plan.name)
        if pid is None:
            click.echo(f"{plan.name}: is not running")
            continue
        os.kill(pid, signal.SIGTERM)
        last = time.monotonic() + STOP_SECONDS_MAX
        while _running(place, plan.name) is not None and time.monotonic() < last:
            time.sleep(POLL_SECONDS)
        _pid_file(place, plan.name).unlink(missing_ok=True)
        click.echo(f"{plan.name}: stopped")


@cluster.command()
@data_option
@port_option
def status(data: Path, port: int) -> None:
    """Say of each node whether it runs and answers; exit 1 unless all do."""
    place = LaidOut(data.absolute())
    healthy = True
    for plan in plans(port):
        pid = _running(place, plan.name)
        state = "is not running"
        if pid is not None:
            answering = answers(plan.public_port)
            state = (
                f"answers (process {pid})" if answering else f"silent (process {pid})"
            )
            healthy &= answering
        healthy &= pid is not None
        click.echo(f"{plan.name}: {state}")
    sys.exit(0 if healthy else 1)


def _pid_file(place: LaidOut, node: str) -> Path:
    return place.run(node) / "pid"


def _running(place: LaidOut, node: str) -> int | None:
    """The node's process id, if it is a process of ours that still runs."""
    try:
        pid = int(_pid_file(place, node).read_text("ascii"))
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    # A process id may have been given to somebody else meanwhile.
    return pid if os.fsencode(place.settings_file(node)) in command else None
