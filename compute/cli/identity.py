"""``compute identity``: rotate the keys that tokens and credentials are made with.

Run it now and then (tokens' keys: not more often than tokens live), on one host; bring
the directory to the others (``ringstack deploy apply`` does).  Running processes see
new keys within seconds.  Root acts as whom the state belongs to.
"""

from __future__ import annotations

from pathlib import Path

import click

from compute.cli.settings_file import SETTINGS_FILE, read_settings
from compute.cli.state_owner import become_owner
from compute.settings import Role
from objectstore.cli.mistakes import CannotSay
from objectstore.kernel.errors import RingstackError


@click.group()
def identity() -> None:
    """The identity service's keys."""


@identity.command("rotate-token-keys", short_help="Make the staged token key primary.")
@SETTINGS_FILE
def rotate_token_keys(settings_file: Path) -> None:
    """Make the staged token key primary and stage another; old ones go."""
    from compute.core.keys.repository import rotate_keys
    from compute.identity.room import TOKEN_KEYS

    settings = read_settings(settings_file)
    become_owner(settings.cloud.state)
    keys_max = settings.rooms[Role.IDENTITY.value].token_keys_max
    directory = settings.cloud.state / Role.IDENTITY.value / TOKEN_KEYS
    try:
        primary = rotate_keys(directory, keys_max)
    except (OSError, ValueError, RingstackError) as error:
        raise CannotSay(f"{directory}: {error}") from None
    click.echo(f"{directory}: key {primary} is primary now")


@identity.command(
    "rotate-credential-keys", short_help="Make the staged credential key primary."
)
@SETTINGS_FILE
def rotate_credential_keys(settings_file: Path) -> None:
    """Make the staged credential key primary; encrypt all credentials with it."""
    from compute.core.keys.repository import KeyRepository, rotate_keys
    from compute.core.sql.database import Database
    from compute.identity.changes.credentials import reseal
    from compute.identity.room import CREDENTIAL_KEYS
    from objectstore.kernel.clock import SystemClock

    settings = read_settings(settings_file)
    become_owner(settings.cloud.state)
    directory = settings.cloud.state / Role.IDENTITY.value / CREDENTIAL_KEYS
    keys_max = settings.rooms[Role.IDENTITY.value].token_keys_max
    database = Database(settings.database_url)
    try:
        keys = KeyRepository(directory, SystemClock())
        # Nothing may need the keys that go: what the last rotation left is done first.
        reseal(database, keys)
        primary = rotate_keys(directory, keys_max)
        keys.reload()
        count = reseal(database, keys)
    except (OSError, ValueError, RingstackError) as error:
        raise CannotSay(f"{directory}: {error}") from None
    finally:
        database.close()
    click.echo(f"{directory}: key {primary} is primary now, {count} credentials use it")
