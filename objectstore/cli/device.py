"""``objectstore device``: look into a device directory, verify it, rebuild it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import orjson

from objectstore.cli.mistakes import CannotSay
from objectstore.cli.readmit import readmit
from objectstore.cli.show import print_table
from objectstore.kernel.clock import SystemClock
from objectstore.kernel.device import Device, identity_at
from objectstore.kernel.errors import RingstackError
from objectstore.kernel.system_disk import SystemDisk
from objectstore.object.maintenance.verify import verify as verify_store
from objectstore.object.store.options import StoreOptions
from objectstore.object.store.recovery import remove_index
from objectstore.object.store.store import ObjectStore, store_directory
from objectstore.policy.erasure import fragment_space, policy_of_space

_POLICY = re.compile(r"objects(?:-(\d+))?")
_FRAGMENTS = re.compile(r"fragments-(\d+)")

_directory = click.argument(
    "directory", type=click.Path(path_type=Path, exists=True, file_okay=False)
)
_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def device() -> None:
    """Look after one device directory; no server may have it open."""


device.add_command(readmit)


@device.command()
@_directory
@_as_json
def info(directory: Path, as_json: bool) -> None:
    """Say what the device in DIRECTORY holds."""
    with _stores(directory) as (opened, stores):
        found = [_facts(store) for store in stores]
        _print(found, as_json, {"device": opened.identity.hex()})


@device.command(short_help="Read everything in DIRECTORY; say what is damaged.")
@_directory
@_as_json
def verify(directory: Path, as_json: bool) -> None:
    """Read everything in DIRECTORY and report what is damaged or does not fit.

    Exit code 1 when there is any problem.
    """
    with _stores(directory) as (_, stores):
        reports = [(store.policy, verify_store(store)) for store in stores]
    rows = [
        {
            "policy": policy,
            "objects": report.objects,
            "tombstones": report.tombstones,
            "body_files": report.body_files,
            "segments": report.segments,
            "log_bytes": report.log_bytes,
            "problems": [problem._asdict() for problem in report.problems],
        }
        for policy, report in reports
    ]
    _print(rows, as_json, {})
    if any(report.problems for _, report in reports):
        sys.exit(1)


@device.command()
@_directory
@_as_json
def rebuild(directory: Path, as_json: bool) -> None:
    """Make the index of DIRECTORY anew from its log."""
    disk = SystemDisk()
    with _locked(directory) as opened:
        for policy in _policies(directory):
            path = os.path.join(store_directory(opened.path, policy), "index.db")
            remove_index(disk, path)
        rows = []
        for policy in _policies(directory):
            store = _open(opened, policy)
            rows.append(_facts(store))
            store.close()
    _print(rows, as_json, {})


@contextmanager
def _locked(directory: Path) -> Iterator[Device]:
    disk, path = SystemDisk(), str(directory)
    if identity_at(disk, path) is None:
        # Opening would begin one: whoever mistypes a path must not have to clean up.
        raise CannotSay(f"{path}: no device is here")
    try:
        opened = Device.open(disk, path, rooms=("objects",))
    except RingstackError as error:
        raise CannotSay(str(error)) from error
    try:
        yield opened
    except RingstackError as error:
        raise CannotSay(str(error)) from error
    finally:
        opened.close()


@contextmanager
def _stores(directory: Path) -> Iterator[tuple[Device, list[ObjectStore]]]:
    with _locked(directory) as opened:
        stores = [_open(opened, policy) for policy in _policies(directory)]
        try:
            yield opened, stores
        finally:
            for store in stores:
                store.close()


def _open(opened: Device, policy: int) -> ObjectStore:
    # Looking and repairing must also work on a device that is full.
    options = StoreOptions(reserve_bytes=0)
    return ObjectStore.open(opened, policy, SystemClock(), options)


def _policies(directory: Path) -> list[int]:
    """The numbers of its stores: policies, and behind them those of fragments."""
    names = [entry.name for entry in directory.iterdir()]
    objects = [_POLICY.fullmatch(name) for name in names]
    fragments = [_FRAGMENTS.fullmatch(name) for name in names]
    return sorted(int(match.group(1) or 0) for match in objects if match) + sorted(
        fragment_space(int(match.group(1))) for match in fragments if match
    )


def _facts(store: ObjectStore) -> dict[str, Any]:
    counts = {"objects": 0, "tombstones": 0, "bytes": 0}
    for _, held in store.index.ranges.rows():
        if held.state is not None and held.state.exists:
            counts["objects"] += 1
            counts["bytes"] += held.state.size
        elif held.state is not None:
            counts["tombstones"] += 1
    segments = store.journal.segments()
    log_bytes = sum(facts.size for facts in segments)
    live = sum(store.index.live.items.values())
    return {
        "policy": store.policy,
        **counts,
        "segments": len(segments),
        "log_bytes": log_bytes,
        "live_share": round(live / log_bytes, 3) if log_bytes else 1.0,
        "rows_owed": len(store.index.owed.items),
        "quarantined": len(store.index.quarantined.items),
    }


def _title(number: int) -> str:
    policy = policy_of_space(number)
    return f"policy {number}" if policy is None else f"fragments of {policy}"


def _print(rows: list[dict[str, Any]], as_json: bool, more: dict[str, Any]) -> None:
    if as_json:
        text = orjson.dumps({**more, "stores": rows}, option=orjson.OPT_INDENT_2)
        click.echo(text.decode())
        return
    for name, value in more.items():
        click.echo(f"{name}: {value}")
    if not rows:
        click.echo("no objects here")
        return
    lines = [
        (name.replace("_", " "), *(_counted(row[name]) for row in rows))
        for name in rows[0]
        if name != "policy"
    ]
    print_table("", ("", *(_title(row["policy"]) for row in rows)), lines)
    for row in rows:
        for problem in row.get("problems", ()):
            click.echo("{where}: {subject}: {what}".format(**problem))


def _counted(fact: Any) -> Any:
    """Problems are shown below: here it is how many."""
    return len(fact) if isinstance(fact, list) else fact
