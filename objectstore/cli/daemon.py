"""``objectstore daemon``: run a daemon once, or run daemons on idle devices.

A device belongs to one process, so its daemons live in the server that has it open.
This command asks that server for a round; when nobody serves the devices it opens
them itself.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from objectstore.cli.mistakes import CannotSay
from objectstore.cli.outside import Outside, load
from objectstore.cli.show import (
    BAD,
    as_json_option,
    bad,
    console,
    print_json,
    print_table,
    size,
)
from objectstore.kernel.errors import RingstackError, Unavailable
from objectstore.settings import StoreSettings

# A whole round of an auditor takes as long as its rate demands.
ROUND_SECONDS_MAX = 24 * 3600.0

_WORDS = {
    "auditor": "Read and verify everything on the devices.",
    "compaction": "Rewrite log segments that are mostly dead.",
    "expirer": "Remove objects whose X-Delete-At has passed.",
    "reaper": "Empty accounts that were deleted.",
    "reconstructor": "Bring, rebuild and drop erasure-coded fragments.",
    "replicator": "Compare all partitions with the other replicas.",
    "updater": "Send owed rows to containers, and counts to accounts.",
}
# What should not be, of what loops count.
_BAD_COUNTERS = frozenset({"problems", "failures"})


@click.group()
def daemon() -> None:
    """Run one daemon: with --once a single round, otherwise until Ctrl-C.

    Servers run all of them by themselves; this is for looking, and for tests.
    """


def _command(name: str, text: str) -> None:
    @daemon.command(name=name, help=text)
    @click.option("--once", is_flag=True, help="One round over everything, then end.")
    @as_json_option
    @click.argument(
        "settings_file", type=click.Path(path_type=Path, exists=True, dir_okay=False)
    )
    def run(once: bool, as_json: bool, settings_file: Path) -> None:
        settings = load(settings_file)
        ran = (
            _once(settings, name) if once else _offline(settings, name, until_told=True)
        )
        _show(ran, as_json)
        sys.exit(1 if any(each["problem"] for each in ran) else 0)


def _once(settings: StoreSettings, name: str) -> list[dict[str, Any]]:
    outside = Outside(settings)
    address = settings.node_address.host, settings.node_address.port
    try:
        answer = outside.ask(
            address, f"/admin/daemon/{name}", "POST", ROUND_SECONDS_MAX
        )
    except Unavailable:
        return _offline(settings, name)
    ran: list[dict[str, Any]] = answer["ran"]
    return ran


def _offline(
    settings: StoreSettings, name: str, *, until_told: bool = False
) -> list[dict[str, Any]]:
    """With the devices opened by this process."""
    # Imported here: only this needs the whole store.
    from objectstore.app.offline import run_round, run_until_told

    # There are no requests whose lines could be logged.
    settings = replace(settings, log=replace(settings.log, access_log_to="none"))
    try:
        return (run_until_told if until_told else run_round)(settings, name)
    except RingstackError as error:
        raise CannotSay(str(error)) from error


def _show(ran: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print_json(ran)
        return
    rows = [
        (
            each["device"],
            each["room"],
            each["loop"],
            bad(each["problem"]) if each["problem"] else "done",
            _counted(each.get("counted", {})),
        )
        for each in ran
    ]
    print_table("", ("device", "room", "loop", "outcome", "counted"), rows)
    if not ran:
        console.print("there is nothing to run it on")


def _counted(counted: Mapping[str, int]) -> Text:
    """What a loop did, "nothing" included."""
    shown = Text()
    for name, count in counted.items():
        text = size(count) if name.startswith("bytes_") else f"{count}"
        is_bad = bool(count) and name in _BAD_COUNTERS
        shown.append(", " if shown else "")
        shown.append(f"{name.replace('_', ' ')} {text}", style=BAD if is_bad else None)
    return shown


for _name, _text in _WORDS.items():
    _command(_name, _text)
