"""``objectstore replicate --once``: one round of replication of stopped devices."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path

import click
import orjson
from rich.console import Console
from rich.table import Table

from objectstore.kernel.errors import RingstackError
from objectstore.kernel.settings import BadSettings
from objectstore.replication.status import ReplicationStatus
from objectstore.settings import load_settings

# Short headings: eight columns on a terminal of 80 characters.
_SHOWN = {
    "differed": "partitions_differing",
    "sent": "keys_sent",
    "got": "keys_received",
    "dropped": "keys_forgotten",
    "B sent": "bytes_sent",
    "B got": "bytes_received",
    "failed": "failures",
}


@click.command()
@click.argument(
    "settings_file", type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.option("--once", is_flag=True, required=True, help="Run one round, then end.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def replicate(settings_file: Path, once: bool, as_json: bool) -> None:
    """Level this machine's devices with their peers, once.

    For devices whose server is stopped: a server replicates by itself, and owns its
    devices.  Servers of other machines should run.  Exit code 1 when a peer did not
    answer or a key could not be levelled, 2 when a device cannot be opened.
    """
    # Imported here: only this needs the whole store.
    from objectstore.app.daemons import run_once
    from objectstore.app.standalone import standalone_devices

    assert once
    try:
        settings = load_settings(settings_file.absolute())
        with standalone_devices(settings) as devices:
            run_once("replicator", devices)
            rooms = [room for device in devices for room in device.rooms]
            found = [room.status for room in rooms]
    except BadSettings as error:
        click.echo(f"the settings have mistakes:\n{error}", err=True)
        sys.exit(2)
    except RingstackError as error:
        click.echo(
            f"{error}\nIs its server running?  A server replicates by itself.", err=True
        )
        sys.exit(2)
    _print(found, as_json)
    sys.exit(1 if any(status.failures for status in found) else 0)


def _print(found: Sequence[ReplicationStatus], as_json: bool) -> None:
    if as_json:
        values = [dataclasses.asdict(status) for status in found]
        click.echo(orjson.dumps(values, option=orjson.OPT_INDENT_2).decode())
        return
    table = Table("device", "kind", *_SHOWN, box=None)
    for status in found:
        kind = f"{status.kind} {status.policy}" if status.policy else status.kind
        counts = (f"{getattr(status, name):,}" for name in _SHOWN.values())
        table.add_row(status.device, kind, *counts)
    Console().print(table)
