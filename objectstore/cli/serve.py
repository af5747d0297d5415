"""``objectstore serve``: run a server in the foreground."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import click

from objectstore.kernel.process import die_with_parent
from objectstore.kernel.settings import BadSettings
from objectstore.settings import Role, StoreSettings, load_settings


@click.command()
@click.argument(
    "settings_file", type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.option(
    "--role",
    "roles",
    multiple=True,
    type=click.Choice([role.value for role in Role]),
    help="Play only this role (several times: these), whatever the file says.",
)
@click.option(
    "--parent", type=int, hidden=True, help="End when the parent, this process, does."
)
def serve(settings_file: Path, roles: tuple[str, ...], parent: int | None) -> None:
    """Serve what SETTINGS_FILE says until SIGTERM or Ctrl-C.

    SIGHUP reloads: workers are replaced, one after the other, by new ones that
    read the file as it is then.  Only the number of workers stays.
    """
    # Imported here: only this command needs the whole store.
    from objectstore.app import run

    if parent is not None:
        die_with_parent(parent)

    def read() -> StoreSettings:
        settings = load_settings(settings_file.absolute())
        if not roles:
            return settings
        chosen = tuple(Role(role) for role in roles)
        server = dataclasses.replace(settings.server, roles=chosen)
        return dataclasses.replace(settings, server=server)

    try:
        sys.exit(run(read(), read))
    except BadSettings as error:
        click.echo(f"objectstore serve: the settings have mistakes:\n{error}", err=True)
        sys.exit(2)
