"""Verbs that make or publish the assignment: rebalance, validate, write the files."""

from __future__ import annotations

import random
from datetime import timedelta

import click
from rich.console import Console

from ring.builder import Builder, Rebalanced
from ring.cli.files import Files
from ring.cli.result import SUCCESS, WARNING, Result
from ring.errors import Refused
from ring.file import load_ring, save_builder
from ring.plan import Plan
from ring.promises import check_promises
from ring.tier_name import tier_name

# A rebalance that changes balance and dispersion by less than this many percent is not
# worth the data movement of a new ring.
WORTHWHILE_PERCENT = 1.0
# From here on an unbalanced ring is worth a remark.
BALANCE_REMARK_PERCENT = 5.0
MIN_PART_HOURS_DEFAULT = 24

format_option = click.option(
    "--format-version",
    type=click.Choice(["1", "2"]),
    default="1",
    show_default=True,
    help="Ring format; 1 is read by every Swift release, 2 has checksums and wide ids",
)


@click.command(short_help="Assign partitions to devices.")
@click.argument("seed_argument", metavar="[SEED]", required=False)
@click.option("-f", "--force", is_flag=True, help="Save even if little changed")
@click.option("-s", "--seed", help="The same seed gives the same ring")
@click.option(
    "-d", "--debug", is_flag=True, help="Also show what each tier should hold"
)
@format_option
@click.pass_obj
def rebalance(
    files: Files,
    seed_argument: str | None,
    force: bool,
    seed: str | None,
    debug: bool,
    format_version: str,
) -> Result:
    """Assign partitions by the devices and settings of now, and write the ring.

    Moves as little as needed, one replica of a partition at a time, and no partition
    that moved less than min_part_hours ago.
    """
    with files.locked():
        builder = files.load()
        worthwhile = force or builder.changed
        before = (builder.balance(), builder.dispersion)
        seconds_left = builder.min_part_seconds_left(files.now)
        rng = random.Random(seed or seed_argument)
        # The spinner shows on a terminal only.
        with Console(stderr=True).status("Rebalancing"):
            done = builder.rebalance(rng, files.now)
        if not (done.moved or done.removed or force):
            return _nothing_moved(builder, done, seconds_left)
        if not worthwhile and not _improved(before, done):
            line = "Not saved: the rebalance did not change anything by at least 1%."
            return Result([line], _data(builder, done, saved=False), WARNING)
        check_promises(builder)
        files.write_ring(builder, int(format_version), 0)
        files.back_up_builder(builder)
        save_builder(builder, files.builder_path)
    lines = [
        f"Reassigned {done.moved} ({done.moved / builder.parts:.2%}) partitions. "
        f"Balance is now {done.balance:.2f}.  Dispersion is now {done.dispersion:.2f}"
    ]
    if debug:
        lines += _plan_lines(builder, builder.plan())
    remarks = _remarks(builder, done)
    code = WARNING if remarks else SUCCESS
    return Result([*lines, *remarks], _data(builder, done, saved=True), code)


def _improved(before: tuple[float, float | None], done: Rebalanced) -> bool:
    balance, dispersion = before
    return (
        # A device without weight that still holds data pins balance to its maximum:
        # the figure cannot show the progress being made.
        balance > 100 * BALANCE_REMARK_PERCENT
        or abs(balance - done.balance) >= WORTHWHILE_PERCENT
        or dispersion is None
        or abs(dispersion - done.dispersion) >= WORTHWHILE_PERCENT
    )


def _nothing_moved(builder: Builder, done: Rebalanced, seconds_left: int) -> Result:
    reason = "There is no need to do so at this time"
    if seconds_left > 0:
        remaining = timedelta(seconds=seconds_left)
        reason = (
            f"Partitions rest for min_part_hours after they moved: "
            f"{builder.min_part_hours} hours ({remaining} remaining); if replication"
            " has finished, pretend_min_part_hours_passed lets them move now"
        )
    data = _data(builder, done, saved=False)
    return Result(["No partitions could be reassigned.", reason], data, WARNING)


def _remarks(builder: Builder, done: Rebalanced) -> list[str]:
    if done.dispersion > 0:
        return [
            f"NOTE: Dispersion of {done.dispersion:.6f} means that some replicas share",
            "      a failure domain which they would not have to share. Weights, the",
            "      overload or min_part_hours may be why; see the dispersion verb.",
        ]
    if (
        done.balance > BALANCE_REMARK_PERCENT
        and done.balance / 100.0 > builder.overload
    ):
        return [
            f"NOTE: Balance of {done.balance:.2f} means that you should publish this",
            f"      ring, wait at least {builder.min_part_hours} hours,",
            "      and rebalance again.",
        ]
    return []


def _plan_lines(builder: Builder, plan: Plan) -> list[str]:
    return [
        f"  {tier_name(tier, builder.devices):40} should hold {amount:.6f} replicas"
        for tier, amount in plan.target.items()
    ]


def _data(builder: Builder, done: Rebalanced, *, saved: bool) -> dict[str, object]:
    return {
        "saved": saved,
        "moved": done.moved,
        "removed": done.removed,
        "balance": done.balance,
        "dispersion": done.dispersion,
        "version": builder.version,
        "digest": builder.ring().digest,
    }


@click.command()
@click.pass_obj
def validate(files: Files) -> Result:
    """Check everything the ring promises."""
    builder = files.load()
    check_promises(builder)
    return Result([], {"valid": True})


@click.command("write_ring", short_help="Write the ring file again.")
@format_option
@click.option(
    "--dev-id-bytes",
    type=click.Choice(["2", "4"]),
    help="Width of device ids in format 2; by default the narrowest that fits",
)
@click.pass_obj
def write_ring(files: Files, format_version: str, dev_id_bytes: str | None) -> Result:
    """Write the ring file again, as after set_info when no rebalance is needed."""
    warnings = []
    with files.locked():
        builder = files.load()
        if not builder.devices:
            raise Refused("a ring without devices cannot be written")
        if not builder.rows:
            warnings.append("the ring has no assignment; did you forget to rebalance?")
        files.write_ring(builder, int(format_version), int(dev_id_bytes or 0))
    return Result(
        [],
        {
            "ring_file": str(files.ring_path),
            "format_version": int(format_version),
            "digest": builder.ring().digest,
        },
        warnings=warnings,
    )


@click.command("write_builder", short_help="Make a builder from a ring file.")
@click.argument("min_part_hours", type=int, required=False)
@click.pass_obj
def write_builder(files: Files, min_part_hours: int | None) -> Result:
    """Make a builder from a ring file, when the builder and its backups are lost.

    The ring does not say min_part_hours, overload or when partitions moved.
    """
    warnings = []
    if min_part_hours is None:
        min_part_hours = MIN_PART_HOURS_DEFAULT
        warnings.append(f"min_part_hours is taken to be {min_part_hours}")
    with files.locked():
        if files.builder_path.exists():
            raise Refused(f"{files.builder_path} exists and is not overwritten")
        builder = Builder.from_ring(load_ring(files.ring_path), min_part_hours)
        save_builder(builder, files.builder_path)
    return Result([], {"builder_file": str(files.builder_path)}, warnings=warnings)
