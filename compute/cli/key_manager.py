"""``compute key-manager``: rotate the keys that payloads are sealed with.

Run it now and then, on one host; copy the directory to the others that serve secrets
before the next rotation.  Running processes see new keys within seconds.
"""

from __future__ import annotations

from pathlib import Path

import click

from compute.cli.secret_keys import rotate_secret_keys
from compute.cli.settings_file import SETTINGS_FILE
from compute.settings import Role


@click.group()
def key_manager() -> None:
    """The key manager's own keys."""


@key_manager.command("rotate-keys")
@SETTINGS_FILE
def rotate_keys(settings_file: Path) -> None:
    """Make the staged key primary; seal all payloads with it."""
    from compute.secret.store import Stores

    rotate_secret_keys(settings_file, Role.KEY_MANAGER, lambda it: Stores(it).sealed())
