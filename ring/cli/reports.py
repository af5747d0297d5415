"""Verbs that only look: the default view, search, list_parts, dispersion, version."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from ring.balance import TierReport
from ring.builder import Builder
from ring.cli.files import Files
from ring.cli.result import ERROR, SUCCESS, WARNING, Result
from ring.cli.selection import SEARCH_OPTIONS, criteria, with_options
from ring.cli.settings import settings_data
from ring.cli.tables import device_rows, device_table, tier_table
from ring.device import Device
from ring.errors import Refused, RingError
from ring.file import load_ring, read_file
from ring.ring_format import decode_ring, format_version_of
from ring.tier_name import tier_name


def overview(files: Files) -> Result:
    """The default view: the settings, the state of the files, all devices."""
    builder = files.load()
    devices = list(builder.known_devices())
    state = ring_file_state(builder, files.ring_path)
    rested = builder.min_part_seconds_left(files.now)
    regions = len({device.region for device in devices})
    zones = len({(device.region, device.zone) for device in devices})
    dispersion = (
        "" if builder.dispersion is None else (f", {builder.dispersion:.2f} dispersion")
    )
    lines = [
        f"{files.builder_path}, build version {builder.version}, "
        f"id {builder.id or '(not assigned)'}",
        f"{builder.parts} partitions, {builder.replicas:.6f} replicas, "
        f"{regions} regions, {zones} zones, {len(devices)} devices, "
        f"{builder.balance():.2f} balance{dispersion}",
        f"The minimum number of hours before a partition can be reassigned is "
        f"{builder.min_part_hours} ({timedelta(seconds=rested)} remaining)",
        f"The overload factor is {builder.overload:.2%} ({builder.overload:.6f})",
        f"Ring file {files.ring_path} {state}",
    ]
    data = {
        **settings_data(builder),
        "regions": regions,
        "zones": zones,
        "balance": builder.balance(),
        "dispersion": builder.dispersion,
        "min_part_seconds_left": rested,
        "ring_file": str(files.ring_path),
        "ring_file_state": state,
        "devices": device_rows(builder, _by_place(devices)),
    }
    return Result([*lines, device_table(builder, _by_place(devices))], data)


def _by_place(devices: Sequence[Device]) -> list[Device]:
    return sorted(devices, key=lambda d: (d.region, d.zone, d.ip, d.device))


def ring_file_state(builder: Builder, path: Path) -> str:
    """How the ring file compares with what the builder would write now."""
    if not path.exists():
        return "not found, probably it hasn't been written yet"
    try:
        ring = load_ring(path)
    except (OSError, RingError) as error:
        return f"is invalid: {error}"
    same = (ring.digest, ring.version) == (builder.ring().digest, builder.version)
    return "is up-to-date" if same else "is obsolete"


@click.command(short_help="Show the devices that match.")
@click.argument("values", metavar="[SEARCH_VALUE]", nargs=-1)
@with_options(SEARCH_OPTIONS)
@click.pass_obj
def search(files: Files, /, values: tuple[str, ...], **options: Any) -> Result:
    """Show the devices that match a search value, or search options.

    A search value is d<id>r<region>z<zone>-<ip>:<port>R<ip>:<port>/<name>_<meta>, any
    parts of it: z1, 10.0.0.5:6200, /sdb1, _shiny.
    """
    if len(values) > 1:
        raise click.UsageError("search takes one search value")
    builder = files.load()
    (wanted,) = criteria(values, options)
    found = wanted.find(builder.known_devices())
    data = {"devices": device_rows(builder, found)}
    if not found:
        return Result(["No matching devices found"], data, ERROR)
    return Result([device_table(builder, found)], data)


@click.command("list_parts", short_help="List the partitions of devices.")
@click.argument("values", metavar="[SEARCH_VALUE]...", nargs=-1)
@with_options(SEARCH_OPTIONS)
@click.pass_obj
def list_parts(files: Files, /, values: tuple[str, ...], **options: Any) -> Result:
    """List the partitions on the matching devices, those with most matches first."""
    builder = files.load()
    if not builder.rows:
        raise Refused("the ring has no assignment yet; run rebalance")
    known = list(builder.known_devices())
    ids = {d.id for c in criteria(values, options) for d in c.find(known)}
    matches: Counter[int] = Counter()
    for row in builder.rows:
        matches.update(part for part, device_id in enumerate(row) if device_id in ids)
    ordered = sorted(matches.items(), key=lambda item: (-item[1], item[0]))
    data = {"partitions": [{"partition": p, "matches": n} for p, n in ordered]}
    if not ordered:
        return Result(["No matching devices found"], data, ERROR)
    lines = [f"{partition:9}   {number:7}" for partition, number in ordered]
    return Result(["Partition   Matches", *lines], data)


@click.command(short_help="Report how well replicas are spread.")
@click.argument("search_filter", required=False)
@click.option("-v", "--verbose", is_flag=True, help="Show every tier")
@click.option("--recalculate", is_flag=True, help="Save the figure in the builder")
@click.pass_obj
def dispersion(
    files: Files, search_filter: str | None, verbose: bool, recalculate: bool
) -> Result:
    r"""Report how well replicas are spread over the failure domains.

    SEARCH_FILTER is a regular expression on the names of tiers: "r\d+z\d+$" shows the
    zones only. In the table, the last columns count partitions by how many replicas
    the tier holds of them; `max` is how many it should.
    """
    builder = files.load()
    if not builder.rows:
        raise Refused("the ring has no assignment yet; run rebalance")
    try:
        pattern = re.compile(search_filter or "")
    except re.error as error:
        raise Refused(f"{search_filter!r} is not a regular expression") from error
    reports = [
        (tier_name(report.tier, builder.devices), report)
        for report in builder.tier_reports()
    ]
    reports = [(name, report) for name, report in reports if pattern.match(name)]
    figure = builder.measure_dispersion()
    if recalculate:
        with files.changing() as saved:
            saved.dispersion = figure
    return _dispersion_result(builder, figure, reports, verbose)


def _dispersion_result(
    builder: Builder,
    figure: float,
    reports: Sequence[tuple[str, TierReport]],
    verbose: bool,
) -> Result:
    required = builder.plan().required_overload
    name, worst = max(
        ((name, report.dispersion) for name, report in reports),
        key=lambda item: item[1],
        default=("", 0.0),
    )
    lines: list[Any] = [
        f"Dispersion is {figure:.6f}, Balance is {builder.balance():.6f}, "
        f"Overload is {builder.overload:.2%}",
        f"Required overload is {required:.6%}",
    ]
    if worst > 0:
        lines.append(f"Worst tier is {worst:.6f} ({name})")
    if verbose:
        lines.append(tier_table(reports))
    data = {
        "dispersion": figure,
        "balance": builder.balance(),
        "overload": builder.overload,
        "required_overload": required,
        "worst_tier": name if worst > 0 else None,
        "worst_dispersion": worst,
        "tiers": [
            {
                "tier": tier,
                "placed": report.placed,
                "dispersion": report.dispersion,
                "max_replicas": report.cap,
                "partitions_by_replicas": report.counts,
            }
            for tier, report in reports
        ],
    }
    return Result(lines, data, WARNING if worst > 0 else SUCCESS)


@click.command(short_help="Tell the builder's format and version.")
@click.pass_obj
def version(files: Files) -> Result:
    """Tell the format and build version of the ring file."""
    data = read_file(files.ring_path)
    ring = decode_ring(data)
    number = format_version_of(data)
    id_bytes = ring.rows[0].itemsize if ring.rows else 2
    return Result(
        [
            f"{files.ring_path}: Serialization version: {number} "
            f"({id_bytes}-byte IDs), build version: {ring.version}"
        ],
        {
            "ring_file": str(files.ring_path),
            "format_version": number,
            "dev_id_bytes": id_bytes,
            "version": ring.version,
            "digest": ring.digest,
        },
    )
