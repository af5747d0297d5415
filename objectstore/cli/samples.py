"""``objectstore settings``: sample settings files, made from the definitions."""

from __future__ import annotations

from pathlib import Path

import click

from objectstore.kernel.settings import BadSettings, render_sample
from objectstore.settings import (
    SERVER_SECTIONS,
    ClusterSettings,
    PolicySettings,
    load_settings,
)


@click.group()
def settings() -> None:
    """Show every setting with its default, or check a settings file."""


@settings.command()
@click.argument("what", type=click.Choice(["server", "cluster"]))
def sample(what: str) -> None:
    """Print a sample file."""
    if what == "server":
        parts = [render_sample(name, kind) for name, kind in SERVER_SECTIONS]
        click.echo("\n".join(parts), nl=False)
    else:
        click.echo(render_sample("cluster", ClusterSettings))
        click.echo(render_sample("storage-policy:0", PolicySettings), nl=False)


@settings.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def check(file: Path) -> None:
    """Read FILE and its cluster file; exit 2 and list every mistake if there are."""
    try:
        load_settings(file.absolute())
    except BadSettings as error:
        click.echo(str(error), err=True)
        raise click.exceptions.Exit(2) from None
    click.echo("no mistakes")
