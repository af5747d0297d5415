"""``objectstore drain``: take a device out of service without losing a replica."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from objectstore.cli.mistakes import CannotSay
from objectstore.cli.outside import Outside, asked, settings_option
from objectstore.cli.show import as_json_option, console, print_json, print_table
from objectstore.policy.policies import Policy
from ring.device import Device
from ring.errors import RingError
from ring.file import load_builder, save_builder, save_ring
from ring.ring import Ring

LOOK_SECONDS = 2.0
DIGESTS_ASKED = 4096
# A rebalance moves one replica of a partition at most; the last few partitions may
# want another one.
PASSES_MAX = 5


@click.command()
@click.argument("device")
@settings_option
@as_json_option
@click.option(
    "--builders",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Where the .builder files are; default: beside the rings.",
)
@click.option("--wait", is_flag=True, help="Wait until nothing is left on it.")
@click.option(
    "--force", is_flag=True, help="Move partitions even if they moved not long ago."
)
def drain(
    device: str,
    settings_file: Path,
    as_json: bool,
    builders: Path | None,
    wait: bool,
    force: bool,
) -> None:
    """Set DEVICE's weight to 0 in every builder, rebalance, write the rings.

    DEVICE is its name (d3), or with its server (10.0.0.7:6200/d3) if several have
    that name.  Copy the rings to all machines; replication then empties the device.
    Run it again, after min_part_hours, until no partition is left.
    """
    outside = Outside.load(settings_file)
    directory = builders or outside.settings.server.rings
    paths = sorted(directory.glob("*.builder"))
    changes = [_drain(path, device, force) for path in paths]
    found = [change for change in changes if change is not None]
    if not found:
        raise CannotSay(f"no builder in {directory} has a device {device}")
    if as_json and not wait:
        print_json(found)
    elif not as_json:
        _show(found)
    if wait:
        left = _wait(Outside.load(settings_file), device)
        if as_json:
            print_json({"rings": found, "left": left})
        sys.exit(1 if left else 0)


def _show(found: list[dict[str, Any]]) -> None:
    columns = ("ring", "device", "partitions before", "left", "moved")
    rows = [[change[name.split()[0]] for name in columns] for change in found]
    print_table("", columns, rows)
    if any(change["left"] for change in found):
        console.print(
            "what is left has moved not long ago: run this again after"
            " min_part_hours, or with --force"
        )


def _drain(path: Path, name: str, force: bool) -> dict[str, Any] | None:
    """None when the builder does not know the device."""
    try:
        builder = load_builder(path)
        chosen = _one(list(builder.known_devices()), name)
        if chosen is None:
            return None
        before = sum(row.count(chosen.id) for row in builder.rows)
        if chosen.weight:
            builder.set_weight(chosen.id, 0.0)
        moved = left = 0
        for _ in range(PASSES_MAX if force else 1):
            if force:
                builder.pretend_min_part_hours_passed()
            done = builder.rebalance(Random(builder.version), now=int(time.time()))
            moved += done.moved
            left = sum(row.count(chosen.id) for row in builder.rows)
            if not (left and done.moved):
                break
        save_builder(builder, path)
        save_ring(builder.ring(), path.with_suffix(".ring.gz"))
    except (OSError, RingError) as error:
        raise CannotSay(f"{path}: {error}") from error
    return {
        "ring": path.stem,
        "device": str(chosen),
        "partitions": before,
        "left": left,
        "moved": moved,
    }


def _one(devices: list[Device], name: str) -> Device | None:
    found = [
        device
        for device in devices
        if name in (device.device, f"{device.ip}:{device.port}/{device.device}")
    ]
    if len(found) > 1:
        servers = ", ".join(f"{each.ip}:{each.port}" for each in found)
        raise CannotSay(f"{name} is at {servers}: say which")
    return found[0] if found else None


# ---- progress --------------------------------------------------------------------


def _wait(outside: Outside, name: str) -> int:
    """Show how the device empties; what is left when it does not answer."""
    left = sum(1 for _ in _filled(outside, name))
    columns = (
        TextColumn("draining {task.fields[name]}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("partitions"),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task("", total=left, name=name)
        total = left
        while left:
            time.sleep(LOOK_SECONDS)
            left = sum(1 for _ in _filled(outside, name))
            progress.update(task, completed=total - left)
    console.print(f"{name} is empty")
    return left


def _filled(outside: Outside, name: str) -> Iterator[int]:
    """Partitions of which the device holds something."""
    for ring_name, ring in outside.named_rings().items():
        device = _one([each for each in ring.devices if each is not None], name)
        if device is None:
            continue
        for space in spaces_of(ring_name, outside.settings.policies):
            yield from _filled_of(outside.node(ring_name, device, space), ring, name)


def _filled_of(node: Any, ring: Ring, name: str) -> Iterator[int]:
    for first in range(0, ring.partition_count, DIGESTS_ASKED):
        stop = min(first + DIGESTS_ASKED, ring.partition_count)
        digests, problem = asked(node.digests, range(first, stop), ring.part_power)
        if problem:
            raise CannotSay(f"{name}: {problem}")
        for at, digest in enumerate(digests):
            if digest.strip(b"\0"):
                yield first + at


def spaces_of(ring_name: str, policies: Iterable[Policy]) -> tuple[int, ...]:
    """The numbers under which nodes keep what the ring places: fragments too."""
    found = (each.spaces for each in policies if each.ring_name == ring_name)
    return next(found, (0,))
