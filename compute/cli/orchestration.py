"""``compute orchestration``: rotate the keys that stacks' rows are sealed with.

Run it now and then, on one host; copy the directory to the others that serve
orchestration before the next rotation.  Running processes see new keys within seconds.
"""

from __future__ import annotations

from pathlib import Path

import click

from compute.cli.secret_keys import rotate_secret_keys
from compute.cli.settings_file import SETTINGS_FILE
from compute.settings import Role


@click.group()
def orchestration() -> None:
    """The orchestration service's keys."""


@orchestration.command("rotate-keys")
@SETTINGS_FILE
def rotate_keys(settings_file: Path) -> None:
    """Make the staged key primary; seal what stacks hold with it."""
    from compute.orchestration.store import Stores

    rotate_secret_keys(
        settings_file, Role.ORCHESTRATION, lambda it: Stores(it).sealed()
    )
