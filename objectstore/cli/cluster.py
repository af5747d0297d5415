"""``objectstore cluster``: several nodes as separate processes on loopback.

Each node is an all-in-one process with devices of its own in a zone of its own;
they reach each other's devices over HTTP.  For trying things out and for
tests; a real cluster runs one such process on each machine.

``up --apart`` starts a process for each role instead: a proxy, and on each of
three machines an account, a container and an object server, which share the
machine's device and have ports, and so rings, of their own.  What a directory was
laid out for stays so.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click

from objectstore.cli.layout import (
    LOOPBACK,
    NO_PORT,
    RING_NAMES,
    LaidOut,
    NodePlan,
    lay_out,
)
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
# The one process that only servers which run apart have.
APART_PROXY = "proxy"
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


def apart_plans(port: int) -> list[NodePlan]:
    """A proxy, and three machines with a server for each kind of node."""
    servers = [
        NodePlan(
            f"{role}{machine}",
            NO_PORT,
            port + NODE_PORT_OFFSET + number * NODES + machine - 1,
            (f"d{machine}",),
            roles=(role,),
            home=f"machine{machine}",
        )
        for number, role in enumerate(RING_NAMES)
        for machine in range(1, NODES + 1)
    ]
    return [*servers, NodePlan(APART_PROXY, port, NO_PORT, (), roles=("proxy",))]


def _plans_of(place: LaidOut, port: int, apart: bool = False) -> list[NodePlan]:
    """The plans that a directory was laid out for; ``apart``: for a new one."""
    if place.is_laid_out:
        apart = place.settings_file(APART_PROXY).exists()
    return apart_plans(port) if apart else plans(port)


@click.group()
def cluster() -> None:
    """Start, stop and look at a three-node cluster on loopback."""


@cluster.command()
@data_option
@port_option
@click.option("--apart", is_flag=True, help="A process for each role on each machine.")
def up(data: Path, port: int, apart: bool) -> None:
    """Start every node that is not running."""
    place = LaidOut(data.absolute())
    nodes = _plans_of(place, port, apart)
    if apart and nodes[-1].name != APART_PROXY:
        click.echo(f"{data} holds nodes that do not run apart", err=True)
        sys.exit(2)
    stopped = [plan for plan in nodes if _running(place, plan.name) is None]
    if len(stopped) == len(nodes):
        try:
            lay_out(place.directory, nodes, encrypts=True)
        except OSError as error:
            click.echo(f"{error.filename or data}: {error.strerror}", err=True)
            sys.exit(1)
    with ThreadPoolExecutor(len(nodes)) as pool:
        started = {plan.name: pool.submit(_start, place, plan) for plan in stopped}
    failed = False
    for plan in nodes:
        if plan.name not in started:
            click.echo(f"{plan.name}: is running")
            continue
        try:
            click.echo(f"{plan.name}: {started[plan.name].result()}")
        except StartFailed as error:
            click.echo(f"{plan.name}: {error}", err=True)
            failed = True
    if failed:
        sys.exit(1)
    click.echo("user test:tester, key testing")


def _start(place: LaidOut, plan: NodePlan) -> str:
    """Where it answers.  Raises ``StartFailed``."""
    server = ServerProcess(
        place.settings_file(plan.name), plan.front_port, place.log(plan.name)
    )
    server.start()
    _pid_file(place, plan.name).write_text(f"{server.pid}\n", "ascii")
    path = "/auth/v1.0" if plan.plays("proxy") else ""
    return f"http://{LOOPBACK}:{plan.front_port}{path}"


@cluster.command()
@data_option
def down(data: Path) -> None:
    """Stop every node."""
    place = LaidOut(data.absolute())
    for plan in reversed(_plans_of(place, PORT)):
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
    """Say of each node whether it is up; exit 1 unless all are."""
    place = LaidOut(data.absolute())
    healthy = True
    for plan in _plans_of(place, port):
        pid = _running(place, plan.name)
        state = "is not running"
        if pid is not None:
            answering = answers(plan.front_port)
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
