"""Rotating the keys that a room's rows are sealed with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from compute.cli.settings_file import read_settings
from compute.cli.state_owner import become_owner
from compute.settings import Role
from objectstore.kernel.errors import RingstackError

if TYPE_CHECKING:
    from compute.core.sealing import Resealed, Vault


def rotate_secret_keys(
    settings_file: Path,
    role: Role,
    sealed_by: Callable[[Vault], Sequence[Resealed]],
) -> None:
    """Make the staged key primary, seal the room's rows with it, and say so."""
    from compute.core.database import Database
    from compute.core.key_repository import KeyRepository
    from compute.core.resealing import rotate
    from compute.core.sealing import SECRET_KEYS, Vault
    from objectstore.kernel.clock import SystemClock

    settings = read_settings(settings_file)
    become_owner(settings.cloud.state)
    directory = settings.cloud.state / role.value / SECRET_KEYS
    database = Database(settings.database_url)
    try:
        vault = Vault(KeyRepository(directory, SystemClock()))
        primary, count = rotate(database, sealed_by(vault), vault, directory)
    except (OSError, ValueError, RingstackError) as error:
        raise click.ClickException(f"{directory}: {error}") from None
    finally:
        database.close()
    click.echo(f"{directory}: key {primary} is primary now, {count} rows use it")
