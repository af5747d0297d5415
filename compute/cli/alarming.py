"""``compute alarming``: rotate the keys that alarms' rows are sealed with.

Run it now and then, on one host; copy the directory to the others that serve alarms
before the next rotation.  Running processes see new keys within seconds.
"""

from __future__ import annotations

from pathlib import Path

import click

from compute.cli.secret_keys import rotate_secret_keys
from compute.cli.settings_file import SETTINGS_FILE
from compute.settings import Role


@click.group()
def alarming() -> None:
    """The alarm service's keys."""


@alarming.command(
    "rotate-keys", short_help="Make the staged key primary, and stage another."
)
@SETTINGS_FILE
def rotate_keys(settings_file: Path) -> None:
    """Make the staged key primary; seal alarms' actions and histories with it."""
    from compute.alarm.store import Stores

    rotate_secret_keys(settings_file, Role.ALARMING, lambda it: Stores(it).sealed())
