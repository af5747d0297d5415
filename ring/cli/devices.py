"""Verbs about devices. They note a wish; `rebalance` then makes it so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from ring.address import normalize_address
from ring.builder import Builder
from ring.cli.files import Files
from ring.cli.result import Result, device_data
from ring.cli.selection import (
    CHANGE_OPTIONS,
    DEVICE_OPTIONS,
    SEARCH_OPTIONS,
    Selected,
    confirm,
    criteria,
    criteria_from_options,
    pairs,
    with_options,
    yes_option,
)
from ring.device import Device
from ring.errors import Refused
from ring.search import (
    REGION_DEFAULT,
    apply_change,
    names_region,
    parse_change,
    parse_new_device,
)

REQUIRED_TO_ADD = ("zone", "ip", "port", "device", "weight")


@click.command(short_help="Add devices.")
@click.argument("values", nargs=-1)
@with_options(DEVICE_OPTIONS)
@yes_option
@click.pass_obj
def add(files: Files, /, values: tuple[str, ...], yes: bool, **options: Any) -> Result:
    """Add devices: pairs of a device and its weight, or one device by options.

    A device is [r<region>]z<zone>-<ip>:<port>[R<ip>:<port>]/<name>[_<meta>].
    """
    new, warnings = _new_devices(values, options)
    with files.changing() as builder:
        added = [builder.add(device) for device in new]
    return Result(
        [f"Device {d} with {d.weight} weight got id {d.id}" for d in added],
        {"added": [device_data(device) for device in added]},
        warnings=warnings,
    )


def _new_devices(
    values: Sequence[str], options: dict[str, Any]
) -> tuple[list[Device], list[str]]:
    """The devices, and what the operator may have overlooked."""
    given = {name: value for name, value in options.items() if value is not None}
    if bool(given) == bool(values):
        raise click.UsageError("give either devices with weights or options")
    return _of_options(given) if given else _of_values(values)


def _of_options(given: dict[str, Any]) -> tuple[list[Device], list[str]]:
    missing = [name for name in REQUIRED_TO_ADD if name not in given]
    if missing:
        raise click.UsageError(f"option --{missing[0]} is needed to add a device")
    for name in ("ip", "replication_ip"):
        if name in given:
            given[name] = normalize_address(given[name])
    texts = [] if "region" in given else [given["device"]]
    device = Device(**{"id": -1, "region": REGION_DEFAULT, **given})
    return [device], _region_warnings(texts)


def _of_values(values: Sequence[str]) -> tuple[list[Device], list[str]]:
    if len(values) % 2:
        raise click.UsageError("devices and weights must come in pairs")
    new = [
        parse_new_device(text, _number(weight, "weight"))
        for text, weight in zip(values[::2], values[1::2], strict=True)
    ]
    return new, _region_warnings([v for v in values[::2] if not names_region(v)])


def _region_warnings(texts: Sequence[str]) -> list[str]:
    return [f"no region given for {text}; it is in region 1" for text in texts]


@click.command(short_help="Mark devices for removal.")
@click.argument("values", nargs=-1)
@with_options(SEARCH_OPTIONS)
@yes_option
@click.pass_obj
def remove(
    files: Files, /, values: tuple[str, ...], yes: bool, **options: Any
) -> Result:
    """Mark devices for removal at the next rebalance.

    This is for devices that failed. To retire a working device, set its weight to 0,
    let it empty over some rebalances, and remove it then.
    """
    with files.changing() as builder:
        known = list(builder.known_devices())
        found = {d.id: d for c in criteria(values, options) for d in c.find(known)}
        question = f"Are you sure you want to remove these {len(found)} devices?"
        confirm(list(found.values()), question, yes)
        for device_id in found:
            builder.remove(device_id)
    return Result(
        [
            f"{device} marked for removal and will be removed next rebalance."
            for device in found.values()
        ],
        {"removing": [device_data(device) for device in found.values()]},
    )


@click.command("set_weight", short_help="Change devices' weights.")
@click.argument("values", nargs=-1)
@with_options(SEARCH_OPTIONS)
@yes_option
@click.pass_obj
def set_weight(
    files: Files, /, values: tuple[str, ...], yes: bool, **options: Any
) -> Result:
    """Change weights: pairs of a search value and a weight, or options and a weight."""

    def change(builder: Builder, device_id: int, argument: str) -> Device:
        return builder.set_weight(device_id, _number(argument, "weight"))

    return _set_each(files, values, options, yes, "weight", change)


@click.command("set_region", short_help="Change devices' regions.")
@click.argument("values", nargs=-1)
@with_options(SEARCH_OPTIONS)
@yes_option
@click.pass_obj
def set_region(
    files: Files, /, values: tuple[str, ...], yes: bool, **options: Any
) -> Result:
    """Change regions: pairs of a search value and a region, or options and a region."""

    def change(builder: Builder, device_id: int, argument: str) -> Device:
        return builder.set_region(device_id, _whole_number(argument, "region"))

    return _set_each(files, values, options, yes, "region", change)


@click.command("set_zone", short_help="Change devices' zones.")
@click.argument("values", nargs=-1)
@with_options(SEARCH_OPTIONS)
@yes_option
@click.pass_obj
def set_zone(
    files: Files, /, values: tuple[str, ...], yes: bool, **options: Any
) -> Result:
    """Change zones: pairs of a search value and a zone, or options and a zone."""

    def change(builder: Builder, device_id: int, argument: str) -> Device:
        return builder.set_zone(device_id, _whole_number(argument, "zone"))

    return _set_each(files, values, options, yes, "zone", change)


def _set_each(
    files: Files,
    values: Sequence[str],
    options: dict[str, Any],
    yes: bool,
    what: str,
    change: Callable[[Builder, int, str], Device],
) -> Result:
    changed = []
    with files.changing() as builder:
        for selected in pairs(values, options, list(builder.known_devices()), what):
            _confirm_change(selected, what, yes)
            for device in selected.devices:
                changed.append(change(builder, device.id, selected.argument))
    return Result(
        [f"{device} {what} set to {getattr(device, what)}" for device in changed],
        {"changed": [device_data(device) for device in changed]},
    )


def _confirm_change(selected: Selected, what: str, yes: bool) -> None:
    count = len(selected.devices)
    question = f"Are you sure you want to update the {what} for these {count} devices?"
    confirm(selected.devices, question, yes)


@click.command("set_info", short_help="Change addresses, names or meta.")
@click.argument("values", nargs=-1)
@with_options(SEARCH_OPTIONS)
@with_options(CHANGE_OPTIONS)
@yes_option
@click.pass_obj
def set_info(
    files: Files, /, values: tuple[str, ...], yes: bool, **options: Any
) -> Result:
    """Change addresses, names or meta: pairs of a search value and a change.

    A change is <ip>:<port>[R<ip>:<port>]/<name>_<meta>, any parts of it; or use the
    search options with the --change options. Placement stays as it is, so write_ring
    is enough to publish the change.
    """
    changes = {
        name.removeprefix("change_"): value
        for name, value in options.items()
        if name.startswith("change_") and value is not None
    }
    searches = {n: v for n, v in options.items() if not n.startswith("change_")}
    lines = []
    changed = []
    with files.changing() as builder:
        known = list(builder.known_devices())
        for selected, change in _info_changes(values, searches, changes, known):
            _confirm_change(selected, "info", yes)
            for before in selected.devices:
                # An earlier pair of this command may have changed the device already.
                after = builder.set_info(
                    apply_change(builder.device(before.id), change)
                )
                changed.append(after)
                lines.append(f"Device {before} is now {after}")
    return Result(lines, {"changed": [device_data(device) for device in changed]})


def _info_changes(
    values: Sequence[str],
    searches: dict[str, Any],
    changes: dict[str, Any],
    known: Sequence[Device],
) -> list[tuple[Selected, dict[str, Any]]]:
    search = criteria_from_options(searches)
    if search is None and not changes:
        selections = pairs(values, searches, known, "change")
        return [(selected, parse_change(selected.argument)) for selected in selections]
    if search is None or not changes or values:
        raise click.UsageError("give search options and --change options, or pairs")
    for name in ("ip", "replication_ip"):
        if name in changes:
            changes[name] = normalize_address(changes[name])
    return [(Selected(search.find(known), ""), changes)]


def _number(text: str, what: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise Refused(f"{what} {text!r} is not a number") from error


def _whole_number(text: str, what: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise Refused(f"{what} {text!r} is not a whole number") from error
