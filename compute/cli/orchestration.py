"""``compute orchestration``: rotate the keys that stacks' rows are sealed with.

Run it now and then, on one host; copy the directory to the others that serve
orchestration before the next rotation.  Running processes see new keys within seconds.
"""

from __future__ import annotations

from pathlib import Path

import click

from compute.cli.settings_file import SETTINGS_FILE, read_settings
from compute.settings import Role
from objectstore.kernel.errors import RingstackError


@click.group()
def orchestration() -> None:
    """The orchestration service's keys."""


@orchestration.command("rotate-keys")
@SETTINGS_FILE
def rotate_keys(settings_file: Path) -> None:
    """Make the staged key primary; seal what stacks hold with it."""
    from compute.core import key_repository
    from compute.core.database import Database
    from compute.orchestration.resealing import reseal
    from compute.orchestration.sealing import KEYS_KEPT, SECRET_KEYS, Vault
    from compute.orchestration.store import Stores
    from objectstore.kernel.clock import SystemClock

    settings = read_settings(settings_file)
    directory = settings.cloud.state / Role.ORCHESTRATION.value / SECRET_KEYS
    database = Database(settings.database_url)
    try:
        vault = Vault(key_repository.KeyRepository(directory, SystemClock()))
        stores = Stores(vault)
        # Nothing may need the keys that go: what the last rotation left is done first.
        reseal(database, stores)
        primary = key_repository.rotate_keys(directory, KEYS_KEPT)
        vault.reload()
        count = reseal(database, stores)
    except (OSError, ValueError, RingstackError) as error:
        raise click.ClickException(f"{directory}: {error}") from None
    finally:
        database.close()
    click.echo(f"{directory}: key {primary} is primary now, {count} rows use it")
