"""``compute database``: bring the tables up to date, copy them, put a copy back."""

from __future__ import annotations

from pathlib import Path

import click

from compute.cli.settings_file import SETTINGS_FILE, read_settings
from objectstore.cli.mistakes import CannotSay
from objectstore.kernel.errors import RingstackError


@click.group()
def database() -> None:
    """The control plane's database."""


@database.command(short_help="Run the migrations that are missing.")
@SETTINGS_FILE
def upgrade(settings_file: Path) -> None:
    """Run the migrations that are missing (every start does this by itself)."""
    from compute.app.rooms import PACKAGES
    from compute.core.sql.database import Database
    from compute.core.sql.migrations import upgrade as migrate

    settings = read_settings(settings_file)
    try:
        opened = Database(settings.database_url)
        migrate(opened, PACKAGES.values())
    except RingstackError as error:
        raise CannotSay(str(error)) from None
    opened.close()
    click.echo("the tables are up to date")


@database.command(short_help="Write a copy of the SQLite database.")
@SETTINGS_FILE
@click.argument("copy", type=click.Path(path_type=Path, dir_okay=False))
def copy(settings_file: Path, copy: Path) -> None:
    """Write a copy of the SQLite database to COPY; the cloud may serve meanwhile.

    The keys that secrets in it are sealed with are not in it.
    """
    from compute.core.sql.sqlite_copy import copy_database

    path = _sqlite_file(settings_file)
    try:
        copy_database(path, copy)
    except RingstackError as error:
        raise CannotSay(str(error)) from None
    click.echo(f"{copy}: {copy.stat().st_size} bytes")


@database.command(short_help="Put a copy in the SQLite database's place.")
@SETTINGS_FILE
@click.argument("copy", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def restore(settings_file: Path, copy: Path) -> None:
    """Put COPY in the place of the SQLite database, while the cloud does not run.

    The database of before is kept beside it, as NAME.before.
    """
    from compute.core.sql.migrations import unknown_migrations
    from compute.core.sql.sqlite_copy import BEFORE, applied_in, replace_database

    path = _sqlite_file(settings_file)
    try:
        if unknown := unknown_migrations(applied_in(copy)):
            names = ", ".join(unknown)
            raise CannotSay(f"{copy} is of a newer release: {names}")
        was_there = path.exists()
        replace_database(copy, path)
    except RingstackError as error:
        raise CannotSay(str(error)) from None
    kept = f"; the one before is {path}{BEFORE}" if was_there else ""
    click.echo(f"{path} is what {copy} was{kept}")


def _sqlite_file(settings_file: Path) -> Path:
    import sqlalchemy as sa

    url = sa.make_url(read_settings(settings_file).database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise CannotSay("the database is a server's: use its own tools (doc/backup.md)")
    return Path(url.database)
