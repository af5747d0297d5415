"""``compute database``: bring the tables up to date without serving."""

from __future__ import annotations

from pathlib import Path

import click

from compute.settings import load_cloud_settings
from objectstore.kernel.errors import RingstackError
from objectstore.kernel.settings import BadSettings


@click.group()
def database() -> None:
    """The control plane's database."""


@database.command()
@click.argument(
    "settings_file", type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
def upgrade(settings_file: Path) -> None:
    """Run the migrations that are missing (every start does this by itself)."""
    from compute.app.rooms import PACKAGES, SETTINGS
    from compute.core.database import Database
    from compute.core.migrations import upgrade as migrate

    try:
        settings = load_cloud_settings(settings_file.absolute(), SETTINGS)
        opened = Database(settings.database_url)
        migrate(opened, PACKAGES.values())
    except (BadSettings, RingstackError) as error:
        raise click.ClickException(str(error)) from None
    opened.close()
    click.echo("the tables are up to date")
