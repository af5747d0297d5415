"""Verbs about the ring as a whole: create it, and set what rebalancing should do."""

from __future__ import annotations

import click

from ring.builder import Builder
from ring.cli.files import Files
from ring.cli.result import WARNING, Result
from ring.errors import Refused
from ring.file import save_builder

TAKES_EFFECT = "The change will take effect after the next rebalance."


@click.command(short_help="Start a builder.")
@click.argument("part_power", type=int)
@click.argument("replicas", type=float)
@click.argument("min_part_hours", type=int)
@click.pass_obj
def create(
    files: Files, part_power: int, replicas: float, min_part_hours: int
) -> Result:
    """Start a builder with 2^PART_POWER partitions.

    REPLICAS may be a fraction: 3.25 gives a quarter of the partitions a fourth replica.
    A partition that moved rests for MIN_PART_HOURS before it may move again.
    """
    builder = Builder(part_power, replicas, min_part_hours)
    # Overwriting is what operators' scripts expect of create; the backup keeps the loss
    # from being final.
    with files.locked():
        files.back_up_builder(builder)
        save_builder(builder, files.builder_path)
    return Result([], settings_data(builder))


@click.command("set_replicas", short_help="Change how many replicas there are.")
@click.argument("replicas", type=float)
@click.pass_obj
def set_replicas(files: Files, replicas: float) -> Result:
    """Change how many replicas there are; fractions are allowed."""
    with files.changing() as builder:
        builder.set_replicas(replicas)
    line = f"The replica count is now {builder.replicas:.6f}."
    return Result([line, TAKES_EFFECT], settings_data(builder))


@click.command("set_overload", short_help="Change how far weights may be exceeded.")
@click.argument("overload")
@click.pass_obj
def set_overload(files: Files, overload: str) -> Result:
    """Change how far a device's weight may be exceeded to spread replicas better.

    OVERLOAD is a factor (0.1) or a percentage (10%).
    """
    percent = overload.endswith("%")
    try:
        factor = float(overload.removesuffix("%")) * (0.01 if percent else 1.0)
    except ValueError as error:
        raise Refused(f"overload {overload!r} is not a number") from error
    with files.changing() as builder:
        builder.set_overload(factor)
    # More than twice the weight is likelier a forgotten percent sign than a wish.
    suspicious = factor > 1 and not percent
    return Result(
        [
            f"The overload factor is now {factor:.2%} ({factor:.6f})",
            TAKES_EFFECT,
        ],
        settings_data(builder),
        WARNING if suspicious else 0,
        ["overload is greater than 100 %"] if suspicious else [],
    )


@click.command("set_min_part_hours", short_help="Change how long a partition rests.")
@click.argument("hours", type=int)
@click.pass_obj
def set_min_part_hours(files: Files, hours: int) -> Result:
    """Change how long a partition rests after it moved."""
    with files.changing() as builder:
        builder.set_min_part_hours(hours)
    return Result(
        [f"A partition now rests for {hours} hours after it moved."],
        settings_data(builder),
    )


@click.command(
    "pretend_min_part_hours_passed", short_help="Let the next rebalance move anything."
)
@click.pass_obj
def pretend_min_part_hours_passed(files: Files) -> Result:
    """Let the next rebalance move any partition, however recently it moved.

    Use with care: a partition that moves again before its data has followed the first
    move can be unavailable until replication catches up.
    """
    with files.changing() as builder:
        builder.pretend_min_part_hours_passed()
    return Result(["Every partition may move now."], settings_data(builder))


def settings_data(builder: Builder) -> dict[str, object]:
    """A builder's settings as `--json` shows them."""
    return {
        "id": builder.id,
        "version": builder.version,
        "part_power": builder.part_power,
        "partitions": builder.parts,
        "replicas": builder.replicas,
        "min_part_hours": builder.min_part_hours,
        "overload": builder.overload,
    }
