"""``compute alarming``, ``key-manager``, ``orchestration``: rotate rooms' own keys.

Rows of these rooms are sealed with them.  Rotate now and then, on one host; copy the
directory to the others that serve the room before the next rotation.  Running processes
see new keys within seconds.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import click

from compute.cli.settings_file import SETTINGS_FILE, read_settings
from compute.cli.state_owner import become_owner
from compute.settings import Role
from objectstore.cli.mistakes import CannotSay
from objectstore.kernel.errors import RingstackError


def _keys_of(role: Role, service: str, sealed: str) -> click.Group:
    """The commands of one room; ``sealed``: what its keys are for."""

    @click.group(role.value, help=f"The {service}'s own keys.")
    def group() -> None:
        pass

    @group.command(
        "rotate-keys",
        help=f"Make the staged key primary; seal {sealed} with it.",
        short_help="Make the staged key primary, and stage another.",
    )
    @SETTINGS_FILE
    def rotate_keys(settings_file: Path) -> None:
        _rotate(settings_file, role)

    return group


def _rotate(settings_file: Path, role: Role) -> None:
    from compute.app.rooms import ROOMS
    from compute.core.keys.repository import KeyRepository
    from compute.core.keys.resealing import rotate
    from compute.core.keys.sealing import SECRET_KEYS, Vault
    from compute.core.sql.database import Database
    from objectstore.kernel.clock import SystemClock

    settings = read_settings(settings_file)
    become_owner(settings.cloud.state)
    directory = settings.cloud.state / role.value / SECRET_KEYS
    stores = import_module(f"compute.{ROOMS[role.value]}.store").Stores
    database = Database(settings.database_url)
    try:
        vault = Vault(KeyRepository(directory, SystemClock()))
        primary, count = rotate(database, stores(vault).sealed(), vault, directory)
    except (OSError, ValueError, RingstackError) as error:
        raise CannotSay(f"{directory}: {error}") from None
    finally:
        database.close()
    click.echo(f"{directory}: key {primary} is primary now, {count} rows use it")


alarming = _keys_of(Role.ALARMING, "alarm service", "alarms' actions and histories")
key_manager = _keys_of(Role.KEY_MANAGER, "key manager", "all payloads")
orchestration = _keys_of(
    Role.ORCHESTRATION, "orchestration service", "what stacks hold"
)
