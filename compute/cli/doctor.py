"""``compute doctor``: list, and remove, what nobody owns."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import orjson

from compute.app.doctor.finding import Finding
from compute.cli.settings_file import SETTINGS_FILE, read_settings
from objectstore.cli.mistakes import CannotSay
from objectstore.cli.show import console, print_table
from objectstore.kernel.errors import RingstackError


@click.command()
@SETTINGS_FILE
@click.option("--repair", is_flag=True, help="Remove what is found.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(settings_file: Path, repair: bool, as_json: bool) -> None:
    """Look for guests, disks, taps, addresses and objects that nobody owns.

    SETTINGS_FILE is that of a running cloud, on the host to be looked at.  Exit status:
    0 when there is nothing, or all of it was removed; 1 when something is left; 2 when
    that could not be found out.
    """
    from compute.app.doctor.doctor import Doctor

    settings = read_settings(settings_file)
    try:
        examined = Doctor(settings)
        found = list(examined.findings())
        failed = _repair(found) if repair else {}
        notes = list(examined.notes())
        examined.close()
    except RingstackError as error:
        raise CannotSay(str(error)) from None
    if as_json:
        values = [
            {**_plain(each), "problem": failed.get(position, "")}
            for position, each in enumerate(found)
        ]
        click.echo(orjson.dumps(values))
    else:
        _show(found, failed, repair=repair)
        for note in notes:
            click.echo(note)
    sys.exit(1 if (failed if repair else found) else 0)


def _repair(found: list[Finding]) -> dict[int, str]:
    """By position: why something could not be removed."""
    failed = {}
    for position, finding in enumerate(found):
        try:
            finding.repair()
        except RingstackError as error:
            failed[position] = str(error)
    return failed


def _plain(finding: Finding) -> dict[str, str]:
    return {
        "place": finding.place,
        "name": finding.name,
        "detail": finding.detail,
    }


def _show(found: list[Finding], failed: dict[int, str], *, repair: bool) -> None:
    if not found:
        console.print("nothing is left behind")
        return
    rows = [
        (
            finding.place,
            finding.name,
            finding.detail,
            failed.get(position, "removed") if repair else "",
        )
        for position, finding in enumerate(found)
    ]
    columns = ("where", "what", "detail", "outcome" if repair else "")
    print_table("", columns, rows)
    if not repair:
        console.print("compute doctor --repair removes them")
