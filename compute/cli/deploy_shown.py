"""What ``ringstack deploy`` finds, for people: in colours, and a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from compute.deploy.checks import CLOCK_SECONDS_MAX
from compute.deploy.model import Host
from compute.deploy.plan import Change
from compute.deploy.standing import Standing

console = Console(highlight=False, soft_wrap=True)


def show_remarks(told: Mapping[str, Sequence[tuple[str, str]]]) -> None:
    """By host's name what stands in the way, and what is to be known."""
    for name, remarks in told.items():
        console.print(f"[bold]{name}[/bold]" + ("" if remarks else ": ready"))
        for kind, text in remarks:
            colour = "red" if kind == "obstacle" else "yellow"
            console.print(f"  [{colour}]{kind}[/{colour}]: {escape(text)}")


def show_away(away: Mapping[Host, str]) -> None:
    """Who cannot be reached, and why."""
    for host, why in away.items():
        console.print(f"[bold]{host.name}[/bold]: [red]{escape(why)}[/red]")


def show_plans(
    plans: Mapping[Host, Sequence[Change]], obstacles: Mapping[str, Iterable[str]]
) -> None:
    """What would be done on each host, and what stands in the way."""
    for host, changes in plans.items():
        words = f"{len(changes)} change{'s' * (len(changes) > 1)}"
        words = words if changes else "as wished"
        console.print(f"[bold]{host.name}[/bold]: {words}")
        for text in obstacles[host.name]:
            console.print(f"  [red]obstacle: {escape(text)}[/red]")
        for change in changes:
            console.print(f"  {escape(str(change))}")
            for line in change.lines:
                colour = "green" if line.startswith("+") else "red"
                console.print(f"    [{colour}]{escape(line)}[/{colour}]")


def show_rings(rings: Mapping[str, Iterable[str]], others: Iterable[str]) -> None:
    """What becomes of rings, and other lines."""
    for name, lines in rings.items():
        for line in lines:
            console.print(f"[bold]ring {name}[/bold]: {escape(line)}")
    for line in others:
        console.print(escape(line))


def show_standing(found: Iterable[Standing]) -> None:
    """How every service is."""
    lines = list(found)
    table = Table()
    for name in (
        "host",
        "service",
        "state",
        "release",
        "rings",
        "clock",
    ):
        table.add_column(name, overflow="fold")
    for each in lines:
        table.add_row(*(escape(text) for text in each.row()))
    console.print(table)
    for host, off in {each.host: each.clock_off for each in lines}.items():
        if abs(off) > CLOCK_SECONDS_MAX:
            console.print(f"{host}: its clock is off by {off:+.1f} s: repair NTP")
    for host, until in {each.host: each.certificate for each in lines}.items():
        if until:
            console.print(f"{host}: its certificate is good until {escape(until)}")
