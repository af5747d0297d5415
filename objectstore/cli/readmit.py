"""``objectstore device readmit``: decide on a device that was away for too long."""

from __future__ import annotations

import os
import time
from pathlib import Path

import click

from objectstore.cli.mistakes import CannotSay
from objectstore.kernel.device import ROOMS, Device, identity_at
from objectstore.kernel.errors import RingstackError
from objectstore.kernel.system_disk import SystemDisk
from objectstore.replication.presence import read_mark, write_mark

ASIDE = "outdated"


@click.command()
@click.argument(
    "directory", type=click.Path(path_type=Path, exists=True, file_okay=False)
)
@click.option(
    "--empty",
    is_flag=True,
    help="Move what it holds aside: its peers fill it again.",
)
def readmit(directory: Path, empty: bool) -> None:
    """Let the device in DIRECTORY serve again after a long absence.

    A device that was away for longer than deletions are remembered may hold objects
    that were deleted meanwhile, and would bring them back.  When the rest of the
    cluster went on without it, it must come back empty (--empty).  Only when the
    whole cluster was off may it keep what it holds.
    """
    disk, path = SystemDisk(), str(directory)
    if identity_at(disk, path) is None:
        raise CannotSay(f"{path}: no device is here")
    try:
        device = Device.open(disk, path)
    except RingstackError as error:
        raise CannotSay(str(error)) from error
    try:
        mark = read_mark(disk, path, ROOMS)
        if empty:
            target = _move_aside(directory)
            click.echo(f"moved what it held to {target}; remove that when all is well")
        write_mark(disk, path, _marked(directory), time.time())
    finally:
        device.close()
    away = (
        "" if mark is None else f" after {(time.time() - mark.last) / 86400:.1f} days"
    )
    click.echo(f"{directory}: readmitted{away}")


def _marked(directory: Path) -> list[str]:
    return [room for room in ROOMS if (directory / f"alive-{room}").exists()]


def _move_aside(directory: Path) -> Path:
    target = directory / f"{ASIDE}-{time.strftime('%Y%m%dT%H%M%S')}"
    target.mkdir()
    for entry in sorted(directory.iterdir()):
        if entry.is_dir() and entry.name.partition("-")[0] in ROOMS:
            entry.rename(target / entry.name)
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return target
